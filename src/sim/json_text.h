// Writing JSON straight into a growing buffer: results of a million requests leave no tree behind.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace twolane::sim {

// A JSON string with its quotes. The text must be UTF-8.
void append_quoted(std::string& out, std::string_view text);

inline void append_number(std::string& out, int64_t n) {
  char digits[24];
  auto [end, ec] = std::to_chars(digits, digits + sizeof digits, n);
  out.append(digits, end);
}

// `fraction` digits after the point; trailing zeros go away ("0.5", "-0.0312").
void append_fixed(std::string& out, double value, int fraction);

// 64 random bits and more as letters and digits, as ids of the providers look.
void append_id(std::string& out, uint64_t bits, size_t length);  // mixed case
void append_hex(std::string& out, uint64_t bits, size_t length);
void append_lower_id(std::string& out, uint64_t bits, size_t length);  // a-z 0-9

// An amount of 10^-12 USD as an exact decimal with at least two decimals.
void append_usd(std::string& out, __int128 pico);

void append_base64(std::string& out, std::string_view bytes);

// The longest start of `text` that is at most `bytes` long and ends between characters.
std::string_view cut_utf8(std::string_view text, size_t bytes);

}  // namespace twolane::sim
