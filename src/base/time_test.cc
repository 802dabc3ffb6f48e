#include "base/time.h"

#include <gtest/gtest.h>

namespace twolane {
namespace {

TEST(Time, Durations) {
  EXPECT_EQ(parse_duration("90s").value(), seconds(90));
  EXPECT_EQ(parse_duration("90m").value(), minutes(90));
  EXPECT_EQ(parse_duration("6h").value(), hours(6));
  EXPECT_EQ(parse_duration("2d").value(), days(2));
  EXPECT_EQ(parse_duration("1h30m").value(), minutes(90));
  EXPECT_EQ(parse_duration("250ms").value(), milliseconds(250));
  EXPECT_EQ(parse_duration("0s").value(), seconds(0));
}

TEST(Time, RefusesOtherDurations) {
  for (const char* text : {"", "6", "h", "6 h", "-6h", "1.5h", "30m1h", "1h1h", "6hours", "6H",
                           "9999999999999999s", "999999999999999d", "h6"}) {
    auto r = parse_duration(text);
    ASSERT_FALSE(r) << text;
    EXPECT_EQ(r.error().code, "time.duration");
  }
}

TEST(Time, Spoken) {
  EXPECT_EQ(spoken(hours(8) + minutes(44) + seconds(59)), "8 h 44 min");
  EXPECT_EQ(spoken(minutes(27)), "27 min");
  EXPECT_EQ(spoken(minutes(27) + seconds(5)), "27 min 5 s");
  EXPECT_EQ(spoken(seconds(45) + milliseconds(999)), "45 s");
  EXPECT_EQ(spoken(days(3) + hours(2) + minutes(59)), "3 d 2 h");
  EXPECT_EQ(spoken(days(3) + minutes(59)), "3 d");
  EXPECT_EQ(spoken(milliseconds(250)), "250 ms");
  EXPECT_EQ(spoken(Duration{}), "0 ms");
  EXPECT_EQ(spoken(seconds(-61)), "-1 min 1 s");
}

TEST(Time, Rfc3339) {
  const Time t = parse_rfc3339("2026-11-25T06:00:00+01:00").value();
  EXPECT_EQ(rfc3339(t), "2026-11-25T05:00:00Z");
  EXPECT_EQ(rfc3339(parse_rfc3339("2026-11-25T06:00:00.125Z").value()), "2026-11-25T06:00:00.125Z");
  EXPECT_EQ(rfc3339(parse_rfc3339("2026-11-25t06:00:00.1259z").value()),
            "2026-11-25T06:00:00.125Z");
  EXPECT_EQ(rfc3339(parse_rfc3339("2026-11-25 06:00:00-00:30").value()), "2026-11-25T06:30:00Z");
  EXPECT_EQ(rfc3339(parse_rfc3339("2016-12-31T23:59:60Z").value()), "2017-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(Time{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(Time{-1}), "1969-12-31T23:59:59.999Z");
}

TEST(Time, RefusesOtherTimes) {
  for (const char* text :
       {"", "06:00", "2026-11-25", "2026-11-25T06:00:00", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-25T24:00:00Z", "2026-11-25T06:00Z",
        "2026-11-25T06:00:00.Z", "2026-11-25T06:00:00Zx", "2026-11-25T06:00:00+0100"}) {
    auto r = parse_rfc3339(text);
    ASSERT_FALSE(r) << text;
    EXPECT_EQ(r.error().code, "time.rfc3339");
  }
}

TEST(Time, CivilRoundTrips) {
  for (int64_t ms = -200LL * 365 * 86'400'000; ms < 200LL * 365 * 86'400'000;
       ms += 86'400'000LL * 13 + 12'345'678)
    ASSERT_EQ(to_time(to_civil(Time{ms})).ms, ms);
  const Civil c = to_civil(parse_rfc3339("2024-02-29T23:59:58.007Z").value());
  EXPECT_EQ(c.year, 2024);
  EXPECT_EQ(c.month, 2);
  EXPECT_EQ(c.day, 29);
  EXPECT_EQ(c.hour, 23);
  EXPECT_EQ(c.minute, 59);
  EXPECT_EQ(c.second, 58);
  EXPECT_EQ(c.millisecond, 7);
  EXPECT_EQ(c.weekday, 4);  // a Thursday
}

TEST(Time, UnixSecondsRoundDown) {
  EXPECT_EQ(Time{1999}.unix_seconds(), 1);
  EXPECT_EQ(Time{-1}.unix_seconds(), -1);
  EXPECT_EQ(Time{-1000}.unix_seconds(), -1);
}

}  // namespace
}  // namespace twolane
