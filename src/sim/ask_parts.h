// What the readers of the three dialects share.
#pragma once

#include "sim/ask.h"

namespace twolane::sim {

inline std::string_view text_of(simdjson::dom::element value) {
  std::string_view text;
  return value.get(text) ? std::string_view() : text;
}
inline std::optional<int64_t> int_of(simdjson::dom::element value) {
  int64_t n = 0;
  if (!value.get(n)) return n;
  double d = 0;
  if (!value.get(d) && d == static_cast<double>(static_cast<int64_t>(d)))
    return static_cast<int64_t>(d);
  return std::nullopt;
}
inline bool is_true(simdjson::dom::element value) {
  bool b = false;
  return !value.get(b) && b;
}

// Roughly the bytes of a value's JSON, never more: what tools and schemas weigh.
int64_t weight_of(simdjson::dom::element value);
void add_text(Ask& ask, std::string_view text);
void close_prompt(Ask& ask);  // sums up the input tokens

void read_messages(simdjson::dom::element body, Ask& ask);
void read_generate_content(simdjson::dom::element body, Ask& ask);
// What lies in a cachedContent: the parts of a prompt without a question.
void read_cached_prompt(simdjson::dom::element body, Ask& ask);
void read_embed_content(simdjson::dom::element body, Ask& ask);

}  // namespace twolane::sim
