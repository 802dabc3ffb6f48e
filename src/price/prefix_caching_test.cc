// Worked by hand at USD 1.00 a million tokens of input.
#include "price/prefix_caching.h"

#include <gtest/gtest.h>

namespace twolane::price {
namespace {

constexpr int64_t usd_per_million = 1'000'000;  // PicoUsd per token

Rates rates(double read, double write_1h) {
  Rates r;
  r.fresh.n = usd_per_million;
  r.cache_read.n = static_cast<int64_t>(read * usd_per_million);
  r.cache_write_1h.n = static_cast<int64_t>(write_1h * usd_per_million);
  r.output.n = 5 * usd_per_million;
  return r;
}

std::string added(CacheWay way, const Rates& r, const PrefixUse& use, int64_t hits) {
  const auto cost = added_cost(way, r, use, hits);
  return cost ? exact_usd(*cost) : "unknown";
}

TEST(PrefixCaching, AnHoursWritePaysFromAboutHalfOfTheRequestsOn) {
  const Rates anthropic = rates(0.1, 2.0);
  EXPECT_EQ(break_even_hits(anthropic), 527);  // 1.0 / 1.9, rounded up
  const PrefixUse use{1'000, 2'000, {}, {}};   // two million tokens: 2.00 plain
  EXPECT_EQ(added(CacheWay::marked, anthropic, use, 1000), "-1.80");
  EXPECT_EQ(added(CacheWay::marked, anthropic, use, 527), "-0.0026");
  EXPECT_EQ(added(CacheWay::marked, anthropic, use, 526), "0.0012");
  EXPECT_EQ(added(CacheWay::marked, anthropic, use, 300), "0.86");
}

TEST(PrefixCaching, AutomaticCachingNeverCosts) {
  EXPECT_EQ(added(CacheWay::automatic, rates(0.1, 1.0), {1'000, 2'000, {}, {}}, 500), "-0.90");
  EXPECT_EQ(added(CacheWay::automatic, rates(0.1, 1.0), {1'000, 2'000, {}, {}}, 0), "0.00");
  EXPECT_EQ(break_even_hits(rates(0.1, 1.0)), 0);
}

TEST(PrefixCaching, AnExplicitCacheIsWrittenOnceAndKeptForAFee) {
  const PrefixUse use{100, 10'000, hours(2), PicoUsdPerToken{usd_per_million}};
  // Written: 0.01; kept: 0.02; each of 100 requests saves 0.009.
  EXPECT_EQ(added(CacheWay::explicit_, rates(0.1, 0), use, 1000), "-0.87");
  EXPECT_EQ(break_even_requests(rates(0.1, 0), use), 4);
}

TEST(PrefixCaching, WhatIsUnknownStaysUnknown) {
  Rates r = rates(0.1, 2.0);
  r.unknown = 1 << static_cast<int>(Kind::cache_write_1h);
  EXPECT_EQ(added(CacheWay::marked, r, {10, 10, {}, {}}, 500), "unknown");
  EXPECT_EQ(break_even_hits(r), std::nullopt);
  EXPECT_EQ(added(CacheWay::explicit_, r, {10, 10, hours(1), {}}, 500), "unknown");
  EXPECT_EQ(break_even_hits(rates(1.0, 2.0)), std::nullopt);
}

TEST(PrefixCaching, FlexHitsMoreOftenThanBatchesAndSynchronousCallsMost) {
  for (const CacheWay way : {CacheWay::automatic, CacheWay::marked}) {
    const auto batch = hit_rate(way, ServiceTier::batch), flex = hit_rate(way, ServiceTier::flex),
               sync = hit_rate(way, ServiceTier::standard);
    EXPECT_LT(batch.expected, flex.expected);
    EXPECT_LT(flex.expected, sync.expected);
    EXPECT_LE(batch.low, batch.expected);
  }
  EXPECT_EQ(hit_rate(CacheWay::none, ServiceTier::batch).high, 0);
}

}  // namespace
}  // namespace twolane::price
