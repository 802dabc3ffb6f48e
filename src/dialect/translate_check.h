// The inside of check_body: what a walk over one body collects, and the walks over its content.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "dialect/translate.h"

namespace twolane::dialect {

// Tokens that bytes cannot bound. Larger than anything the three providers document (November
// 2026), so that a reservation made with them is never too small.
namespace most_tokens {
inline constexpr int64_t per_request = 1'000;  // tool and format preambles the provider adds
inline constexpr int64_t per_message = 16;     // turn marks
inline constexpr int64_t image = 50'000;       // OpenAI's smallest models: 2,833 + 8 tiles of 5,667
inline constexpr int64_t window = 1'050'000;   // largest context: PDF pages, video, stored files,
                                               // earlier turns, what a provider's own tools read
}  // namespace most_tokens

// Kinds of content besides text: part of a body's shape, since models differ in what they take.
enum class Medium : uint8_t { image = 1, file = 2, audio = 4, video = 8 };

struct Content {
  int64_t messages = 0;
  int64_t extra_tokens = 0;  // by most_tokens
  int64_t media_bytes = 0;   // base64 that is counted by extra_tokens instead of by its bytes
  uint8_t media = 0;         // of Medium

  void add(Medium medium, int64_t tokens, std::string_view base64 = {}) {
    media |= static_cast<uint8_t>(medium);
    extra_tokens += tokens;
    media_bytes += static_cast<int64_t>(base64.size());
  }
};

// input.field with where.field.
std::unexpected<Error> bad_field(std::string field, std::string message, std::string why,
                                 std::string next);
// "messages[3]"
std::string indexed(std::string_view name, size_t index);

// Chat content in the words of each endpoint: types and roles are checked, media are counted.
Status walk_messages(Endpoint endpoint, simdjson::dom::element messages, Content& to);
Status walk_responses_input(simdjson::dom::element input, Content& to);
Status walk_contents(simdjson::dom::element contents, Content& to);
// A Gemini Content, as in systemInstruction and embedContent.
Status walk_content(simdjson::dom::element content, const std::string& field, Content& to);
// Input of embeddings and moderations.
Status walk_embedding_input(simdjson::dom::element input, Content& to);
Status walk_moderation_input(simdjson::dom::element input, Content& to);

}  // namespace twolane::dialect
