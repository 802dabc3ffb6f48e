#include "model/index_ranges.h"

#include <gtest/gtest.h>

#include <set>

namespace twolane {
namespace {

TEST(IndexRanges, TextAndBack) {
  const struct {
    const char* in;
    const char* out;
  } rows[] = {{"", ""},       {"7", "7"},         {"0-3", "0-3"},        {"5,3,4", "3-5"}, {"8-9,0-2", "0-2,8-9"},
              {"0-5,3", "0-5"}, {"0-3,4-9", "0-9"}, {"0-1,3-4,2", "0-4"}, {"4,0-9", "0-9"}};
  for (const auto& row : rows) {
    const auto ranges = IndexRanges::parse(row.in);
    ASSERT_TRUE(ranges) << row.in;
    EXPECT_EQ(ranges->text(), row.out) << row.in;
    EXPECT_EQ(IndexRanges::parse(ranges->text()), ranges) << row.in;
  }
  for (const char* wrong : {"x", "3-", "-3", "3-1", "1,,2", "1,", ",1", "1 2", "1-2-3", "99999999999999999999"})
    EXPECT_FALSE(IndexRanges::parse(wrong)) << wrong;
}

// Beside a set, at every step.
TEST(IndexRanges, AreASet) {
  IndexRanges ranges;
  std::set<int64_t> set;
  uint64_t random = 1;
  const auto draw = [&](uint64_t below) { return static_cast<int64_t>((random = random * 6364136223846793005ull + 1442695040888963407ull) >> 33) % static_cast<int64_t>(below); };
  for (int i = 0; i < 2'000; ++i) {
    const int64_t from = draw(60), to = from + draw(6) - 1;
    if (draw(3) == 0) {
      ranges.remove(from);
      set.erase(from);
    } else {
      ranges.add({from, to});
      for (int64_t k = from; k <= to; ++k) set.insert(k);
    }
    ASSERT_EQ(ranges.count(), static_cast<int64_t>(set.size()));
    for (int64_t k = 0; k < 70; ++k) ASSERT_EQ(ranges.contains(k), set.contains(k)) << i << ' ' << ranges.text();
    for (size_t k = 1; k < ranges.all().size(); ++k) ASSERT_GT(ranges.all()[k].from, ranges.all()[k - 1].to + 1);
  }
}

}  // namespace
}  // namespace twolane
