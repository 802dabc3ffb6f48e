// Windows across midnight, weekends, holidays and zones.
#include "price/window.h"

#include <gtest/gtest.h>

#include "price/book.h"

namespace twolane::price {
namespace {

Time at(std::string_view text) { return parse_rfc3339(text).value(); }

const Window& named(std::string_view name) {
  for (const Window& w : book().windows())
    if (w.name == name) return w;
  ADD_FAILURE() << name;
  return book().windows().front();
}

TEST(Window, PeakHoursOnWorkingDaysOnly) {
  const Window& peak = named("deepseek-peak");
  EXPECT_FALSE(peak.holds(at("2026-11-20T00:59:59Z")));  // Friday
  EXPECT_TRUE(peak.holds(at("2026-11-20T01:00:00Z")));
  EXPECT_TRUE(peak.holds(at("2026-11-20T03:59:59Z")));
  EXPECT_FALSE(peak.holds(at("2026-11-20T04:00:00Z")));
  EXPECT_TRUE(peak.holds(at("2026-11-20T09:59:59Z")));
  EXPECT_FALSE(peak.holds(at("2026-11-20T10:00:00Z")));
  EXPECT_FALSE(peak.holds(at("2026-11-21T02:00:00Z")));  // Saturday
  EXPECT_FALSE(peak.holds(at("2026-11-22T02:00:00Z")));  // Sunday
  EXPECT_TRUE(peak.holds(at("2026-11-23T02:00:00Z")));   // Monday
  EXPECT_FALSE(peak.holds(at("2026-10-01T02:00:00Z")));  // a public holiday, Thursday
}

TEST(Window, AcrossMidnight) {
  const Window& night = named("deepseek-2025");
  EXPECT_FALSE(night.holds(at("2025-06-10T16:29:59Z")));
  EXPECT_TRUE(night.holds(at("2025-06-10T16:30:00Z")));
  EXPECT_TRUE(night.holds(at("2025-06-10T23:59:59Z")));
  EXPECT_TRUE(night.holds(at("2025-06-11T00:29:59Z")));
  EXPECT_FALSE(night.holds(at("2025-06-11T00:30:00Z")));
}

TEST(Window, ASpanPastMidnightBelongsToTheDayItBeganOn) {
  const Window friday{.name = "friday night", .weekdays = 1 << 5, .spans = {{22 * 60, 6 * 60}}};
  EXPECT_FALSE(friday.holds(at("2026-11-20T02:00:00Z")));  // the night of Thursday
  EXPECT_TRUE(friday.holds(at("2026-11-20T22:00:00Z")));
  EXPECT_TRUE(friday.holds(at("2026-11-21T05:59:00Z")));  // Saturday morning
  EXPECT_FALSE(friday.holds(at("2026-11-21T22:00:00Z")));
}

TEST(Window, ZonesShiftTheDay) {
  const Window beijing{
      .name = "monday", .zone_minutes = 480, .weekdays = 1 << 1, .spans = {{0, 1440}}};
  EXPECT_TRUE(beijing.holds(at("2026-11-22T16:00:00Z")));  // Monday 00:00 there, Sunday here
  EXPECT_FALSE(beijing.holds(at("2026-11-22T15:59:59Z")));
  EXPECT_FALSE(beijing.holds(at("2026-11-23T16:00:00Z")));
  EXPECT_EQ(beijing.text(), "00:00-00:00 UTC+08:00 Mon");
}

TEST(Window, NextChangeSkipsTheWeekend) {
  const Window& peak = named("deepseek-peak");
  EXPECT_EQ(peak.next_change(at("2026-11-20T03:00:00Z")), at("2026-11-20T04:00:00Z"));
  EXPECT_EQ(peak.next_change(at("2026-11-20T10:00:00Z")), at("2026-11-23T01:00:00Z"));
  EXPECT_EQ(peak.text(), "01:00-04:00, 06:00-10:00 UTC Mon-Fri");
}

TEST(Window, BeforeTheEpochToo) {
  const Window always{.name = "noon", .spans = {{12 * 60, 13 * 60}}};
  EXPECT_TRUE(always.holds(at("1969-12-31T12:30:00Z")));
  EXPECT_FALSE(always.holds(at("1969-12-31T11:59:00Z")));
}

}  // namespace
}  // namespace twolane::price
