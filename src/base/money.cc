// Decimal text to integers of money and back, without floating point.
#include "base/money.h"

#include <algorithm>
#include <optional>

namespace twolane {
namespace {

constexpr int pico_decimals = 12;
constexpr int rate_decimals =
    6;  // USD per million tokens: the sixth decimal is one PicoUsd per token
constexpr size_t most_whole_digits =
    20;  // 10^20 USD; keeps 10^32 PicoUsd far from the 128-bit limit

constexpr __int128 power_of_ten(int n) {
  __int128 p = 1;
  for (int i = 0; i < n; ++i) p *= 10;
  return p;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number times 10^decimals, or nothing when it has more decimals or is no plain decimal.
std::optional<__int128> parse_decimal(std::string_view text, int decimals) {
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == text.npos ? std::string_view{} : text.substr(dot + 1);
  if (whole.empty() || whole.size() > most_whole_digits) return std::nullopt;
  if (dot != text.npos && (part.empty() || part.size() > static_cast<size_t>(decimals)))
    return std::nullopt;
  if (!std::ranges::all_of(whole, is_digit) || !std::ranges::all_of(part, is_digit))
    return std::nullopt;
  __int128 n = 0;
  for (char c : whole) n = n * 10 + (c - '0');
  for (char c : part) n = n * 10 + (c - '0');
  return n * power_of_ten(decimals - static_cast<int>(part.size()));
}

std::string digits(unsigned __int128 n) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(n % 10)));
    n /= 10;
  } while (n != 0);
  std::ranges::reverse(text);
  return text;
}

unsigned __int128 magnitude(__int128 n) {
  return n < 0 ? -static_cast<unsigned __int128>(n) : static_cast<unsigned __int128>(n);
}

// n / 10^decimals as text with exactly that many decimals.
std::string decimal_text(bool negative, unsigned __int128 n, int decimals) {
  std::string text = digits(n);
  const auto places = static_cast<size_t>(decimals);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  if (decimals > 0) text.insert(text.size() - places, 1, '.');
  if (negative && n != 0) text.insert(0, 1, '-');
  return text;
}

std::string quoted(std::string_view text) {
  constexpr size_t shown = 40;
  return '"' + std::string(text.substr(0, shown)) + (text.size() > shown ? "...\"" : "\"");
}

}  // namespace

Result<PicoUsd> parse_usd(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto n = parse_decimal(negative ? text.substr(1) : text, pico_decimals);
  if (!n)
    return fail("money.syntax", quoted(text) + " is not an amount of USD",
                "an amount is digits with at most 12 decimals, like 12.50");
  return PicoUsd{negative ? -*n : *n};
}

Result<PicoUsdPerToken> parse_usd_per_million(std::string_view text) {
  const auto n = parse_decimal(text, rate_decimals);
  if (!n || *n > INT64_MAX)
    return fail("money.syntax", quoted(text) + " is not a price per million tokens",
                "a price is digits with at most 6 decimals, like 0.15");
  return PicoUsdPerToken{static_cast<int64_t>(*n)};
}

std::string exact_usd(PicoUsd amount) {
  std::string text = decimal_text(amount.n < 0, magnitude(amount.n), pico_decimals);
  const size_t shortest = text.find('.') + 3;  // two decimals
  const size_t needed = text.find_last_not_of('0') + 1;
  text.resize(std::max(shortest, needed));
  return text;
}

std::string shown_usd(PicoUsd amount, int decimals, Round round) {
  decimals = std::clamp(decimals, 0, pico_decimals);
  const auto unit = static_cast<unsigned __int128>(power_of_ten(pico_decimals - decimals));
  const bool negative = amount.n < 0;
  unsigned __int128 n = magnitude(amount.n) / unit;
  const unsigned __int128 rest = magnitude(amount.n) % unit;
  const bool away = round == Round::up ? rest != 0 && !negative  // up is towards more money spent
                                       : rest * 2 > unit || (rest * 2 == unit && n % 2 == 1);
  if (away) ++n;
  return decimal_text(negative, n, decimals);
}

}  // namespace twolane
