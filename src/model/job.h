// A job and everything the store keeps of it: shapes, requests, provider batches, attempts, totals.
//
// These are plain values. Units: Time and Duration in ms, money in PicoUsd, sizes in bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/states.h"
#include "model/usage.h"

namespace twolane {

// Where bytes lie: `length` bytes from `offset` of a payload segment.
struct Slice {
  SegmentId segment;
  int64_t offset = 0;
  int64_t length = 0;
  bool operator==(const Slice&) const = default;
};

// A model at a provider: "openai/gpt-5.4-mini".
struct Target {
  std::string provider;
  std::string model;
  bool operator==(const Target&) const = default;
};

// How the lines of an input are written.
enum class InputFormat : uint8_t {
  openai_jsonl,     // {"custom_id","method","url","body"}
  anthropic_jsonl,  // {"custom_id","params"}, a line each
  anthropic_json,   // {"requests":[{"custom_id","params"},...]}
  gemini_jsonl,     // {"key","request"}
  csv_rows,
  jsonl_rows,
};

// Requests of one job that differ only in their text: same endpoint, same model, same parameters.
// One of each is tried before many are bought.
struct Shape {
  int32_t number = 0;  // within the job, from 0
  Endpoint endpoint = Endpoint::chat_completions;
  std::vector<Target> targets;  // where it may run, in order of preference; never empty
  uint64_t fingerprint = 0;     // of endpoint, targets and parameters
  int64_t requests = 0;
  int32_t steps_after = 0;  // of the longest chain of the job's requests that wait for one of these
  enum class Proof : uint8_t { untried, proven, refused } proof = Proof::untried;
  std::string refusal;  // the provider's words, when refused
};

enum class JobState : uint8_t { running, paused, done, cancelling, cancelled };

// Sums that change in the transaction that commits what they count.
// Invariant, tested by recomputing them from the rows: the counts of requests sum to the requests, and
// cost = kept + paid_twice + storage, where kept are the costs of answered attempts.
struct Totals {
  std::array<int64_t, request_state_count> requests{};  // by RequestState

  struct Lane {
    int64_t requests = 0;  // answers kept
    PicoUsd cost;          // booked for them
    PicoUsd list;          // the same tokens at the standard tier
    bool operator==(const Lane&) const = default;
  };
  std::array<Lane, 5> lanes{};  // by the ServiceTier that served

  int64_t promoted = 0;  // requests answered by a faster tier because of the deadline
  int64_t late = 0;      // answers that came after the deadline
  int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0;  // of the answers kept
  PicoUsd cost;         // everything booked
  PicoUsd paid_twice;   // booked for attempts whose answer was not kept
  int64_t paid_twice_attempts = 0;
  PicoUsd storage;      // booked for cached contents (model/cached_content.h), not for any attempt
  PicoUsd reserved;     // upper bound of attempts that are running, and of contents that are kept
  PicoUsd unconfirmed;  // upper bound of attempts and contents nobody heard the end of
  int64_t unconfirmed_attempts = 0;  // both

  int64_t of(RequestState s) const { return requests[static_cast<size_t>(s)]; }
  int64_t unfinished() const {
    return of(RequestState::waiting) + of(RequestState::open) + of(RequestState::batched) +
           of(RequestState::live);
  }
  bool operator==(const Totals&) const = default;
};

struct Job {
  JobId id;
  std::string input_name;  // as the user wrote it
  std::string world;       // which providers: accounts, or a simulator's id
  InputFormat format = InputFormat::openai_jsonl;
  std::string options;     // JSON: what decides the content (prompt, system, schema, models, columns)
  SegmentId input;         // the input's bytes, verbatim
  int64_t requests = 0;
  Time accepted;
  Time deadline;
  bool kept = false;       // promoted when it must be; otherwise best effort, never above batch price
  std::optional<PicoUsd> cap;
  JobState state = JobState::running;
  Time finished;           // 0 while unfinished
  Time last_answer;        // 0 before the first
  std::string trouble;     // JSON of the Error that holds the job, empty when nothing does
  Totals totals;
};

// One request as the packer needs it.
struct RequestRow {
  JobId job;
  int64_t index = 0;  // place in the input, from 0
  int64_t offset = 0, length = 0;  // in the job's input segment
  int64_t line = 0;   // 1-based line in the input file
  int32_t shape = 0;
  RequestState state = RequestState::open;
  int32_t tries = 0;  // retryable failures so far; expiry does not count
  int64_t input_bound = 0;   // tokens: no tokenizer yields more
  int64_t output_bound = 0;  // tokens: the request's own limit, or the assumed one
};

// A provider batch, or a wave of synchronous calls (tier other than batch) committed together.
struct Batch {
  BatchId id;
  std::string provider;
  std::string account;   // fingerprint of the account that submitted it; empty until known
  std::string model;     // as the provider calls it; empty where one batch mixes models
  Endpoint endpoint = Endpoint::chat_completions;  // as the provider is called
  ServiceTier tier = ServiceTier::batch;
  bool promotion = false;  // a wave that was sent because of the deadline
  bool probe = false;      // a wave that tries a shape, or a sample
  BatchState state = BatchState::planned;
  Time cancel_asked;         // 0: no cancel was asked for
  bool settled_some = false; // results were seen: its custom_ids are ours
  int64_t requests = 0;
  int64_t bytes = 0;
  int64_t tokens = 0;        // estimated prompt tokens, for enqueued-token quotas
  Time created;              // when it was planned
  Time sent;                 // when the create call was committed; 0 before
  Time ended;                // terminal at the provider
  std::string upload;        // file id of the input at the provider
  std::string provider_id;
  std::string outputs;       // JSON: where the provider says the results are
  std::string said;          // the provider's last word for its state
  int64_t said_done = -1;    // the provider's own count, never believed over lines
  Time looked;               // last poll
  int32_t tries = 0;         // refusals and failed collections so far
  std::string trouble;       // last refusal, for people

  bool cancelling() const { return cancel_asked.ms != 0; }
};

struct AttemptKey {
  BatchId batch;
  int32_t position = 0;
  bool operator==(const AttemptKey&) const = default;
};

// One placement, and at the same time one line of the ledger.
struct Attempt {
  AttemptKey key;
  JobId job;
  int64_t index = 0;
  AttemptState state = AttemptState::running;
  PicoUsd reserve;          // upper bound of its charge
  std::string response_id;  // joins with the provider's own records
  ServiceTier served = ServiceTier::batch;
  bool charged = false;     // `usage`, `cost` and `list` hold
  Usage usage;
  PicoUsd cost;
  PicoUsd list;
  int32_t http_status = 0;
  std::string error;        // JSON of the provider's error, empty for answers
  Slice result;             // the provider's own line or body, verbatim
  Time at;                  // when its outcome was committed
};

// Whether the provider may have billed an amount that nobody told us: the attempt was not heard of, or
// it was answered without a usage. Its reserve is then the upper bound.
constexpr bool is_unconfirmed(AttemptState state, bool charged, PicoUsd reserve) {
  if (state == AttemptState::unconfirmed) return true;
  const bool answered = state == AttemptState::answered || state == AttemptState::surplus;
  return answered && !charged && reserve.n > 0;
}

}  // namespace twolane
