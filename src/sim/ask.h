// What one request asks for, read from any of the wire formats, with what the provider would
// refuse.
//
// Views point into the JSON parser's buffer: they live until it parses the next text. An Ask is
// reused from line to line so that reading a million requests allocates nothing.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/endpoint.h"
#include "sim/rates.h"

namespace twolane::sim {

// The provider's No to one request, in terms of its own error body.
struct Refusal {
  int status = 400;
  std::string type;  // OpenAI and Anthropic: error.type; Gemini: the status word
  std::string message;
  std::string param;  // OpenAI only; empty: null
  std::string code;   // OpenAI only; empty: null
};

struct Ask {
  Endpoint endpoint = Endpoint::chat_completions;
  std::string_view model_name;
  const Model* model = nullptr;
  std::optional<Refusal> refusal;

  // The prompt.
  std::vector<std::string_view> texts;  // every text in order; system first
  std::string_view system, user;        // the first system text, the last user text
  int64_t text_bytes = 0;
  int64_t messages = 0;
  int64_t other_tokens = 0;   // images, files, tool and schema definitions
  int64_t input_tokens = 0;   // all of it; set when reading is done
  // What a cachedContent that it names holds; Gemini only.
  std::optional<simdjson::dom::element> cached;
  int64_t cached_tokens = 0;
  int64_t marked_texts = -1;  // the first so many texts end at the last cache mark; -1: no mark
  bool mark_for_an_hour = false;
  bool cache_key = false;  // OpenAI's prompt_cache_key: requests with it meet the same machine's cache

  // What the answer must be like.
  int64_t limit = -1;  // most output tokens
  int64_t choices = 1;
  bool stream = false;
  bool stream_usage = false;  // stream_options.include_usage
  bool json_object = false;
  std::optional<simdjson::dom::element> schema;
  std::string_view schema_name;
  std::optional<simdjson::dom::element> tool_schema;
  std::string_view tool;  // the tool that must be called; empty: none
  int64_t think = -1;     // 0: told not to, 1: told to, -1: as the model does
  ServiceTier tier = ServiceTier::standard;
  bool tier_given = false;

  // Embeddings and moderations.
  std::vector<std::string_view> inputs;
  std::vector<int64_t> input_token_counts;  // where inputs came as tokens; parallel to inputs
  int64_t dimensions = 0;
  bool base64 = false;

  void clear(Endpoint e);
  void refuse(int status, std::string type, std::string message, std::string param = {},
              std::string code = {});
};

inline int64_t tokens_of(int64_t bytes) { return (bytes + 3) / 4; }

// Reads `body` into `ask`. For Gemini the model comes from the URL: set `ask.model` before.
void read_ask(Endpoint endpoint, simdjson::dom::element body, Ask& ask);

// The member of an object, if it is there and of that kind.
std::string_view text_at(simdjson::dom::element object, std::string_view key);
std::optional<simdjson::dom::element> member(simdjson::dom::element object, std::string_view key);
std::optional<int64_t> int_at(simdjson::dom::element object, std::string_view key);

}  // namespace twolane::sim
