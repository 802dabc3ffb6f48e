#include "app/sample.h"

#include <gtest/gtest.h>

namespace twolane::app {
namespace {

TEST(Sample, TakesTheFirstTheLastAndEvenlySpacedOnesBetween) {
  using V = std::vector<int64_t>;
  EXPECT_EQ(spaced_indexes(13083, 3), (V{0, 6541, 13082}));
  EXPECT_EQ(spaced_indexes(13083, 1), (V{0}));
  EXPECT_EQ(spaced_indexes(2, 5), (V{0, 1}));
  EXPECT_EQ(spaced_indexes(5, 5), (V{0, 1, 2, 3, 4}));
  EXPECT_EQ(spaced_indexes(0, 3), V{});
}

}  // namespace
}  // namespace twolane::app
