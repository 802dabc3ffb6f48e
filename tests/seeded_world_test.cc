// Seeds of the seeded world. TWOLANE_SEEDS=N runs N of them (500 by default), from TWOLANE_SEED on; the
// shards of a test runner share them. A seed that breaks a law prints the command that replays it.
#include "seeded_world/world.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace twolane::seeded {
namespace {

int64_t number(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

void run(uint64_t seed, Tally& sum) {
  World world(seed);
  world.verbose = std::getenv("TWOLANE_VERBOSE") != nullptr;
  const std::vector<std::string> broken = world.live();
  const Tally& t = world.tally();
  for (const std::string& law : broken) ADD_FAILURE() << "seed " << seed << ": " << law;
  if (!broken.empty())
    std::printf("replay: TWOLANE_SEED=%llu TWOLANE_SEEDS=1 TWOLANE_VERBOSE=1 %s\n",
                static_cast<unsigned long long>(seed), "build/release/seeded_world_test");
  sum.restarts += t.restarts;
  sum.batches += t.batches;
  sum.requests += t.requests;
  sum.answered += t.answered;
  sum.failed += t.failed;
  sum.charges += t.charges;
  sum.contents += t.contents;
  sum.deleted_contents += t.deleted_contents;
  sum.unheard += t.unheard;
  sum.paid_twice += t.paid_twice;
  sum.unfinished_jobs += t.unfinished_jobs;
  sum.cut += t.cut;
  sum.followed += t.followed;
  sum.flex += t.flex;
  sum.shed += t.shed;
}

// Four shares, so that a test runner can put them on several cores.
class SeededWorld : public ::testing::TestWithParam<int> {};

TEST_P(SeededWorld, KeepsTheLaws) {
  const int64_t first = number("TWOLANE_SEED", 1), count = number("TWOLANE_SEEDS", 500);
  Tally sum;
  int failures = 0;
  for (int64_t i = GetParam(); i < count && failures < 5; i += 4) {
    run(static_cast<uint64_t>(first + i), sum);
    failures += HasFailure() ? 1 : 0;
  }
  std::printf("%d requests in %d batches and waves, %d restarts: %d answered, %d failed; %d charges, %d contents (%d deleted by others), %d unheard, "
              "%d paid twice; %d jobs stopped by their cap; %d requests cancelled one by one; %d answers followed; %d by flex, %d shed\n",
              sum.requests, sum.batches, sum.restarts, sum.answered, sum.failed, sum.charges, sum.contents, sum.deleted_contents, sum.unheard,
              sum.paid_twice, sum.unfinished_jobs, sum.cut, sum.followed, sum.flex, sum.shed);
  if (count >= 100) {  // the faults bite: a world in which nothing happens proves nothing
    EXPECT_GT(sum.restarts, 0);
    EXPECT_GT(sum.answered, 0);
    EXPECT_GT(sum.contents, 0);
    EXPECT_GT(sum.unheard, 0);
    EXPECT_GT(sum.paid_twice, 0);
    EXPECT_GT(sum.cut, 0);
    EXPECT_GT(sum.followed, 0);
    EXPECT_GT(sum.flex, 0);
    EXPECT_GT(sum.shed, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Shares, SeededWorld, ::testing::Range(0, 4));

// A thousand kills between events: whatever the moment, the planner of the next process, which is told
// everything anew, decides as the killed one was about to, now and at the next moments it asks to be woken for,
// and nothing is submitted twice. What a kill may change is named in foretold.h.
class Replay : public ::testing::TestWithParam<int> {};

TEST_P(Replay, TheSameDecisionsAfterAKill) {
  const int64_t first = number("TWOLANE_SEED", 1), kills = number("TWOLANE_KILLS", 1000) / 4;
  Tally sum;
  int failures = 0;
  for (int64_t i = GetParam(); sum.compared < kills && failures < 5; i += 4) {
    World world(static_cast<uint64_t>(first + i));
    world.verbose = std::getenv("TWOLANE_VERBOSE") != nullptr;
    world.compares_decisions = true;
    for (const std::string& law : world.live()) {
      ADD_FAILURE() << "seed " << first + i << ": " << law;
      ++failures;
    }
    sum.compared += world.tally().compared;
    sum.in_flight += world.tally().in_flight;
    if (std::getenv("TWOLANE_SEED") != nullptr) break;
  }
  std::printf("%d kills, %d of them with calls in flight\n", sum.compared, sum.in_flight);
}

INSTANTIATE_TEST_SUITE_P(Shares, Replay, ::testing::Range(0, 4));

TEST(SeededWorld, TheSameSeedIsTheSameWorld) {
  Tally a, b;
  run(7, a);
  run(7, b);
  EXPECT_EQ(a.batches, b.batches);
  EXPECT_EQ(a.charges, b.charges);
  EXPECT_EQ(a.restarts, b.restarts);
  EXPECT_EQ(a.answered, b.answered);
}

}  // namespace
}  // namespace twolane::seeded
