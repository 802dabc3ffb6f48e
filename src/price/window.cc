// Weekly windows on the minute; spans past midnight belong to the day on which they begin.
#include "price/window.h"

#include <array>
#include <cstdio>

namespace twolane::price {
namespace {

constexpr int64_t day_ms = 86'400'000;
constexpr int64_t minute_ms = 60'000;
constexpr int minutes_of_day = 1440;

int64_t floor_div(int64_t n, int64_t by) { return n >= 0 ? n / by : -((-n + by - 1) / by); }

// 1970-01-01 was a Thursday.
int weekday_of(int64_t day) { return static_cast<int>(((day % 7) + 7 + 4) % 7); }

bool on_day(const Window& w, int64_t day) {
  if (((w.weekdays >> weekday_of(day)) & 1) == 0) return false;
  for (const int64_t out : w.except)
    if (out == day) return false;
  return true;
}

std::string clock_text(int minute) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d", minute / 60 % 24, minute % 60);
  return text.data();
}

std::string zone_text(int minutes) {
  if (minutes == 0) return "UTC";
  const int size = minutes < 0 ? -minutes : minutes;
  return std::string("UTC") + (minutes < 0 ? '-' : '+') + clock_text(size);
}

std::string days_text(uint8_t weekdays) {
  static constexpr std::array names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  if (weekdays == 0x7f) return "daily";
  if (weekdays == 0x3e) return "Mon-Fri";
  if (weekdays == 0x41) return "Sat-Sun";
  std::string out;
  for (int d = 0; d < 7; ++d)
    if ((weekdays >> d) & 1)
      out += (out.empty() ? "" : ",") + std::string(names[static_cast<size_t>(d)]);
  return out;
}

}  // namespace

bool Window::holds(Time at) const {
  const int64_t local = at.ms + zone_minutes * minute_ms;
  const int64_t day = floor_div(local, day_ms);
  const auto minute = static_cast<int>((local - day * day_ms) / minute_ms);
  for (const Span& s : spans) {
    const bool past_midnight = s.end <= s.begin;
    if (minute >= s.begin && (past_midnight || minute < s.end) && on_day(*this, day)) return true;
    if (past_midnight && minute < s.end && on_day(*this, day - 1)) return true;
  }
  return false;
}

Time Window::next_change(Time at) const {
  const bool now = holds(at);
  const int64_t local = at.ms + zone_minutes * minute_ms;
  const int64_t today = floor_div(local, day_ms);
  // Changes happen at the ends of spans; two weeks hold one unless every day is excepted.
  for (int64_t day = today; day < today + 15; ++day) {
    Time first{0};
    for (const Span& s : spans)
      for (const int minute : {s.begin, s.end % minutes_of_day}) {
        const Time t{day * day_ms + minute * minute_ms - zone_minutes * minute_ms};
        if (t > at && holds(t) != now && (first.ms == 0 || t < first)) first = t;
      }
    if (first.ms != 0) return first;
  }
  return Time{0};
}

std::string Window::text() const {
  std::string out;
  for (const Span& s : spans)
    out += (out.empty() ? "" : ", ") + clock_text(s.begin) + '-' + clock_text(s.end);
  return out + ' ' + zone_text(zone_minutes) + ' ' + days_text(weekdays);
}

}  // namespace twolane::price
