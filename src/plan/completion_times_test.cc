// The estimator against what it must not be fooled by: survivors, batches that share a day, old regimes.
#include "plan/completion_times.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace twolane::plan {
namespace {

Duration about(double minutes_) { return {static_cast<int64_t>(minutes_ * 60'000)}; }

TEST(CompletionTimes, KnowsNothingButWhatIsPublished) {
  const CompletionTimes t;
  EXPECT_EQ(t.days(), 0);
  EXPECT_NEAR(t.quantile(0.485).seconds(), 600, 30);
  EXPECT_NEAR(t.beyond(minutes(60)), 0.127, 0.02);
  EXPECT_GE(t.beyond(hours(25)), 0.029) << "3 % never end";
  EXPECT_GT(t.late(Duration{0}, minutes(60)), t.beyond(minutes(60))) << "a bound, not an average";
  EXPECT_EQ(t.late(Duration{0}, Duration{0}), 1);
}

TEST(CompletionTimes, LearnsALaneOfTwoMinutes) {
  CompletionTimes t;
  for (int day = 1; day <= 60; ++day) t.ended(day, minutes(2));
  EXPECT_LT(t.quantile(0.5), minutes(3));
  EXPECT_LT(t.late(Duration{0}, minutes(30)), 0.05);
  EXPECT_LE(t.upper(0.9), minutes(45));
}

TEST(CompletionTimes, CancelledBatchesAreNotForgotten) {
  CompletionTimes survivors, all;
  for (int day = 1; day <= 100; ++day) {
    // Every other batch takes for ever and is cancelled after 20 minutes.
    if (day % 2) survivors.ended(day, minutes(5)), all.ended(day, minutes(5));
    else all.not_ended(day, minutes(20));
  }
  EXPECT_LT(survivors.beyond(minutes(30)), 0.1);
  EXPECT_GT(all.beyond(minutes(30)), 0.3);
}

TEST(CompletionTimes, AThousandBatchesOfOneNightAreLittleMoreThanOne) {
  CompletionTimes one, many;
  one.ended(1, minutes(5));
  for (int i = 0; i < 1000; ++i) many.ended(1, minutes(5));
  EXPECT_NEAR(one.days(), 1, 1e-9);
  EXPECT_LT(many.days(), 1.5);
  EXPECT_GT(many.late(Duration{0}, hours(1)), 0.02);
}

TEST(CompletionTimes, TwoStrangeDaysChangeItsMind) {
  CompletionTimes t;
  for (int day = 1; day <= 60; ++day) t.ended(day, minutes(2));
  t.ended(61, hours(15));
  const double after_one = t.beyond(hours(1));
  t.ended(62, hours(15));
  t.ended(63, hours(15));  // closes the second strange day
  EXPECT_LT(after_one, 0.15);
  EXPECT_GT(t.beyond(hours(1)), 0.2);
  EXPECT_LT(t.days(), 15);
}

TEST(CompletionTimes, AnOldLaneIsForgotten) {
  CompletionTimes t;
  for (int day = 1; day <= 60; ++day) t.ended(day, minutes(2));
  const double then = t.days();
  t.ended(60 + 120, minutes(2));
  EXPECT_NEAR(t.days(), then / 4 + 1, 1);
}

TEST(CompletionTimes, AsABatchAgesTheBoundFollows) {
  CompletionTimes t;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  for (int day = 1; day <= 300; ++day) {
    if (day % 20 == 0) t.not_ended(day, hours(24));  // dead days
    else t.ended(day, about(30 * std::exp(0.9 * normal(random))));
  }
  EXPECT_LT(t.late(Duration{0}, hours(6)), 0.12);
  EXPECT_GT(t.late(hours(5), hours(6)), 0.6) << "what has not moved in five hours is probably dead";
}

// Section 4 of the study: one-step coverage of the 95 % bound, on steady days and after a shift.
TEST(CompletionTimes, TheBoundCoversBeforeAndAfterAShift) {
  std::normal_distribution<double> normal;
  int steady = 0, steady_n = 0, shifted = 0, shifted_n = 0;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    CompletionTimes t;
    for (int day = 1; day <= 330; ++day) {
      const bool busy = day > 300;
      const double took = (busy ? 120 : 20) * std::exp((busy ? 0.843 : 0.770) * normal(random));
      const bool covered = about(took) <= t.upper(0.95);
      if (day > 59 && !busy) steady += covered, ++steady_n;
      if (busy) shifted += covered, ++shifted_n;
      t.ended(day, about(took));
    }
  }
  EXPECT_GE(static_cast<double>(steady) / steady_n, 0.97);
  EXPECT_GE(static_cast<double>(shifted) / shifted_n, 0.95);
}

TEST(CompletionTimes, IsRestoredAsItWas) {
  CompletionTimes t;
  for (int day = 1; day <= 30; ++day) {
    t.ended(day, minutes(day));
    t.not_ended(day, hours(day % 20));
  }
  auto again = CompletionTimes::restored(t.saved());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->saved(), t.saved());
  EXPECT_EQ(again->late(minutes(5), hours(1)), t.late(minutes(5), hours(1)));
  t.set_prior(CompletionTimes().curve());
  again = CompletionTimes::restored(t.saved());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->saved(), t.saved());
  for (int share = 1; share < 100; ++share) {
    EXPECT_EQ(again->quantile(share / 100.0), t.quantile(share / 100.0)) << share;
    EXPECT_EQ(again->upper(share / 100.0), t.upper(share / 100.0)) << share;
  }
  for (std::string_view bad : {"", "1 1 1 0 | 3e | 5 5", "1 1 1 0 | |", "2 0 0 0 |", "1 1 1", "1 1 1 0 300:1:1 |", "1 1 1 0 | 3x"})
    EXPECT_FALSE(CompletionTimes::restored(bad)) << bad;
}

}  // namespace
}  // namespace twolane::plan
