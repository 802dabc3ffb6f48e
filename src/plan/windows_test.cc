#include "plan/windows.h"

#include <gtest/gtest.h>

#include <array>

namespace twolane::plan {
namespace {

// As DeepSeek has it: twice the price from 01 to 04 and from 06 to 10.
constexpr std::array<PriceStep, 5> steps{{{hours(0), 1}, {hours(1), 2}, {hours(4), 1}, {hours(6), 2}, {hours(10), 1}}};
constexpr Time midnight{1'767'225'600'000};

TEST(Windows, WaitsForTheCheaperHourWhileThereIsTime) {
  const RunsNow r = runs_now(midnight + hours(3), midnight + hours(5), minutes(10), steps);
  EXPECT_FALSE(r.runs);
  EXPECT_EQ(r.until, midnight + hours(4));
}

TEST(Windows, PaysTheDearHourWhereNoOtherIsLeft) {
  EXPECT_TRUE(runs_now(midnight + hours(2), midnight + hours(3), hours(1), steps).runs);
  const RunsNow later = runs_now(midnight + hours(2), midnight + hours(3), minutes(10), steps);
  EXPECT_FALSE(later.runs) << "waiting is free";
  EXPECT_EQ(later.until, midnight + hours(3) - minutes(10));
}

TEST(Windows, WhatDoesNotFitIntoTheCheapHourRunsBefore) {
  // 90 minutes by 05:00: 04:00 to 05:00 is cheap, half an hour is not.
  const RunsNow r = runs_now(midnight + hours(2), midnight + hours(5), minutes(90), steps);
  EXPECT_FALSE(r.runs);
  EXPECT_EQ(r.until, midnight + hours(3) + minutes(30));
  EXPECT_TRUE(runs_now(midnight + hours(3) + minutes(30), midnight + hours(5), minutes(90), steps).runs);
}

TEST(Windows, OnePriceMeansTheLatestTime) {
  EXPECT_EQ(runs_now(midnight, midnight + hours(5), hours(1), std::array<PriceStep, 1>{}).until, midnight + hours(4));
  EXPECT_TRUE(runs_now(midnight, midnight + hours(5), hours(1), {}).runs);
}

}  // namespace
}  // namespace twolane::plan
