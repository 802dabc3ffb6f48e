// Bytes as hexadecimal digits, two for each, in lower case.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace twolane::wire {

inline std::string hex_of(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) (text += digits[byte >> 4]) += digits[byte & 15];
  return text;
}

}  // namespace twolane::wire
