// Texts of logs as values.
#include "audit/values.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace twolane::audit {
namespace {

std::string_view trimmed(std::string_view t) {
  while (!t.empty() && (t.front() == ' ' || t.front() == '\t')) t.remove_prefix(1);
  while (!t.empty() && (t.back() == ' ' || t.back() == '\t' || t.back() == '\r')) t.remove_suffix(1);
  return t;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

// The next `n` digits.
std::optional<int> take_digits(std::string_view& t, size_t n) {
  if (t.size() < n) return {};
  int value = 0;
  for (size_t i = 0; i < n; ++i) {
    if (!digit(t[i])) return {};
    value = value * 10 + (t[i] - '0');
  }
  t.remove_prefix(n);
  return value;
}

bool take(std::string_view& t, char c) {
  if (t.empty() || t.front() != c) return false;
  t.remove_prefix(1);
  return true;
}

// "Z", "UTC", "+01:00", "+0100", "+01"; nothing where it is none of these.
std::optional<Duration> read_zone(std::string_view t) {
  if (t == "Z" || t == "z" || t == "UTC") return Duration{};
  const bool minus = t.starts_with('-');
  if (!minus && !t.starts_with('+')) return {};
  t.remove_prefix(1);
  const auto hour = take_digits(t, 2);
  if (!hour) return {};
  take(t, ':');
  const auto minute = t.empty() ? std::optional(0) : take_digits(t, 2);
  if (!minute || !t.empty() || *hour > 14 || *minute > 59) return {};
  return minutes((*hour * 60 + *minute) * (minus ? -1 : 1));
}

std::optional<Time> read_calendar(std::string_view t, Duration zone) {
  Civil c;
  const auto year = take_digits(t, 4);
  if (!year || !take(t, '-')) return {};
  const auto month = take_digits(t, 2);
  if (!month || !take(t, '-')) return {};
  const auto day = take_digits(t, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return {};
  c.year = *year, c.month = *month, c.day = *day;
  if (t.empty()) return to_time(c) - zone;
  if (!take(t, 'T') && !take(t, 't') && !take(t, ' ')) return {};
  const auto hour = take_digits(t, 2);
  if (!hour || !take(t, ':')) return {};
  const auto minute = take_digits(t, 2);
  if (!minute || *hour > 23 || *minute > 59) return {};
  c.hour = *hour, c.minute = *minute;
  if (take(t, ':')) {
    const auto second = take_digits(t, 2);
    if (!second || *second > 60) return {};
    c.second = std::min(*second, 59);  // a leap second
  }
  if (take(t, '.') || take(t, ',')) {
    int place = 100;
    if (t.empty() || !digit(t.front())) return {};
    for (; !t.empty() && digit(t.front()); t.remove_prefix(1), place /= 10)
      c.millisecond += (t.front() - '0') * place;
  }
  t = trimmed(t);
  if (!t.empty()) {
    const auto said = read_zone(t);
    if (!said) return {};
    zone = *said;
  }
  return to_time(c) - zone;
}

// A decimal number as digits * 10^exponent, without loss up to 38 digits.
struct Decimal {
  __int128 digits = 0;
  int exponent = 0;
};

std::optional<Decimal> read_decimal(std::string_view t) {
  t = trimmed(t);
  const bool minus = take(t, '-');
  if (!minus) take(t, '+');
  Decimal d;
  bool any = false, point = false;
  int significant = 0;
  for (; !t.empty(); t.remove_prefix(1)) {
    if (t.front() == '.' && !point) {
      point = true;
      continue;
    }
    if (!digit(t.front())) break;
    any = true;
    if (significant == 36) {  // further digits are below every unit that is asked for
      if (!point) return {};
      continue;
    }
    d.digits = d.digits * 10 + (t.front() - '0');
    significant += d.digits != 0 ? 1 : 0;
    d.exponent -= point ? 1 : 0;
  }
  if (!any) return {};
  if (!t.empty()) {
    if (t.front() != 'e' && t.front() != 'E') return {};
    t.remove_prefix(1);
    if (t.starts_with('+')) t.remove_prefix(1);
    int e = 0;
    const auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), e);
    if (ec != std::errc{} || end != t.data() + t.size() || e > 30 || e < -400) return {};
    d.exponent += e;
  }
  if (minus) d.digits = -d.digits;
  return d;
}

// Times 10^places, half to even; nothing when it does not fit.
std::optional<__int128> scaled(Decimal d, int places) {
  int shift = d.exponent + places;
  for (; shift > 0; --shift)
    if (__builtin_mul_overflow(d.digits, 10, &d.digits)) return {};
  if (shift == 0) return d.digits;
  if (shift < -38) return 0;
  __int128 unit = 1;
  for (; shift < 0; ++shift) unit *= 10;
  const bool minus = d.digits < 0;
  const __int128 size = minus ? -d.digits : d.digits;
  __int128 whole = size / unit;
  const __int128 rest = size % unit, half = unit / 2;
  if (rest > half || (rest == half && (whole & 1) != 0)) ++whole;
  return minus ? -whole : whole;
}

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) { return lowered(x) == y; });
}

