// Figures as people read them add up and hide nothing.
#include "app/figures.h"

#include <gtest/gtest.h>

#include <vector>

namespace twolane::app {
namespace {

TEST(Figures, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(13083), "13,083");
  EXPECT_EQ(grouped(1000000), "1,000,000");
  EXPECT_EQ(grouped(-13083), "-13,083");
  EXPECT_EQ(grouped(-130), "-130");
  EXPECT_EQ(counted(1, "request"), "1 request");
  EXPECT_EQ(counted(2, "batch"), "2 batches");
}

TEST(Figures, SmallMoneyIsNotZero) {
  EXPECT_EQ(spoken_usd({}), "0.00");
  EXPECT_EQ(spoken_usd(PicoUsd::from_usd(5)), "5.00");
  EXPECT_EQ(spoken_usd({4'926'000'000'000}), "4.93");
  EXPECT_EQ(spoken_usd({4'200'000'000}), "0.0042");
  EXPECT_EQ(spoken_usd({1}), "0.000000000001");
}

TEST(Figures, DecimalsAreTheFewestThatAddUp) {
  const std::vector<PicoUsd> exact = {{1'250'000'000'000}, {2'250'000'000'000}};
  EXPECT_EQ(decimals_that_add_up(exact, {3'500'000'000'000}), 2);
  // At two decimals 3.22 + 0.13 + 0.08 + 0.01 is not 3.45; at three 0.010 is coarse.
  const std::vector<PicoUsd> lanes = {
      {3'220'400'000'000}, {132'300'000'000}, {84'600'000'000}, {9'900'000'000}};
  EXPECT_EQ(decimals_that_add_up(lanes, {3'447'200'000'000}), 4);
  const std::vector<PicoUsd> tiny = {{PicoUsd::from_usd(1)}, {100}};
  EXPECT_EQ(decimals_that_add_up(tiny, {1'000'000'000'100}), 11);
}

TEST(Figures, Shares) {
  EXPECT_EQ(share({492}, {1000}), "49.2 %");
  EXPECT_EQ(share({-5}, {1000}), "-0.5 %");
  EXPECT_EQ(share({5}, {}), "0.0 %");
}

}  // namespace
}  // namespace twolane::app
