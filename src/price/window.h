// Hours of the week at which a price holds, such as DeepSeek's peak hours.
//
// Pure. Zones are fixed offsets from UTC: no provider that sells hours has daylight saving time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace twolane::price {

struct Window {
  // Minutes of the day, `begin` included, `end` not; where end <= begin the span runs past midnight
  // and belongs to the day on which it began.
  struct Span {
    int begin = 0, end = 0;
  };

  std::string name;
  int zone_minutes = 0;     // east of UTC
  uint8_t weekdays = 0x7f;  // bit by weekday, 0 is Sunday
  std::vector<Span> spans;
  std::vector<int64_t> except;  // days since 1970-01-01 in the zone on which it does not hold

  bool holds(Time at) const;
  // When it next begins or ends after `at`; Time{0} where that never happens.
  Time next_change(Time at) const;
  // "01:00-04:00, 06:00-10:00 UTC Mon-Fri".
  std::string text() const;
};

}  // namespace twolane::price
