// Deadlines as people give them, and points of time as people read them.
#include "app/when.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace twolane::app {
namespace {

Civil local(Time t, const Zone& zone) { return to_civil(t + seconds(zone.offset(t))); }

std::optional<int> two_digits(std::string_view text) {
  int n = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.size() != 2 || ec != std::errc{} || end != text.data() + 2) return std::nullopt;
  return n;
}

struct ClockTime {
  int hour, minute;
};
std::optional<ClockTime> parse_clock_time(std::string_view text) {
  if (text.size() == 4) {  // "6:00"
    const std::string padded = '0' + std::string(text);
    return parse_clock_time(padded);
  }
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = two_digits(text.substr(0, 2)), minute = two_digits(text.substr(3, 2));
  if (!hour || !minute || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59) return std::nullopt;
  return ClockTime{*hour, *minute};
}

// The moment at which local clocks show `c`. `c` read as UTC is at most a day off, so the offsets in
// force a day before and a day after are the only candidates.
Time at_local(const Civil& c, const Zone& zone) {
  const Time as_utc = to_time(c);
  const int64_t before = zone.offset(as_utc - days(1)), after = zone.offset(as_utc + days(1));
  for (const int64_t offset : {before, after}) {
    const Time t = as_utc - seconds(offset);
    if (zone.offset(t) == offset) return t;
  }
  // Skipped: the moment at which the offset changes.
  Time lo = as_utc - days(1), hi = as_utc + days(1);
  while (hi - lo > seconds(1)) {
    const Time mid = lo + (hi - lo) / 2;
    (zone.offset(mid) == before ? lo : hi) = mid;
  }
  return {(hi.ms + 999) / 1000 * 1000};
}

std::unexpected<Error> bad_time(std::string_view text) {
  Error e;
  e.code = "time.by";
  e.message = "\"" + std::string(text) + "\" is no point of time";
  e.where.field = "--by";
  e.why = "a deadline is a clock time (06:00) or RFC 3339 with its zone";
  e.next = {"--by 06:00", "--by 2026-11-26T06:00:00+01:00", "--within 6h"};
  return fail(std::move(e));
}

std::unexpected<Error> past(std::string_view text, Time t) {
  Error e;
  e.code = "time.past";
  e.message = "the deadline " + rfc3339(t) + " has passed";
  e.where.field = "--by " + std::string(text);
  e.why = "nothing can be answered before now";
  e.next = {"give a later time, or --within 6h"};
  return fail(std::move(e));
}

}  // namespace

Zone Zone::system() {
  ::tzset();
  return {[](Time t) -> int64_t {
    const std::time_t at = t.unix_seconds();
    std::tm parts{};
    return ::localtime_r(&at, &parts) ? parts.tm_gmtoff : 0;
  }};
}

Zone Zone::fixed(int64_t seconds_ahead) {
  return {[seconds_ahead](Time) { return seconds_ahead; }};
}

Result<Time> parse_by(std::string_view text, Time now, const Zone& zone) {
  const auto clock = parse_clock_time(text);
  if (!clock) {
    auto t = parse_rfc3339(text);
    if (!t) return bad_time(text);
    if (*t <= now) return past(text, *t);
    return *t;
  }
  Civil today = local(now, zone);
  for (int day = 0; day <= 2; ++day) {
    Civil c = to_civil(to_time({today.year, today.month, today.day}) + days(day));
    c.hour = clock->hour;
    c.minute = clock->minute;
    if (const Time t = at_local(c, zone); t > now) return t;
  }
  return bad_time(text);
}

Result<std::optional<Time>> parse_deadline(std::string_view by, std::string_view within, Time now,
                                           const Zone& zone) {
  if (!by.empty() && !within.empty()) {
    Error e;
    e.code = "usage.conflict";
    e.message = "--by and --within both set the deadline";
    e.where.field = "--by " + std::string(by) + " --within " + std::string(within);
    e.why = "a job has one deadline";
    e.next = {"keep one of the two"};
    return fail(std::move(e));
  }
  if (!by.empty()) return std::optional<Time>(TRY(parse_by(by, now, zone)));
  if (within.empty()) return std::optional<Time>();
  auto span = parse_duration(within);
  if (!span || span->ms <= 0) {
    Error e;
    e.code = "time.within";
    e.message = "\"" + std::string(within) + "\" is no span of time";
    e.where.field = "--within";
    e.why = "a span is whole numbers with s, m, h or d";
    e.next = {"--within 90m", "--within 6h", "--within 2d"};
    return fail(std::move(e));
  }
  return std::optional<Time>(now + *span);
}

std::string clock_time(Time t, const Zone& zone) {
  const Civil c = local(t, zone);
  char text[16];
  std::snprintf(text, sizeof text, "%02d:%02d", c.hour, c.minute);
  return text;
}

std::string clock_time_seconds(Time t, const Zone& zone) {
  char text[16];
  std::snprintf(text, sizeof text, ":%02d", local(t, zone).second);
  return clock_time(t, zone) + text;
}

std::string day_and_time(Time t, Time now, const Zone& zone) {
  constexpr std::array<const char*, 7> names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const Civil c = local(t, zone);
  const Duration away = t > now ? t - now : now - t;
  if (away < days(6)) return std::string(names[static_cast<size_t>(c.weekday)]) + ' ' + clock_time(t, zone);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d ", c.year, c.month, c.day);
  return text + clock_time(t, zone);
}

std::string date_and_offset(Time t, const Zone& zone) {
  const Civil c = local(t, zone);
  const int64_t offset = zone.offset(t), size = offset < 0 ? -offset : offset;
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %c%02d:%02d", c.year, c.month, c.day,
                offset < 0 ? '-' : '+', static_cast<int>(size / 3600), static_cast<int>(size / 60 % 60));
  return text;
}

std::string offset_name(int minutes_east) {
  if (minutes_east == 0) return "UTC";
  const int size = std::abs(minutes_east);
  char text[16];
  std::snprintf(text, sizeof text, "%c%02d:%02d", minutes_east < 0 ? '-' : '+', size / 60, size % 60);
  return text;
}

}  // namespace twolane::app
