// Prefix reuse: small known answers, the provider's minimum and step, and Mooncake's table.
#include "audit/prefix_reuse.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "wire/json.h"

namespace twolane::audit {
namespace {

std::vector<PrefixBlock> pieces(std::initializer_list<uint64_t> chains, int32_t tokens = 512) {
  std::vector<PrefixBlock> out;
  for (const uint64_t chain : chains) out.push_back({chain, tokens});
  return out;
}

TEST(PrefixReuse, CountsThePrefixAndStopsAtTheFirstMiss) {
  PrefixReuse reuse;
  Reuse sum;
  reuse.take(1, Time{0}, pieces({1, 2, 3}), 1500, nullptr, sum);
  reuse.take(1, Time{60'000}, pieces({1, 2, 4}), 1400, nullptr, sum);
  EXPECT_EQ(sum.read[0], 1024);
  EXPECT_EQ(sum.input, 2900);
  reuse.take(1, Time{61'000}, pieces({9, 2, 3}), 1500, nullptr, sum);
  EXPECT_EQ(sum.read[0], 1024) << "pieces after a miss are no prefix";
}

TEST(PrefixReuse, ALifetimeIsRefreshedByUseAndEndsAfterIt) {
  PrefixReuse reuse;
  Reuse sum;
  for (const int64_t minute : {0, 4, 8, 14}) reuse.take(1, Time{minute * 60'000}, pieces({1}), 512, nullptr, sum);
  EXPECT_EQ(sum.read[0], 3 * 512);
  EXPECT_EQ(sum.read[3], 3 * 512) << "10 minutes";
  EXPECT_EQ(sum.read[4], 2 * 512) << "5 minutes: the last came 6 after";
  EXPECT_EQ(sum.read[5], 0) << "1 minute";
}

TEST(PrefixReuse, PiecesNeverCountForMoreThanTheInput) {
  PrefixReuse reuse;
  Reuse sum;
  reuse.take(1, Time{0}, pieces({1, 2}), 700, nullptr, sum);
  reuse.take(1, Time{0}, pieces({1, 2}), 700, nullptr, sum);
  EXPECT_EQ(sum.read[0], 700);
}

TEST(PrefixReuse, ScopesDoNotMeet) {
  PrefixReuse reuse;
  Reuse sum;
  reuse.take(1, Time{0}, pieces({1}), 512, nullptr, sum);
  reuse.take(2, Time{0}, pieces({1}), 512, nullptr, sum);
  EXPECT_EQ(sum.read[0], 0);
}

TEST(PrefixReuse, TheModelsOwnCacheHasAMinimumAStepAndALifetime) {
  price::Caching caching;
  caching.minimum = 1024, caching.step = 128, caching.lifetimes = {minutes(5)};
  PrefixReuse reuse;
  Reuse sum;
  const auto prompt = pieces({1, 2, 3}, 400);
  EXPECT_EQ(reuse.take(1, Time{0}, prompt, 1200, &caching, sum).read, 0);
  const CacheUse hit = reuse.take(1, Time{1000}, prompt, 1200, &caching, sum);
  EXPECT_EQ(hit.read, 1152);  // 1024 + 128, of 1200
  EXPECT_EQ(hit.written, 1152) << "the first read pays for the write";
  EXPECT_EQ(reuse.take(1, Time{2000}, prompt, 1200, &caching, sum).written, 0) << "later reads need none";
  EXPECT_EQ(reuse.take(1, Time{2000}, pieces({1, 2}, 400), 800, &caching, sum).read, 0) << "below the minimum";
  EXPECT_EQ(reuse.take(1, Time{2000 + 300'001}, prompt, 1200, &caching, sum).read, 0) << "expired";
}

TEST(PrefixReuse, MemoryStaysFlat) {
  PrefixReuse reuse;
  Reuse sum;
  for (uint64_t i = 1; i <= PrefixReuse::most_pieces; ++i) reuse.take(1, Time{static_cast<int64_t>(i)}, pieces({i}, 1), 1, nullptr, sum);
  EXPECT_GT(reuse.forgotten(), 0);
  EXPECT_EQ(sum.read[0], 0);
}

// ../shared/data/README.md, "Prefix reuse": shares of input tokens.
TEST(PrefixReuse, MooncakeGivesTheTableOfItsReadme) {
  std::ifstream trace(TWOLANE_SHARED_DIR "/data/mooncake_fast25/conversation_trace.jsonl");
  if (!trace) {
    if (std::getenv("CI") != nullptr) FAIL() << "the trace is missing";
    GTEST_SKIP() << "no ../shared/data here";
  }
  PrefixReuse reuse;
  Reuse sum;
  std::string line;
  std::vector<PrefixBlock> blocks;
  while (std::getline(trace, line)) {
    const auto row = wire::parse_json(line).value();
    blocks.clear();
    for (const auto& id : row["hash_ids"]) blocks.push_back({id.get<uint64_t>(), 512});
    reuse.take(0, Time{row["timestamp"].get<int64_t>()}, blocks, row["input_length"].get<int64_t>(), nullptr, sum);
  }
  EXPECT_EQ(sum.calls, 12'031);
  EXPECT_EQ(reuse.forgotten(), 0);
  const auto tenths = [&](int64_t tokens) { return std::lround(1000.0 * static_cast<double>(tokens) / static_cast<double>(sum.input)); };
  EXPECT_EQ(tenths(sum.read[0]), 374);            // no expiry
  EXPECT_EQ(tenths(sum.read[2]), 374);            // 1 h
  EXPECT_EQ(tenths(sum.read[3]), 350);            // 10 min
  EXPECT_EQ(tenths(sum.read[4]), 293);            // 5 min
  EXPECT_EQ(tenths(sum.read[5]), 105);            // 1 min
  EXPECT_EQ(tenths(sum.read_5m_from_1024), 264);  // 5 min, from 1,024 tokens on
}

}  // namespace
}  // namespace twolane::audit
