// Decimal text with a unit to a whole number, without floating point.
#include "app/token_count.h"

#include <string>

#include "app/usage_error.h"

namespace twolane::app {
namespace {

int decimals_of(char unit) {
  switch (unit) {
    case 'k':
    case 'K':
      return 3;
    case 'm':
    case 'M':
      return 6;
    case 'b':
    case 'B':
    case 'g':
    case 'G':
      return 9;
    case 't':
    case 'T':
      return 12;
    default:
      return 0;
  }
}

std::unexpected<Error> wrong(std::string_view text, std::string_view flag, std::string why) {
  const std::string name(flag);
  return fail(no_value(name, std::string(text.substr(0, 40)), std::move(why), name + " 30M"));
}

}  // namespace

Result<int64_t> parse_tokens(std::string_view text, std::string_view flag) {
  const std::string_view whole = text;
  const int unit = text.empty() ? 0 : decimals_of(text.back());
  if (unit > 0) text.remove_suffix(1);
  int64_t n = 0;
  int left = unit, digits = 0;
  bool fraction = false;
  for (const char c : text) {
    if ((c == ',' || c == '_') && digits > 0 && !fraction) continue;
    if (c == '.' && !fraction && digits > 0) {
      fraction = true;
      continue;
    }
    if (c < '0' || c > '9') return wrong(whole, flag, "it is a count of tokens: 1500, 30M, 0.5B");
    ++digits;
    if (fraction && left == 0) {
      if (c != '0') return wrong(whole, flag, "there are no fractions of a token");
      continue;
    }
    if (fraction) --left;
    if (__builtin_mul_overflow(n, int64_t{10}, &n) ||
        __builtin_add_overflow(n, int64_t{c - '0'}, &n))
      return wrong(whole, flag, "it is larger than 9.2 * 10^18");
  }
  if (digits == 0) return wrong(whole, flag, "it is a count of tokens: 1500, 30M, 0.5B");
  for (; left > 0; --left)
    if (__builtin_mul_overflow(n, int64_t{10}, &n))
      return wrong(whole, flag, "it is larger than 9.2 * 10^18");
  return n;
}

}  // namespace twolane::app
