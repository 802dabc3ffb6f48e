// From answers to hit rates: how much evidence is needed, and what it moves.
#include "patient/hit_rates.h"

#include <gtest/gtest.h>

namespace twolane::patient {
namespace {

using price::CacheWay;

TEST(HitsSeen, TooFewAreNoEvidence) {
  const auto few = hits_seen(CacheWay::marked, ServiceTier::batch, 3, 199, 199);
  EXPECT_EQ(few.requests, 0);
  EXPECT_EQ(few.rate.expected, price::hit_rate(CacheWay::marked, ServiceTier::batch).expected);
}

// Assumed in batches: 300, 650, 980. One job draws the bounds together by the root of two.
TEST(HitsSeen, MoveTheMiddleAndDrawTheBoundsTogether) {
  const auto one = hits_seen(CacheWay::marked, ServiceTier::batch, 1, 200, 100);
  EXPECT_EQ(one.requests, 200);
  EXPECT_EQ(one.rate.expected, 500);
  EXPECT_EQ(one.rate.low, 500 - 247);
  EXPECT_EQ(one.rate.high, 500 + 233);
  const auto many = hits_seen(CacheWay::marked, ServiceTier::batch, 99, 20'000, 10'000);
  EXPECT_EQ(many.rate.low, 465);
  EXPECT_EQ(many.rate.high, 533);
  EXPECT_EQ(hits_seen(CacheWay::automatic, ServiceTier::batch, 1, 200, 200).rate.high, 1000);
  EXPECT_EQ(hits_seen(CacheWay::automatic, ServiceTier::batch, 1, 200, 0).rate.low, 0);
}

TEST(HitsSeen, ContentsAreNamedAndThereforeFound) {
  const auto named = hits_seen(CacheWay::explicit_, ServiceTier::batch, 9, 9'000, 10);
  EXPECT_EQ(named.rate.expected, 1000);
  EXPECT_EQ(named.requests, 0);
}

}  // namespace
}  // namespace twolane::patient
