// Everything appends; nothing allocates but the buffer that grows.

#include "sim/json_text.h"

#include <array>

#include "sim/random.h"

namespace twolane::sim {
namespace {

constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> table{};
  for (int c = 0x20; c < 256; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

constexpr char hex_digits[] = "0123456789abcdef";

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += hex_digits[c >> 4];
      out += hex_digits[c & 15];
  }
}

void append_letters(std::string& out, std::string_view letters, uint64_t bits, size_t length) {
  uint64_t rest = bits;
  for (size_t i = 0; i < length; ++i) {
    if (i % 10 == 0 && i > 0) rest = bits = mix(bits);
    out += letters[rest % letters.size()];
    rest /= letters.size();
  }
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (plain[c]) continue;
    out.append(text, from, i - from);
    append_escape(out, c);
    from = i + 1;
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

void append_fixed(std::string& out, double value, int fraction) {
  int64_t scale = 1;
  for (int i = 0; i < fraction; ++i) scale *= 10;
  int64_t n = std::llround(value * static_cast<double>(scale));
  if (n < 0) {
    out += '-';
    n = -n;
  }
  append_number(out, n / scale);
  n %= scale;
  if (n == 0) return;
  out += '.';
  for (scale /= 10; n > 0; scale /= 10) {
    out += static_cast<char>('0' + n / scale);
    n %= scale;
  }
}

void append_id(std::string& out, uint64_t bits, size_t length) {
  append_letters(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", bits,
                 length);
}

void append_lower_id(std::string& out, uint64_t bits, size_t length) {
  append_letters(out, "abcdefghijklmnopqrstuvwxyz0123456789", bits, length);
}

void append_hex(std::string& out, uint64_t bits, size_t length) {
  append_letters(out, "0123456789abcdef", bits, length);
}

void append_usd(std::string& out, __int128 pico) {
  if (pico < 0) {
    out += '-';
    pico = -pico;
  }
  constexpr int64_t usd = 1'000'000'000'000;
  append_number(out, static_cast<int64_t>(pico / usd));
  int64_t rest = static_cast<int64_t>(pico % usd);
  out += '.';
  int digits = 0;
  for (int64_t scale = usd / 10; scale > 0 && (rest > 0 || digits < 2); scale /= 10, ++digits) {
    out += static_cast<char>('0' + rest / scale);
    rest %= scale;
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) out += k <= n ? letters[group >> (18 - 6 * k) & 63] : '=';
  }
}

std::string_view cut_utf8(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace twolane::sim
