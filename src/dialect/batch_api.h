// The batch APIs of the providers: which call comes next, and what an answer to it means.
//
// Pure: calls are built and replies are read here, sent elsewhere. One BatchApi value for each
// dialect; they differ in data and functions, not in protocol: upload* -> create -> poll* -> collect*
// -> clean up. Every reader accepts all spellings that the contracts list and never takes a state it
// does not know for an end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/job.h"
#include "wire/http.h"

namespace twolane::dialect {

// Where and as whom to call. `base_url` has no trailing slash ("https://api.openai.com/v1").
struct Access {
  std::string base_url;
  std::string key;
};

// A batch to be created. `token` is our name for it: 1..32 characters of [a-z0-9].
struct BatchSpec {
  std::string token;
  Endpoint endpoint = Endpoint::chat_completions;
  std::string model;
  int64_t requests = 0;
};

// What a refusal (any reply that is not a success) means for the caller.
enum class Verdict : uint8_t {
  invalid,      // the request itself is wrong: repeating it is useless
  account,      // 401/403: this key may not
  missing,      // 404: unknown to this key
  no_credit,    // money must be added first: never retried in a loop
  throttled,    // too fast; retry_after if the provider said so
  quota_full,   // enqueued-token quota: wait until batches end; `limit` if the provider said it
  no_capacity,  // flex has none just now: not billed
  unavailable,  // 5xx, 408, 409, 529, unreadable: perhaps acted upon
};
struct Refusal {
  Verdict verdict = Verdict::unavailable;
  std::string code;     // the provider's own code or status
  std::string message;  // the provider's own words, unescaped, at most 500 bytes
  std::optional<Duration> retry_after;
  int64_t limit = 0;    // enqueued tokens
  int64_t line = 0;     // of a batch refused whole: its first faulty line, 1-based, 0 if not said
  std::string json;     // the provider's error object, for outputs
};

// Progress of an upload. Empty means not begun; file_id set means finished.
struct Upload {
  std::string session;  // Gemini's resumable upload url
  std::string file_id;
};

// Where results lie: to be fetched by collect_call, in this order.
struct Output {
  enum class Kind : uint8_t { file, error_file, results_url, in_poll } kind = Kind::file;
  std::string where;  // file id or url; empty for in_poll
};

struct Polled {
  enum class Phase : uint8_t {
    waiting,  // accepted, validating, queued
    running,
    finishing,  // done with the work, results not there yet
    ended,      // terminal, results may exist
    failed,     // terminal and never ran: `refusal` says why
    unknown,    // a word we do not know: keep polling
  } phase = Phase::unknown;
  std::string said;             // the provider's word
  std::vector<Output> outputs;  // known only when ended; an ended batch may lack some for a while
  int64_t total = -1, done = -1;  // the provider's counts, -1 where it gives none
  bool cancelled = false, expired = false;  // of an ended batch: why it ended early
  Refusal refusal;
};

struct Listed {
  struct Entry {
    std::string provider_id;
    std::string token;     // ours, or empty
    int64_t requests = -1;
    Time created;
  };
  std::vector<Entry> batches;  // newest first where the provider says so
  std::string next;            // cursor of the next page, empty at the end
};

// One result, from a line of a file or from an inline answer.
struct ResultLine {
  std::string custom_id;
  enum class Kind : uint8_t {
    answer,     // a good answer: body, usage
    error,      // the request failed: refusal; charged if the provider reported usage
    expired,    // never run: not billed
    cancelled,  // never run: not billed
  } kind = Kind::error;
  int http_status = 0;
  std::string_view body;  // the answer body or the error object, a view into the line
  std::string response_id;
  bool charged = false;
  Usage usage;
  Refusal refusal;
};

// The custom_id of position n of batch `token`: matches ^[a-zA-Z0-9_-]{1,64}$.
std::string custom_id_of(std::string_view token, int32_t position);
struct CustomId {
  std::string_view token;
  int32_t position = 0;
};
std::optional<CustomId> parse_custom_id(std::string_view custom_id);

struct BatchApi {
  // Appends one request of a batch to `out`. File providers get a line ended by '\n'; Anthropic and
  // inline Gemini get array elements, with a comma before all but the first.
  void (*append_request)(std::string& out, const BatchSpec& spec, std::string_view custom_id,
                         std::string_view body, bool inline_form, bool first);
  // What comes before and after the requests in an inline create body.
  std::string (*inline_head)(const BatchSpec& spec);
  std::string (*inline_tail)(const BatchSpec& spec);

  // Null where requests never travel as a file. Called until file_id is set.
  wire::HttpCall (*upload_call)(const Access&, const BatchSpec&, const Upload&, wire::Body lines);
  Result<Upload> (*read_upload)(const Upload& before, const wire::HttpReply&);

  // With an empty file_id `requests` is the whole inline body (head, requests, tail).
  wire::HttpCall (*create_call)(const Access&, const BatchSpec&, std::string_view file_id,
                                wire::Body requests);
  // The provider's id. Only for 2xx replies; an error here means the reply was unreadable.
  Result<std::string> (*read_created)(const wire::HttpReply&);

  wire::HttpCall (*poll_call)(const Access&, const BatchSpec&, std::string_view provider_id);
  Result<Polled> (*read_polled)(const wire::HttpReply&);

  wire::HttpCall (*list_call)(const Access&, const BatchSpec&, std::string_view cursor);
  Result<Listed> (*read_listed)(const wire::HttpReply&);

  wire::HttpCall (*cancel_call)(const Access&, const BatchSpec&, std::string_view provider_id);

  // The caller sets `sink`. For in_poll the reply is the poll's, see split_inline.
  wire::HttpCall (*collect_call)(const Access&, const BatchSpec&, std::string_view provider_id,
                                 const Output&);
  // Inline results of a poll reply as lines, in the same form as a results file.
  Result<std::string> (*split_inline)(std::string_view poll_reply);
  // One line without its '\n'. Error dialect.line: corrupt or cut off; skip it and keep the rest.
  Result<ResultLine> (*read_line)(Endpoint endpoint, std::string_view line);

  // Deletes what the provider still holds (input file, output files, the batch), each by one call.
  std::vector<wire::HttpCall> (*cleanup_calls)(const Access&, const BatchSpec&, std::string_view file_id,
                                               std::string_view provider_id,
                                               const std::vector<Output>& outputs);

  // A synchronous call on `tier`, and what its 2xx reply holds (http_status, body, usage, response_id).
  wire::HttpCall (*live_call)(const Access&, Endpoint endpoint, std::string_view model,
                              std::string_view body, ServiceTier tier);
  // The tier that was served, from header or body.
  Result<ServiceTier> (*read_tier)(Endpoint endpoint, const wire::HttpReply&, std::string_view body);

  Refusal (*read_refusal)(const wire::HttpReply&);
  // What identifies the account in a reply (an organisation header), or empty.
  std::string (*read_account)(const wire::HttpReply&);
};

const BatchApi& batch_api(Dialect dialect);

// One line of a job's output in the input's dialect, ended by '\n'.
struct OutputLine {
  std::string_view custom_id;
  RequestState state = RequestState::failed;
  int http_status = 0;
  std::string_view request_id;  // response id at the provider, may be empty
  std::string_view body;        // succeeded: the answer in the input's words
  std::string_view error_json;  // otherwise: {"code","message",...} or a provider's error object
};
void append_output_line(std::string& out, Dialect dialect, const OutputLine& line);

}  // namespace twolane::dialect
