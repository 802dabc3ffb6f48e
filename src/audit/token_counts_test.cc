#include "audit/token_counts.h"

#include <gtest/gtest.h>

namespace twolane::audit {
namespace {

TokenCounts counts(std::initializer_list<std::pair<Slot, int64_t>> of) {
  TokenCounts c;
  for (const auto& [slot, n] : of) c.set(slot, n);
  return c;
}

TEST(TokenCounts, CachedTokensInsideTheInputAreTakenOut) {
  const auto c = counts({{Slot::input, 1000}, {Slot::cache_read, 800}, {Slot::output, 50}, {Slot::reasoning, 20}});
  EXPECT_EQ(c.usage(Cached::inside), (Usage{200, 800, 0, 0, 50, 20}));
  EXPECT_EQ(c.usage(Cached::beside), (Usage{1000, 800, 0, 0, 50, 20}));
}

TEST(TokenCounts, MoreCachedThanInputCannotBeInside) {
  const auto c = counts({{Slot::input, 100}, {Slot::cache_read, 800}, {Slot::cache_write, 40}, {Slot::output, 1}});
  EXPECT_EQ(c.usage(Cached::inside), (Usage{100, 800, 40, 0, 1, 0}));
}

TEST(TokenCounts, TheTotalDecidesWhereSdksDiffer) {
  const auto beside = counts({{Slot::input, 200}, {Slot::cache_read, 800}, {Slot::output, 50}, {Slot::total, 1050}});
  EXPECT_EQ(beside.usage(Cached::by_total), (Usage{200, 800, 0, 0, 50, 0}));
  const auto inside = counts({{Slot::input, 1000}, {Slot::cache_read, 800}, {Slot::output, 50}, {Slot::total, 1050}});
  EXPECT_EQ(inside.usage(Cached::by_total), (Usage{200, 800, 0, 0, 50, 0}));
  const auto thinking = counts({{Slot::input, 10}, {Slot::output, 50}, {Slot::reasoning, 30}, {Slot::total, 90}});
  EXPECT_EQ(thinking.usage(Cached::by_total), (Usage{10, 0, 0, 0, 80, 30}));
}

TEST(TokenCounts, WritesByLifetime) {
  EXPECT_EQ(counts({{Slot::input, 5}, {Slot::cache_write, 1500}, {Slot::cache_write_1h, 1000}}).usage(Cached::beside),
            (Usage{5, 0, 500, 1000, 0, 0}));
  EXPECT_EQ(counts({{Slot::input, 5}, {Slot::cache_write_5m, 7}, {Slot::cache_write_1h, 9}}).usage(Cached::beside),
            (Usage{5, 0, 7, 9, 0, 0}));
}

TEST(TokenCounts, ThoughtsStandOutsideTheOutput) {
  EXPECT_EQ(counts({{Slot::input, 5}, {Slot::output, 10}, {Slot::thoughts, 90}}).usage(Cached::inside),
            (Usage{5, 0, 0, 0, 100, 90}));
}

TEST(TokenCounts, NothingKnownIsNothing) {
  EXPECT_EQ(counts({{Slot::cache_read, 5}}).usage(Cached::inside), std::nullopt);
  EXPECT_EQ(counts({{Slot::total, 15}, {Slot::output, 5}}).usage(Cached::inside), (Usage{10, 0, 0, 0, 5, 0}));
}

}  // namespace
}  // namespace twolane::audit
