// The yes or no comes from simdjson; the place of a fault from a plain scan of the faulty text.
#include "wire/utf8.h"

#include <simdjson.h>

namespace twolane::wire {

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::optional<size_t> find_utf8_fault(std::string_view text) {
  if (is_utf8(text)) return std::nullopt;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length_at(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

size_t utf8_length_at(std::string_view text, size_t offset) {
  const auto byte = [&](size_t i) {
    return offset + i < text.size() ? static_cast<unsigned char>(text[offset + i]) : 0u;
  };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // a continuation, or a longer form of ASCII
  if (first < 0xE0) return continues(1) ? 2 : 0;
  if (first < 0xF0) {
    const unsigned lowest = first == 0xE0 ? 0xA0 : 0x80, highest = first == 0xED ? 0x9F : 0xBF;
    return second >= lowest && second <= highest && continues(2) ? 3 : 0;
  }
  if (first > 0xF4) return 0;
  const unsigned lowest = first == 0xF0 ? 0x90 : 0x80, highest = first == 0xF4 ? 0x8F : 0xBF;
  return second >= lowest && second <= highest && continues(2) && continues(3) ? 4 : 0;
}

}  // namespace twolane::wire
