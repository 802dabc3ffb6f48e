// One call to a model as a log tells it, in no log's words: what all readers give and all findings read.
//
// Plain values. Texts and spans are views into the reader's buffers: valid until the sink returns, empty
// where the log does not say. Numbers that the log does not hold are absent, never zero. Buckets (sums that
// a provider exports) are not calls and are never spread into invented ones.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/money.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/usage.h"

namespace twolane::audit {

// What kind of log a record came from (../shared/contracts/log_formats.md, and the public traces).
enum class Format : uint8_t {
  litellm_spend,      // LiteLLM_SpendLogs
  litellm_payload,    // LiteLLM StandardLoggingPayload
  helicone,
  langfuse,
  otel_genai,         // OTLP JSON
  openai_usage,       // buckets
  openai_costs,       // buckets
  anthropic_usage,    // buckets
  anthropic_cost,     // buckets
  portkey,
  openrouter,
  bedrock,
  azure_diagnostics,  // no tokens
  batch_input,        // OpenAI batch JSONL: the requests
  batch_output,       // OpenAI batch JSONL: the answers
  twolane_access,     // the access log of `twolane serve`
  columns,            // CSV or JSONL with --columns
  azure_trace,        // public traces from here on
  mooncake,
  ragpulse,
  ragpulse_lengths,   // tokens of the pieces that ragpulse's rows name: no calls
  servegen,           // buckets
  vidur,              // no times
};
inline constexpr int format_count = 23;
std::string_view name_of(Format f);

// A piece of a prompt. `chain` names the whole text from the prompt's beginning to the end of this piece:
// two calls share a prefix up to the last piece whose chains are equal.
struct PrefixBlock {
  uint64_t chain = 0;
  int32_t tokens = 0;  // of this piece alone
};

enum class Outcome : uint8_t { unknown, succeeded, failed, disconnected };  // disconnected: by the client

struct Call {
  Format format = Format::columns;

  // When. Without `start` the log holds no times. In a trace whose clock begins at zero, `start` counts
  // from 1970 and only differences mean something (hours and weekdays do not).
  std::optional<Time> start;
  bool clock_from_zero = false;
  std::optional<Duration> latency;      // from the start to the end of the answer
  std::optional<Duration> first_token;  // from the start; of streams

  // Who. As logged: names, ids or hashes.
  std::string_view key;            // of the API, as its hash or name
  std::string_view user;           // end user where there is one, else the internal user
  std::string_view team;           // team, project or workspace
  std::string_view route;          // application, service, alias of the model, name of the operation
  std::string_view user_agent;
  std::string_view tags;           // as logged: JSON or text
  std::string_view prompt_name;    // of a prompt that the log knows by name
  uint64_t prompt_family = 0;      // hash of the instructions (system prompt); 0: no body
  uint64_t prompt = 0;             // hash of the whole prompt, equal for a repeated request; 0: no body
  uint64_t answer = 0;             // hash of the answer's text; 0: no body, or no text
  uint64_t answer_before = 0;      // hash of the last answer that the prompt quotes, comparable with `answer`

  // What.
  std::string_view model;     // as logged; the answer's where both are
  std::string_view provider;  // as logged; may be empty
  std::optional<Endpoint> endpoint;
  std::optional<bool> streaming;
  std::optional<int64_t> output_limit;  // max_tokens of the request
  Outcome outcome = Outcome::unknown;
  std::optional<int> http_status;
  bool gateway_cached = false;  // answered by the gateway's own cache: the provider was not asked

  // What it cost.
  std::optional<ServiceTier> tier;  // served; of a batch: batch
  std::optional<Usage> usage;       // the disjoint counts, by the rule of the format
  bool usage_estimated = false;     // by bytes, not counted by the provider
  bool cache_known = false;         // the log says how many were cached; else all input stands as fresh
  std::optional<PicoUsd> cost;      // as logged, brought to USD; cents where the format has cents
  int64_t retries = 0;              // that the log counts within this record

  // Names that join records. Values are only comparable within one kind of name.
  std::string_view request_id;   // of this record
  std::string_view response_id;  // the provider's
  std::string_view trace;        // one task: retries, fallbacks and steps share it
  std::string_view session;      // one conversation
  std::string_view span, parent; // the tree within a trace
  std::string_view previous_response;  // the response_id that this call continues

  // The prompt in pieces, from its beginning. Empty where the log has neither bodies nor hashes.
  std::span<const PrefixBlock> prefix;
  bool prefix_estimated = false;  // tokens of the pieces by bytes, scaled to the logged input
};

// A sum over a span of time, as a provider's usage or cost export gives it. A bucket without usage may be
// missing rather than zero, and widths differ within one export.
struct Bucket {
  Format format = Format::openai_usage;
  Time start;
  Duration width;
  bool clock_from_zero = false;
  std::string_view key, user, team;   // ids, where the export was grouped by them
  std::string_view model;             // empty: not grouped by model
  std::string_view line_item;         // of cost exports
  std::optional<ServiceTier> tier;    // empty: not grouped by it
  bool long_context = false;          // Anthropic: context_window above 200k
  std::optional<int64_t> requests;    // Anthropic's exports hold none
  std::optional<Usage> usage;
  std::optional<PicoUsd> cost;        // exact
};

}  // namespace twolane::audit
