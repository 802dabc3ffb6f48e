// The tree against the definition: random work, added, taken away and asked about in both ways.
#include "plan/deadline_tree.h"

#include <gtest/gtest.h>

#include <random>

namespace twolane::plan {
namespace {

constexpr Time noon{1'800'000'000'000};

TEST(DeadlineTree, NothingBookedNeverStarts) {
  DeadlineTree tree;
  EXPECT_EQ(tree.latest_start(), DeadlineTree::never);
  EXPECT_EQ(tree.latest_start_from(noon), DeadlineTree::never);
  EXPECT_FALSE(tree.last_starting_by(noon));
  tree.move_to(noon);
  tree.add(noon + hours(1), 60'000'000);
  tree.add(noon + hours(1), -60'000'000);
  EXPECT_EQ(tree.latest_start(), DeadlineTree::never);
}

TEST(DeadlineTree, TheDrainOfTenMinutesStartsTenMinutesBefore) {
  DeadlineTree tree;
  tree.move_to(noon);
  tree.add(noon + hours(6), minutes(10).ms * 1000);
  EXPECT_EQ(tree.latest_start(), noon + hours(6) - minutes(10));
}

TEST(DeadlineTree, EarlierWorkIsInTheWayOfLaterWork) {
  DeadlineTree tree;
  tree.move_to(noon);
  tree.add(noon + hours(2), minutes(30).ms * 1000);
  tree.add(noon + hours(2) + minutes(10), minutes(60).ms * 1000);
  // Alone the first might start at 13:30; the second needs 90 minutes until 14:10.
  EXPECT_EQ(tree.latest_start(), noon + minutes(40));
  EXPECT_EQ(tree.latest_start_from(noon + hours(2)), noon + minutes(40));
  EXPECT_EQ(tree.need_by(noon + hours(2)), minutes(30).ms * 1000);
}

TEST(DeadlineTree, AgreesWithTheDefinition) {
  std::mt19937_64 random(7);
  DeadlineTree tree(seconds(1), 8);  // 256 s
  tree.move_to(noon);
  std::map<int64_t, int64_t> work;
  for (int step = 0; step < 4000; ++step) {
    const int64_t second = static_cast<int64_t>(random() % 256);
    int64_t need = static_cast<int64_t>(random() % 3'000'000);
    if (random() % 2 && work.contains(second)) need = -work[second];
    tree.add(noon + seconds(second), need);
    if ((work[second] += need) == 0) work.erase(second);

    const int64_t from = static_cast<int64_t>(random() % 256);
    const int64_t at = static_cast<int64_t>(random() % 512) - 256;
    int64_t sum = 0, all = INT64_MAX, tail = INT64_MAX, last = -1;
    for (const auto& [d, w] : work) {
      sum += w;
      const int64_t start = d * 1'000'000 - sum;
      all = std::min(all, start);
      if (d >= from) tail = std::min(tail, start);
      if (start <= at * 1'000'000 + 999) last = d;
    }
    const auto ms = [](int64_t us) { return us >= 0 ? us / 1000 : (us - 999) / 1000; };
    ASSERT_EQ(tree.latest_start(), work.empty() ? DeadlineTree::never : noon + milliseconds(ms(all)));
    ASSERT_EQ(tree.latest_start_from(noon + seconds(from)),
              tail == INT64_MAX ? DeadlineTree::never : noon + milliseconds(ms(tail)));
    const auto found = tree.last_starting_by(noon + seconds(at));
    ASSERT_EQ(found.has_value(), last >= 0);
    if (found) ASSERT_EQ(*found, noon + seconds(last + 1));
  }
}

TEST(DeadlineTree, TimePassesAndDistantDeadlinesComeIntoView) {
  DeadlineTree tree(seconds(1), 8);
  tree.move_to(noon);
  tree.add(noon + seconds(10), 1'000'000);
  tree.add(noon + seconds(300), 2'000'000);  // beyond the span
  EXPECT_EQ(tree.latest_start(), noon + seconds(9));
  EXPECT_EQ(tree.latest_start_from(noon + seconds(300)), DeadlineTree::never);
  tree.move_to(noon + seconds(200));
  EXPECT_EQ(tree.latest_start_from(noon + seconds(300)), noon + seconds(297)) << "what is past due is in its way";
  EXPECT_EQ(tree.latest_start(), noon + seconds(199)) << "past due: at once";
  tree.add(noon + seconds(10), -1'000'000);
  EXPECT_EQ(tree.latest_start(), noon + seconds(298));
}

}  // namespace
}  // namespace twolane::plan
