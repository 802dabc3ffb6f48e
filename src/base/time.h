// Points and spans of time as integers: milliseconds, points counted from 1970-01-01 UTC.
//
// Nothing here reads a clock or a time zone.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane {

struct Duration {
  int64_t ms = 0;

  auto operator<=>(const Duration&) const = default;
  constexpr double seconds() const { return static_cast<double>(ms) / 1000.0; }
};

struct Time {
  int64_t ms = 0;

  auto operator<=>(const Time&) const = default;
  constexpr int64_t unix_seconds() const { return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000); }
};

constexpr Duration milliseconds(int64_t n) { return {n}; }
constexpr Duration seconds(int64_t n) { return {n * 1000}; }
constexpr Duration minutes(int64_t n) { return {n * 60'000}; }
constexpr Duration hours(int64_t n) { return {n * 3'600'000}; }
constexpr Duration days(int64_t n) { return {n * 86'400'000}; }

constexpr Duration operator+(Duration a, Duration b) { return {a.ms + b.ms}; }
constexpr Duration operator-(Duration a, Duration b) { return {a.ms - b.ms}; }
constexpr Duration operator*(Duration a, int64_t k) { return {a.ms * k}; }
constexpr Duration operator/(Duration a, int64_t k) { return {a.ms / k}; }
constexpr Time operator+(Time a, Duration b) { return {a.ms + b.ms}; }
constexpr Time operator-(Time a, Duration b) { return {a.ms - b.ms}; }
constexpr Duration operator-(Time a, Time b) { return {a.ms - b.ms}; }

// "90s", "90m", "6h", "2d", "1h30m", "250ms". Error: time.duration.
Result<Duration> parse_duration(std::string_view text);
// Two largest units: "8 h 44 min", "27 min", "45 s", "3 d 2 h".
std::string spoken(Duration d);

// RFC 3339 with zone: "2026-11-25T06:00:00Z", "2026-11-25T06:00:00.125+01:00". Error: time.rfc3339.
Result<Time> parse_rfc3339(std::string_view text);
// UTC, seconds, or milliseconds where they are not zero: "2026-11-25T05:00:00Z".
std::string rfc3339(Time t);

// A date and time of day on the proleptic Gregorian calendar, UTC.
struct Civil {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0;
  int weekday = 4;  // 0 is Sunday; ignored by to_time
};
Civil to_civil(Time t);
Time to_time(const Civil& c);

}  // namespace twolane
