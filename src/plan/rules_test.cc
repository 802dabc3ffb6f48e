#include "plan/rules.h"

#include <gtest/gtest.h>

namespace twolane::plan {
namespace {

TEST(Rules, MarginAndLeadGrowWithTheJobAndStop) {
  EXPECT_EQ(margin(minutes(30)), minutes(2) + seconds(30));
  EXPECT_EQ(margin(hours(1)), minutes(3) + seconds(30));
  EXPECT_EQ(margin(hours(24)), minutes(5) + seconds(30));
  EXPECT_EQ(cancel_lead(minutes(30)), minutes(6));
  EXPECT_EQ(cancel_lead(hours(6)), minutes(11));
}

TEST(Rules, WhoWantsCertaintyDoesNotGamble) {
  EXPECT_NEAR(gamble(0.99), 0.05, 1e-9);
  EXPECT_EQ(gamble(0.999), 0);
  EXPECT_EQ(gamble(1), 0);
  EXPECT_DOUBLE_EQ(gamble(0.5), 0.1) << "never more than a tenth";
}

TEST(Rules, AChainSharesItsTime) {
  const Time noon{1'800'000'000'000};
  EXPECT_EQ(step_deadline(noon, noon + hours(10), 9), noon + hours(1));
  EXPECT_EQ(step_deadline(noon + hours(9), noon + hours(10), 0), noon + hours(10));
}

TEST(Rules, BatchesAreAsLargeAsTheDrainCanUse) {
  EXPECT_EQ(batch_size(100'000, {.live_per_minute = 1000}), 10'000);
  EXPECT_EQ(batch_size(100'000, {.live_per_minute = 60}), 600);
  EXPECT_EQ(batch_size(1000, {.live_per_minute = 1000}), 250) << "four witnesses";
  EXPECT_EQ(batch_size(999, {.live_per_minute = 1000}), 10'000);
  EXPECT_EQ(batch_size(100'000, {.provider_requests = 5000, .quota_requests = 8000, .live_per_minute = 1000}), 2000);
  EXPECT_EQ(batch_size(1, {.quota_requests = 2}), 1);
  EXPECT_EQ(flush_after(minutes(30)), seconds(90));
  EXPECT_EQ(flush_after(hours(24)), minutes(15));
}

TEST(Rules, OvertakenByThreePeersNotByTwo) {
  const Time noon{1'800'000'000'000};
  std::vector<PeerEnd> ended{{noon, minutes(5)}, {noon, minutes(7)}};
  EXPECT_GT(overtaken_at(noon, ended), noon + days(300));
  ended.push_back({noon - minutes(1), minutes(5)});
  EXPECT_GT(overtaken_at(noon, ended), noon + days(300)) << "sent earlier: no overtaker";
  ended.push_back({noon + minutes(1), minutes(6)});
  EXPECT_EQ(overtaken_at(noon, ended), noon + minutes(31));
}

TEST(Rules, ALoneBatchIsSentAgainWhenItIsProbablyDead) {
  CompletionTimes times;
  for (int day = 1; day <= 200; ++day)
    if (day % 20 == 0) times.not_ended(day, hours(24));
    else times.ended(day, minutes(20 + day * 7 % 20));
  EXPECT_FALSE(restart_lone(times, minutes(30), hours(20), 0));
  EXPECT_TRUE(restart_lone(times, hours(4), hours(8), 0));
  EXPECT_FALSE(restart_lone(times, hours(4), minutes(10), 0)) << "too late for another";
}

TEST(Rules, WorthMovingCountsPriceAndChance) {
  EXPECT_TRUE(worth_moving({0.5, 0.1}, {0.5, 0.9}));
  EXPECT_FALSE(worth_moving({0.5, 0.9}, {0.6, 0.95}));
}

TEST(Rules, AMillionTakesNothingFromAHundred) {
  const std::vector<Claim> claims{{1e6, 1}, {100, 1}, {1e6, 2}};
  const auto got = shares(1000, claims);
  EXPECT_DOUBLE_EQ(got[1], 100);
  EXPECT_DOUBLE_EQ(got[0], 300);
  EXPECT_DOUBLE_EQ(got[2], 600);
  EXPECT_DOUBLE_EQ(shares(10, std::vector<Claim>{{3, 1}, {3, 1}})[1], 3) << "enough for all";
  EXPECT_TRUE(shares(10, {}).empty());
}

}  // namespace
}  // namespace twolane::plan
