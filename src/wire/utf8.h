// UTF-8: is it, and where is it not.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace twolane::wire {

// Shortest forms only, no surrogates, at most U+10FFFF. Runs at several GB/s.
bool is_utf8(std::string_view text);
// Offset of the first byte that begins no valid character; nothing when all is valid.
std::optional<size_t> find_utf8_fault(std::string_view text);
// Bytes of the character that begins at `offset`; 0 when none does. Requires offset < text.size().
size_t utf8_length_at(std::string_view text, size_t offset);

constexpr bool is_utf8_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace twolane::wire
