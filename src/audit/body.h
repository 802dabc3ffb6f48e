// What the bodies of requests and answers tell, where a log holds them.
//
// Pure. Knows the bodies of OpenAI (chat completions, responses, embeddings), Anthropic, Gemini and
// Bedrock, messages without a body around them (Langfuse), and plain text. A body that cannot be read
// tells nothing and is no fault: logs cut bodies.
//
// The prompt is cut into pieces of `piece_bytes` of its JSON, tools first, then the instructions, then the
// messages, which is the order in which providers compare prefixes.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/json.h"
#include "audit/token_counts.h"
#include "model/endpoint.h"

namespace twolane::audit {

inline constexpr size_t piece_bytes = 512;

class BodyReader {
 public:
  struct Piece {
    uint64_t chain;
    int32_t bytes;
  };
  struct Facts {
    uint64_t family = 0, prompt = 0, answer = 0, answer_before = 0;  // as in Call
    std::optional<bool> streaming;
    std::optional<int64_t> output_limit;
    std::optional<ServiceTier> tier;
    std::optional<Endpoint> endpoint;
    TokenCounts counts;  // from the answer
    Cached rule = Cached::inside;
    std::string model_asked, model, user, response_id, previous_response, created;
    bool failed = false;
    std::vector<Piece> pieces;

    void clear();
  };

  // Each adds to the facts. `json` is padded (json.h).
  void request(std::string_view json, Facts& facts);
  void response(std::string_view json, Facts& facts);
  void usage(std::string_view json, Facts& facts);
  // Text that is not JSON.
  void request_text(std::string_view text, Facts& facts);
  void response_text(std::string_view text, Facts& facts);

 private:
  struct Prompt {
    std::string_view tools, instructions, items;
  };
  void request_member(std::string_view name, ondemand::value& value, Facts& facts, Prompt& prompt);
  void read_prompt(const Prompt& prompt, Facts& facts);
  void read_items(std::string_view items, std::string_view& first, std::string_view& last_answer,
                  bool& first_instructs);
  void response_member(std::string_view name, ondemand::value& value, Facts& facts);
  void read_chunk(ondemand::value& chunk, Facts& facts);
  void read_usage(ondemand::object object, Facts& facts);
  uint64_t hash_of_answer(std::string_view raw);

  ondemand::parser body_, items_, text_;
  std::string joined_;
};

}  // namespace twolane::audit
