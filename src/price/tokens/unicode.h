// What kind of character a code point is, as far as the tokenizers' pre-splitting asks.
//
// Pure. The classes are Unicode general categories put together, and the property White_Space.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace twolane::price::tokens {

enum class CharClass : uint8_t {
  other,         // punctuation, symbols, controls, unassigned: [^\s\p{L}\p{N}\p{M}]
  upper,         // Lu, Lt
  lower,         // Ll
  other_letter,  // Lm, Lo
  mark,          // M
  number,        // N
  space,         // White_Space but the next
  newline,       // CR, LF
};

// One run of code points, in the generated table. `pairs`: upper and lower in turn, upper first.
struct UnicodeRange {
  enum class Kind : uint8_t { upper, lower, other_letter, mark, number, space, pairs };
  uint32_t first, last;
  Kind kind;
};
std::span<const UnicodeRange> unicode_ranges();

class UnicodeClasses {
 public:
  UnicodeClasses();
  CharClass of(uint32_t code_point) const {
    return code_point < 0x110000
               ? blocks_[static_cast<size_t>(block_[code_point >> 8]) << 8 | (code_point & 0xFF)]
               : CharClass::other;
  }

  // The class of the character at `text[at]`, and its length in bytes. A byte that begins no
  // character stands for itself, as other. Requires at < text.size().
  CharClass at(std::string_view text, size_t at, size_t& length) const {
    const auto byte = static_cast<uint8_t>(text[at]);
    if (byte < 0x80) return length = 1, blocks_[byte];
    return beyond_ascii(text, at, length);
  }

 private:
  CharClass beyond_ascii(std::string_view text, size_t at, size_t& length) const;

  std::array<uint16_t, 0x1100> block_{};
  std::vector<CharClass> blocks_;  // of 256 code points each; equal ones once, ASCII's first
};

// Built once, at the first use; never changed.
const UnicodeClasses& unicode_classes();

}  // namespace twolane::price::tokens
