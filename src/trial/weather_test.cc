// The lanes of the trials have the distributions that the study names.
#include "trial/weather.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace twolane::trial {
namespace {

constexpr int many = 4000;

std::vector<double> first_batches(const Weather& weather, int days) {
  std::vector<double> takes;
  for (int day = 0; day < days; ++day) takes.push_back(weather.batch_takes(day * day_minutes, static_cast<uint64_t>(day), 0, 0));
  std::sort(takes.begin(), takes.end());
  return takes;
}

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

TEST(Weather, NormalAndItsInverse) {
  for (const double p : {1e-6, 0.01, 0.3, 0.5, 0.975, 1 - 1e-6}) EXPECT_NEAR(normal_below(normal_at(p)), p, 1e-8);
  EXPECT_NEAR(normal_at(0.975), 1.959964, 1e-5);
}

TEST(Weather, CalmAndBusyHaveTheirQuantiles) {
  const auto calm = first_batches(Weather(Kind::calm, 1, many), many);
  EXPECT_NEAR(quantile(calm, 0.5), 20, 1);
  EXPECT_NEAR(quantile(calm, 0.99), 120, 15);
  const auto busy = first_batches(Weather(Kind::busy, 1, many), many);
  EXPECT_NEAR(quantile(busy, 0.5), 120, 8);
  EXPECT_NEAR(quantile(busy, 0.95), 480, 50);
}

TEST(Weather, OutageHasDeadDaysAndDeadBatches) {
  const Weather weather(Kind::outage, 1, many);
  int dead = 0, dead_days = 0;
  for (int day = 0; day < many; ++day) {
    const double at = day * day_minutes;
    const auto job = static_cast<uint64_t>(day);
    dead += std::isinf(weather.batch_takes(at, job, 0, 0));
    bool all = true;
    for (uint64_t n = 0; n < 8; ++n) all = all && std::isinf(weather.batch_takes(at, job, n, 0));
    dead_days += all;
  }
  EXPECT_NEAR(static_cast<double>(dead_days) / many, 0.05, 0.01);
  EXPECT_NEAR(static_cast<double>(dead) / many, 0.05 + 0.95 * 0.053, 0.015);
}

TEST(Weather, BatchesOfADayShareMostOfTheirFate) {
  const Weather weather(Kind::busy, 1, many);
  double xy = 0, xx = 0;
  for (int day = 0; day < many; ++day) {
    const double at = day * day_minutes;
    const double x = std::log(weather.batch_takes(at, static_cast<uint64_t>(day), 0, 0) / 120);
    const double y = std::log(weather.batch_takes(at, static_cast<uint64_t>(day), 1, 0) / 120);
    xy += x * y;
    xx += x * x;
  }
  EXPECT_NEAR(xy / xx, 0.7, 0.04);
}

TEST(Weather, BlackoutsTakeTenMinutesEveryTwoDays) {
  const Weather weather(Kind::calm, 1, many);
  const double all = many * day_minutes;
  EXPECT_NEAR(1 - weather.live_between(0, all) / all, 10.0 / (48 * 60 + 10), 0.0006);
  const double end = weather.live_end(1000, 5000);
  EXPECT_NEAR(weather.live_between(1000, end), 5000, 1e-6);
}

TEST(Weather, ANumberBelongsToItsPurposeAlone) {
  const Weather a(Kind::field, 7, 50), b(Kind::field, 7, 500);
  EXPECT_EQ(a.batch_takes(40 * day_minutes, 40, 3, 100), b.batch_takes(40 * day_minutes, 40, 3, 100));
  EXPECT_NE(a.batch_takes(40 * day_minutes, 40, 3, 100), a.batch_takes(40 * day_minutes, 40, 4, 100));
  EXPECT_NE(a.batch_takes(40 * day_minutes, 40, 3, 100), Weather(Kind::field, 8, 50).batch_takes(40 * day_minutes, 40, 3, 100));
}

TEST(Weather, AFrozenLaneEndsNothing) {
  const Weather weather(Kind::calm, 1, 20, {.frozen_from = 360, .frozen_until = 960});
  for (int day = 0; day < 20; ++day) {
    const double at = day * day_minutes + 350;
    const double end = at + weather.batch_takes(at, static_cast<uint64_t>(day), 0, 0) - day * day_minutes;
    EXPECT_TRUE(end < 360 || end >= 960) << end;
  }
}

}  // namespace
}  // namespace twolane::trial
