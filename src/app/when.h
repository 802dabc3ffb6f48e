// Deadlines as people give them, and points of time as people read them.
//
// Pure: the clock comes as `now`, the time zone as a Zone.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace twolane::app {

// A time zone: what local clocks show ahead of UTC, in seconds, at a given moment.
struct Zone {
  std::function<int64_t(Time)> offset;

  static Zone system();  // of this process (TZ)
  static Zone fixed(int64_t seconds_ahead);
};

// "06:00" is the next time that local clocks show it, after `now`; or RFC 3339. A clock time that a
// change of offset skips means the moment of the change. Errors: time.by, time.past.
Result<Time> parse_by(std::string_view text, Time now, const Zone& zone);

// What --by and --within say together. Neither: nothing. Both: error usage.conflict.
Result<std::optional<Time>> parse_deadline(std::string_view by, std::string_view within, Time now,
                                           const Zone& zone);

std::string clock_time(Time t, const Zone& zone);          // "05:35"
std::string clock_time_seconds(Time t, const Zone& zone);  // "05:35:40"
// "Thu 06:00"; six days and more from now: "2026-12-05 06:00".
std::string day_and_time(Time t, Time now, const Zone& zone);
std::string date_and_offset(Time t, const Zone& zone);     // "2026-11-25 +01:00"
std::string offset_name(int minutes_east);                 // "UTC", "+01:00"

}  // namespace twolane::app
