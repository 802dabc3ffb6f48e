// Counts, money and shares as people read them.
#include "app/figures.h"

#include "app/escape.h"

namespace twolane::app {
namespace {

// An amount in units of 10^-decimals USD, rounded half to even.
__int128 rounded(PicoUsd amount, int decimals) {
  __int128 unit = 1;
  for (int i = decimals; i < 12; ++i) unit *= 10;
  const bool negative = amount.n < 0;
  const __int128 n = negative ? -amount.n : amount.n;
  __int128 q = n / unit;
  const __int128 rest = (n % unit) * 2;
  if (rest > unit || (rest == unit && q % 2 != 0)) ++q;
  return negative ? -q : q;
}

}  // namespace

std::string grouped(int64_t n) {
  const std::string digits = std::to_string(n);
  const size_t first = n < 0 ? 1 : 0;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string counted(int64_t n, std::string_view noun) {
  std::string text = grouped(n) + ' ' + std::string(noun);
  if (n == 1) return text;
  const bool es = noun.ends_with("ch") || noun.ends_with("s");
  return text + (es ? "es" : "s");
}

std::string spoken_usd(PicoUsd amount) {
  int decimals = 2;
  const __int128 size = amount.n < 0 ? -amount.n : amount.n;
  for (__int128 least = 100'000'000'000; size != 0 && size < least && decimals < 12; least /= 10)
    ++decimals;
  return shown_usd(amount, decimals, Round::half_even);
}

int decimals_that_add_up(std::span<const PicoUsd> parts, PicoUsd total) {
  __int128 unit = 10'000'000'000;  // of the last decimal shown
  for (int decimals = 2; decimals < 12; ++decimals, unit /= 10) {
    __int128 sum = 0;
    bool coarse = false;
    for (const auto& part : parts) {
      sum += rounded(part, decimals);
      coarse |= part.n != 0 && (part.n < 0 ? -part.n : part.n) < 10 * unit;
    }
    if (sum == rounded(total, decimals) && !coarse) return decimals;
  }
  return 12;
}

namespace {

std::string share_of(__int128 part, __int128 whole) {
  if (whole <= 0) return "0.0 %";
  __int128 tenths = (part < 0 ? -part : part) * 2000 / whole;
  tenths = (tenths + 1) / 2;
  std::string text = std::to_string(static_cast<int64_t>(tenths / 10)) + '.' +
                     std::to_string(static_cast<int64_t>(tenths % 10)) + " %";
  return part < 0 ? '-' + text : text;
}

}  // namespace

std::string share(PicoUsd part, PicoUsd whole) { return share_of(part.n, whole.n); }
std::string share(int64_t part, int64_t whole) { return share_of(part, whole); }

std::string left(std::string_view text, size_t width) {
  std::string out(text);
  if (const size_t used = columns_of(text); used < width) out.append(width - used, ' ');
  return out;
}

std::string right(std::string_view text, size_t width) {
  const size_t used = columns_of(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

}  // namespace twolane::app
