// Calendar arithmetic on integers, and the two texts of time that people and protocols write.
#include "base/time.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

namespace twolane {
namespace {

constexpr int64_t day_ms = 86'400'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Error> no_duration(std::string_view text) {
  return fail("time.duration", '"' + std::string(text.substr(0, 40)) + "\" is not a duration",
              "a duration is a whole number with ms, s, m, h or d, like 90m, 6h or 1h30m");
}

struct Unit {
  std::string_view name;
  int64_t ms;
  std::string_view spoken;
};
constexpr std::array units = {Unit{"ms", 1, "ms"}, Unit{"s", 1000, "s"}, Unit{"m", 60'000, "min"},
                              Unit{"h", 3'600'000, "h"}, Unit{"d", day_ms, "d"}};

// Eats digits from the front; nothing when there are none or more than 15.
std::optional<int64_t> take_number(std::string_view& text) {
  size_t n = 0;
  int64_t value = 0;
  while (n < text.size() && is_digit(text[n])) {
    if (n == 15) return std::nullopt;
    value = value * 10 + (text[n++] - '0');
  }
  if (n == 0) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

const Unit* take_unit(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && !is_digit(text[n])) ++n;
  for (const Unit& u : units) {
    if (u.name != text.substr(0, n)) continue;
    text.remove_prefix(n);
    return &u;
  }
  return nullptr;
}

// Eats exactly `count` digits.
bool take_fixed(std::string_view& text, size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take_char(std::string_view& text, char upper) {
  if (text.empty() || (text[0] != upper && text[0] != upper + ('a' - 'A'))) return false;
  text.remove_prefix(1);
  return true;
}

// A fraction of a second to the millisecond; further digits are dropped.
bool take_fraction(std::string_view& text, int& ms) {
  ms = 0;
  if (text.empty() || text[0] != '.') return true;
  text.remove_prefix(1);
  size_t n = 0;
  for (int scale = 100; n < text.size() && is_digit(text[n]); ++n, scale /= 10)
    ms += (text[n] - '0') * scale;
  text.remove_prefix(n);
  return n > 0;
}

// Minutes east of UTC.
bool take_zone(std::string_view& text, int& minutes_east) {
  minutes_east = 0;
  if (take_char(text, 'Z')) return true;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int h = 0, m = 0;
  if (!take_fixed(text, 2, h) || text.empty() || text[0] != ':') return false;
  text.remove_prefix(1);
  if (!take_fixed(text, 2, m) || h > 23 || m > 59) return false;
  minutes_east = sign * (h * 60 + m);
  return true;
}

bool take_date(std::string_view& text, Civil& c) {
  if (!take_fixed(text, 4, c.year) || text.empty() || text[0] != '-') return false;
  text.remove_prefix(1);
  if (!take_fixed(text, 2, c.month) || text.empty() || text[0] != '-') return false;
  text.remove_prefix(1);
  if (!take_fixed(text, 2, c.day)) return false;
  return (std::chrono::year(c.year) / c.month / c.day).ok();
}

bool take_clock(std::string_view& text, Civil& c) {
  if (!take_fixed(text, 2, c.hour) || text.empty() || text[0] != ':') return false;
  text.remove_prefix(1);
  if (!take_fixed(text, 2, c.minute) || text.empty() || text[0] != ':') return false;
  text.remove_prefix(1);
  if (!take_fixed(text, 2, c.second)) return false;
  // Second 60 is a leap second: it counts as the first of the next minute.
  return c.hour < 24 && c.minute < 60 && c.second <= 60 && take_fraction(text, c.millisecond);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  int64_t total = 0, last = INT64_MAX;
  if (rest.empty()) return no_duration(text);
  while (!rest.empty()) {
    const auto n = take_number(rest);
    const Unit* unit = n ? take_unit(rest) : nullptr;
    if (!unit || unit->ms >= last) return no_duration(text);  // units go from large to small
    last = unit->ms;
    int64_t part = 0;
    if (__builtin_mul_overflow(*n, unit->ms, &part) || __builtin_add_overflow(total, part, &total))
      return no_duration(text);
  }
  return Duration{total};
}

std::string spoken(Duration d) {
  const std::string sign = d.ms < 0 ? "-" : "";
  uint64_t rest = d.ms < 0 ? -static_cast<uint64_t>(d.ms) : static_cast<uint64_t>(d.ms);
  if (rest < 1000) return sign + std::to_string(rest) + " ms";
  for (size_t u = units.size() - 1; u > 0; --u) {
    const auto size = static_cast<uint64_t>(units[u].ms);
    if (rest < size) continue;
    std::string text = sign + std::to_string(rest / size) + ' ' + std::string(units[u].spoken);
    rest %= size;
    if (u <= 1) return text;  // below a second is noise beside seconds
    const auto smaller = static_cast<uint64_t>(units[u - 1].ms);
    if (rest >= smaller)
      text += ' ' + std::to_string(rest / smaller) + ' ' + std::string(units[u - 1].spoken);
    return text;
  }
  return sign + "0 s";
}

Result<Time> parse_rfc3339(std::string_view text) {
  std::string_view rest = text;
  Civil c;
  int minutes_east = 0;
  const bool ok = take_date(rest, c) && (take_char(rest, 'T') || take_char(rest, ' ')) &&
                  take_clock(rest, c) && take_zone(rest, minutes_east) && rest.empty();
  if (!ok)
    return fail("time.rfc3339", '"' + std::string(text.substr(0, 40)) + "\" is not a date and time",
                "RFC 3339 with a zone is needed, like 2026-11-25T06:00:00+01:00");
  return to_time(c) - minutes(minutes_east);
}

std::string rfc3339(Time t) {
  const Civil c = to_civil(t);
  char text[64];
  int n = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day,
                        c.hour, c.minute, c.second);
  if (c.millisecond != 0)
    n += std::snprintf(text + n, sizeof text - static_cast<size_t>(n), ".%03d", c.millisecond);
  return std::string(text, static_cast<size_t>(n)) + 'Z';
}

Civil to_civil(Time t) {
  int64_t day = t.ms / day_ms, rest = t.ms % day_ms;
  if (rest < 0) rest += day_ms, --day;
  const std::chrono::sys_days date{std::chrono::days(day)};
  const std::chrono::year_month_day ymd{date};
  Civil c;
  c.year = static_cast<int>(ymd.year());
  c.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  c.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  c.hour = static_cast<int>(rest / 3'600'000);
  c.minute = static_cast<int>(rest / 60'000 % 60);
  c.second = static_cast<int>(rest / 1000 % 60);
  c.millisecond = static_cast<int>(rest % 1000);
  c.weekday = static_cast<int>(std::chrono::weekday{date}.c_encoding());
  return c;
}

Time to_time(const Civil& c) {
  const std::chrono::sys_days date{std::chrono::year(c.year) / c.month / c.day};
  return {date.time_since_epoch().count() * day_ms + c.hour * 3'600'000LL + c.minute * 60'000LL +
          c.second * 1000LL + c.millisecond};
}

}  // namespace twolane
