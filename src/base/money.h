// Money as integers: one PicoUsd is 10^-12 US dollar.
//
// A rate of 0.15 USD per million tokens is exactly 150,000 PicoUsd per token, so prices with up to
// six decimals per million are whole numbers and every product with a token count is exact.
// 128 bits hold more than 10^26 dollars: sums do not overflow in practice. Rounding happens only
// when money is shown, and is named there.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane {

struct PicoUsd {
  __int128 n = 0;

  static constexpr PicoUsd from_usd(int64_t usd) { return {static_cast<__int128>(usd) * 1'000'000'000'000}; }

  friend constexpr bool operator==(PicoUsd a, PicoUsd b) { return a.n == b.n; }
  friend constexpr std::strong_ordering operator<=>(PicoUsd a, PicoUsd b) { return a.n <=> b.n; }
  friend constexpr PicoUsd operator+(PicoUsd a, PicoUsd b) { return {a.n + b.n}; }
  friend constexpr PicoUsd operator-(PicoUsd a, PicoUsd b) { return {a.n - b.n}; }
  constexpr PicoUsd& operator+=(PicoUsd b) { n += b.n; return *this; }
  constexpr PicoUsd& operator-=(PicoUsd b) { n -= b.n; return *this; }
};

// A price per token. Multiplying by a count of tokens is the only way from a rate to money.
struct PicoUsdPerToken {
  int64_t n = 0;
  bool operator==(const PicoUsdPerToken&) const = default;
};

constexpr PicoUsd operator*(PicoUsdPerToken rate, int64_t tokens) {
  return {static_cast<__int128>(rate.n) * tokens};
}

enum class Round { half_even, up };

// "12.5", "0.000000000001": a decimal string of USD, at most 12 decimals. Error: money.syntax.
Result<PicoUsd> parse_usd(std::string_view text);
// "0.15" USD per million tokens, at most 6 decimals. Error: money.syntax.
Result<PicoUsdPerToken> parse_usd_per_million(std::string_view text);

// Exact: as many decimals as needed, at least two. "0.00", "3.4472", "-0.000000000001".
std::string exact_usd(PicoUsd amount);
// Exactly `decimals` decimals (0..12).
std::string shown_usd(PicoUsd amount, int decimals, Round round);

}  // namespace twolane
