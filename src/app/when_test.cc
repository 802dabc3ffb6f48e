// Deadlines: local clock times, RFC 3339, spans, and days on which the clocks change.
#include "app/when.h"

#include <gtest/gtest.h>

namespace twolane::app {
namespace {

Time utc(std::string_view text) { return parse_rfc3339(text).value(); }

// Berlin's 2026: +1 h, summer time from 29 March 01:00 UTC to 25 October 01:00 UTC.
const Zone berlin = {[](Time t) -> int64_t {
  return t >= utc("2026-03-29T01:00:00Z") && t < utc("2026-10-25T01:00:00Z") ? 7200 : 3600;
}};

TEST(When, ClockTimesAreTheNextOnesAfterNow) {
  struct Case {
    std::string_view now, by, due;
  };
  const Case cases[] = {
      {"2026-11-25T20:16:00Z", "06:00", "2026-11-26T05:00:00Z"},
      {"2026-11-25T20:16:00Z", "6:00", "2026-11-26T05:00:00Z"},
      {"2026-11-25T20:16:00Z", "21:17", "2026-11-25T20:17:00Z"},
      {"2026-11-25T20:16:00Z", "21:16", "2026-11-26T20:16:00Z"},
      {"2026-11-25T23:30:00Z", "00:15", "2026-11-26T23:15:00Z"},  // it is 00:30 on the 26th there
      {"2026-12-31T22:00:00Z", "06:00", "2027-01-01T05:00:00Z"},
      {"2026-03-28T20:00:00Z", "06:00", "2026-03-29T04:00:00Z"},  // the clocks have changed by then
      {"2026-03-28T20:00:00Z", "02:30", "2026-03-29T01:00:00Z"},  // skipped
      {"2026-10-24T20:00:00Z", "02:30", "2026-10-25T00:30:00Z"},  // twice: the first
  };
  for (const auto& c : cases) {
    auto t = parse_by(c.by, utc(c.now), berlin);
    ASSERT_TRUE(t.has_value()) << c.by;
    EXPECT_EQ(rfc3339(*t), c.due) << c.now << " --by " << c.by;
  }
}

TEST(When, PointsInTimeCarryTheirZone) {
  const Time now = utc("2026-11-25T20:16:00Z");
  EXPECT_EQ(rfc3339(parse_by("2026-11-26T06:00:00+01:00", now, berlin).value()), "2026-11-26T05:00:00Z");
  EXPECT_EQ(parse_by("2026-11-24T06:00:00Z", now, berlin).error().code, "time.past");
  for (const auto* bad : {"", "6", "25:00", "06:60", "soon", "2026-11-26", "06:00pm", "-1:30"})
    EXPECT_EQ(parse_by(bad, now, berlin).error().code, "time.by") << bad;
}

TEST(When, SpansCountFromNow) {
  const Time now = utc("2026-11-25T20:16:00Z");
  EXPECT_EQ(parse_deadline("", "90m", now, berlin).value(), now + minutes(90));
  EXPECT_EQ(parse_deadline("", "2d", now, berlin).value(), now + days(2));
  EXPECT_EQ(parse_deadline("", "", now, berlin).value(), std::nullopt);
  EXPECT_EQ(parse_deadline("", "soon", now, berlin).error().code, "time.within");
  EXPECT_EQ(parse_deadline("", "0h", now, berlin).error().code, "time.within");
  EXPECT_EQ(parse_deadline("06:00", "6h", now, berlin).error().code, "usage.conflict");
}

TEST(When, IsShownInLocalTime) {
  const Time now = utc("2026-11-25T20:16:02Z");
  EXPECT_EQ(clock_time(now, berlin), "21:16");
  EXPECT_EQ(clock_time_seconds(now, berlin), "21:16:02");
  EXPECT_EQ(day_and_time(utc("2026-11-26T05:00:00Z"), now, berlin), "Thu 06:00");
  EXPECT_EQ(day_and_time(utc("2026-12-05T05:00:00Z"), now, berlin), "2026-12-05 06:00");
  EXPECT_EQ(date_and_offset(now, berlin), "2026-11-25 +01:00");
  EXPECT_EQ(date_and_offset(now, Zone::fixed(-12600)), "2026-11-25 -03:30");
}

}  // namespace
}  // namespace twolane::app