bool any_of(std::string_view text, std::initializer_list<std::string_view> lower) {
  return std::any_of(lower.begin(), lower.end(), [&](std::string_view l) { return same(text, l); });
}

bool holds(std::string_view text, std::string_view lower) {
  const auto found = std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                                 [](char x, char y) { return lowered(x) == y; });
  return found != text.end();
}

}  // namespace

std::optional<Time> read_time(std::string_view text, Duration zone) {
  text = trimmed(text);
  if (text.size() >= 10 && text[4] == '-' && text[7] == '-') return read_calendar(text, zone);
  const auto d = read_decimal(text);
  if (!d) return {};
  const auto whole = scaled(*d, 0);
  if (!whole || *whole < 0) return {};
  const int places = *whole < 100'000'000'000 ? 3 : *whole < 100'000'000'000'000 ? 0
                     : *whole < 100'000'000'000'000'000 ? -3 : -6;
  const auto ms = scaled(*d, places);
  if (!ms || *ms > 100'000'000'000'000) return {};
  return Time{static_cast<int64_t>(*ms)};
}

std::optional<int64_t> read_scaled(std::string_view text, int64_t scale) {
  auto d = read_decimal(text);
  if (!d || __builtin_mul_overflow(d->digits, static_cast<__int128>(scale), &d->digits)) return {};
  const auto n = scaled(*d, 0);
  constexpr __int128 limit = INT64_MAX;
  if (!n || *n > limit || *n < -limit) return {};
  return static_cast<int64_t>(*n);
}

std::optional<PicoUsd> read_amount(std::string_view text, bool cents) {
  text = trimmed(text);
  if (text.starts_with('$')) text.remove_prefix(1);
  const auto d = read_decimal(text);
  if (!d) return {};
  const auto n = scaled(*d, cents ? 10 : 12);
  if (!n) return {};
  return PicoUsd{*n};
}

std::optional<int64_t> read_count(std::string_view text) {
  int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec == std::errc{} && end == text.data() + text.size()) return n >= 0 ? std::optional(n) : std::nullopt;
  const auto d = read_decimal(text);
  if (!d) return {};
  const auto whole = scaled(*d, 0);
  const auto thousandth = scaled(*d, 3);
  if (!whole || !thousandth || *whole * 1000 != *thousandth || *whole < 0 || *whole > INT64_MAX) return {};
  return static_cast<int64_t>(*whole);
}

std::optional<bool> read_truth(std::string_view text) {
  text = trimmed(text);
  if (any_of(text, {"true", "1", "yes", "t", "y", "streaming", "stream"})) return true;
  if (any_of(text, {"false", "0", "no", "f", "n", "none", "null", "non-streaming", "non_streaming"})) return false;
  return {};
}

std::optional<ServiceTier> read_tier(std::string_view text) {
  if (any_of(text, {"standard", "default", "on_demand", "ondemand"})) return ServiceTier::standard;
  if (any_of(text, {"batch"})) return ServiceTier::batch;
  if (any_of(text, {"flex", "flex_discount"})) return ServiceTier::flex;
  if (any_of(text, {"priority", "priority_on_demand"})) return ServiceTier::priority;
  if (any_of(text, {"scale"})) return ServiceTier::scale;
  return {};  // "auto" is a wish, not an answer
}

std::optional<Endpoint> read_endpoint(std::string_view text) {
  if (holds(text, "embedcontent")) return Endpoint::embed_content;
  if (holds(text, "embed")) return Endpoint::embeddings;
  if (holds(text, "moderation")) return Endpoint::moderations;
  if (holds(text, "generatecontent") || holds(text, "generate_content")) return Endpoint::generate_content;
  if (holds(text, "messages")) return Endpoint::messages;
  if (holds(text, "responses") && !holds(text, "responsestream")) return Endpoint::responses;
  if (holds(text, "chat") || holds(text, "completion")) return Endpoint::chat_completions;
  return {};
}

}  // namespace twolane::audit
