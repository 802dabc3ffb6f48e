// Bodies of requests and answers from one endpoint's words into another's.
//
// Pure. Requests translate only within one operation (chat, embedding, moderation). What the other
// side cannot say is refused with code dialect.untranslatable and where.field naming the member
// ("messages[2].content[0].input_audio"); nothing is dropped silently except members without effect
// on the answer (user, metadata, store, prompt_cache_key and their like), which are listed in
// docs/translation.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/endpoint.h"
#include "model/usage.h"
#include "wire/json.h"

namespace twolane::dialect {

// What intake needs to know of a request body, read without building a tree (simdjson).
struct BodyFacts {
  std::string_view model;     // as written, empty when absent; views into `body` (a name that was
                              // written with escapes lives as long as the thread)
  int64_t output_limit = -1;  // tokens, -1 when the body sets none; times n / candidateCount; 0
                              // where there is no output to limit (embeddings, moderations)
  int64_t choices = 1;        // n / candidateCount
  uint64_t fingerprint = 0;   // of all parameters: everything but the text, images and user ids
  int64_t input_bound =
      0;  // tokens: no more than this, by bytes; images and files by their maximum
};

// Checks a body against the rules of a batch (no stream, no speed, no max_tokens 0, no background,
// required members, types) and reads its facts. Earlier turns that lie at the provider
// (previous_response_id, conversation) pass here and are refused by translation. Errors:
// input.field with where.field relative to the body ("stream", "messages[3].role"), wire.json with
// its column.
Result<BodyFacts> check_body(Endpoint endpoint, std::string_view body);

// The body as endpoint `to` at `model` wants it. With to == from only the model's name is replaced,
// byte for byte otherwise.
Result<std::string> translate_request(Endpoint from, std::string_view body, Endpoint to,
                                      std::string_view model);

// The same for an embeddings request with several texts at a provider of embedContent: the body of its
// batchEmbedContents, which live calls have and batches have not. Nothing where `body` has one text.
Result<std::optional<std::string>> translate_embedding_list(std::string_view body, std::string_view model);

// What an answer says of itself beside its content.
struct Served {
  Usage usage;
  ServiceTier tier = ServiceTier::standard;
  bool tier_said = false;   // the body named the tier
  std::string response_id;  // empty when the body has none
  std::string model;        // as served
  bool failed = false;      // a Responses object can say inside a good reply that it failed
};

// The answer body of endpoint `from`, in the words of endpoint `to`. With to == from it is returned
// unchanged. `model` is shown where the answer names none. `asked` is the request's body in the
// words of `to`, for what only a request says about the form of its answer (encoding_format); it
// may be empty. `served`: what read_served() gave of the same body, where the caller has it already.
// Errors: dialect.no_answer, dialect.failed_answer.
Result<std::string> translate_answer(Endpoint from, std::string_view body, Endpoint to,
                                     std::string_view model, std::string_view asked = {},
                                     const Served* served = nullptr);

// Usage and served tier of an answer body. Error: dialect.no_usage.
Result<Served> read_served(Endpoint endpoint, std::string_view body);
// The same for an answer of which nobody knows the endpoint, as in logs: the members of its usage tell
// the form. Bedrock's Converse and Cohere's chat are read by this only.
Result<Served> read_served_of_any_form(std::string_view body);
// The same from a recorded SSE stream of a chat endpoint: the assembled answer body. Errors:
// dialect.stream_cut, dialect.stream_error, dialect.line, wire.sse.
Result<std::string> assemble_stream(Endpoint endpoint, std::string_view sse);

// The answer's plain text (first choice), for row outputs; empty if there is none. For embeddings
// the vector as a JSON array.
std::string answer_text(Endpoint endpoint, std::string_view body);

// A request body for one row: what `run --prompt` builds. `schema` is null or a JSON schema.
std::string request_from_prompt(Endpoint endpoint, std::string_view model, std::string_view system,
                                std::string_view prompt, const wire::Json& schema,
                                int64_t output_limit);

}  // namespace twolane::dialect
