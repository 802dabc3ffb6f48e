#include "plan/live_rate.h"

#include <gtest/gtest.h>

namespace twolane::plan {
namespace {

TEST(LiveRate, TheLeastOfTheLimitsCounts) {
  LiveRate rate;
  EXPECT_EQ(rate.allowed_per_minute(), LiveRate::unknown_per_minute);
  rate.allow({.requests_per_minute = 1000, .input_tokens_per_minute = 200'000, .output_tokens_per_minute = 40'000, .in_flight = 32});
  EXPECT_EQ(rate.allowed_per_minute(), 1000);
  EXPECT_EQ(rate.allowed_per_minute({.input_tokens = 400}), 500);
  EXPECT_EQ(rate.allowed_per_minute({.input_tokens = 400, .output_tokens = 200}), 200);
  // A reasoning model: 32 calls of four minutes each are eight a minute.
  EXPECT_EQ(rate.allowed_per_minute({.latency = minutes(4)}), 8);
}

TEST(LiveRate, CountsOnLessThanIsAllowed) {
  LiveRate rate;
  rate.allow({.requests_per_minute = 1000});
  EXPECT_DOUBLE_EQ(rate.per_minute(Pace::measured), 850);
  EXPECT_DOUBLE_EQ(rate.per_minute(Pace::stressed), 450);
  rate.reserve(0.2);
  rate.headroom(0.3);
  EXPECT_DOUBLE_EQ(rate.per_minute(Pace::measured), 1000 * 0.8 * 0.7 * 0.85);
}

TEST(LiveRate, ALowQuantileOfWhatWasMeasured) {
  LiveRate rate;
  rate.allow({.requests_per_minute = 1000});
  for (int i = 0; i < 9; ++i) rate.measured(950);
  EXPECT_DOUBLE_EQ(rate.per_minute(Pace::measured), 850) << "nine are not enough";
  for (int i = 0; i < 20; ++i) rate.measured(i < 4 ? 500 : 950);
  EXPECT_DOUBLE_EQ(rate.per_minute(Pace::measured), 500);
  EXPECT_EQ(rate.need_us(Pace::measured), 120'000);
}

}  // namespace
}  // namespace twolane::plan
