// Repeats are found whether the hashes fit in memory or were spilled.
#include "patient/id_set.h"

#include <gtest/gtest.h>

#include <map>

namespace twolane::patient {
namespace {

std::vector<std::vector<int64_t>> repeats(size_t run_entries) {
  IdSet ids("", run_entries);
  for (int64_t i = 0; i < 20'000; ++i)
    EXPECT_TRUE(ids.add("id-" + std::to_string(i % 19'990), i));  // the last ten repeat the first
  EXPECT_TRUE(ids.add("id-7", 20'000));
  std::vector<std::vector<int64_t>> found;
  EXPECT_TRUE(ids.candidates([&](std::span<const int64_t> group) -> Status {
    found.emplace_back(group.begin(), group.end());
    return {};
  }));
  std::sort(found.begin(), found.end());
  return found;
}

TEST(IdSet, FindsRepeats) {
  const auto in_memory = repeats(1 << 20);
  ASSERT_EQ(in_memory.size(), 10u);
  EXPECT_EQ(in_memory[3], (std::vector<int64_t>{3, 19'993}));
  EXPECT_EQ(in_memory[7], (std::vector<int64_t>{7, 19'997, 20'000}));
  EXPECT_EQ(repeats(1000), in_memory);
  EXPECT_EQ(repeats(20'001), in_memory);
}

TEST(IdSet, StopsAtAnError) {
  IdSet ids("");
  EXPECT_TRUE(ids.add("a", 0));
  EXPECT_TRUE(ids.add("a", 1));
  const Status status = ids.candidates([](auto) -> Status { return fail("x", "y"); });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "x");
}

}  // namespace
}  // namespace twolane::patient
