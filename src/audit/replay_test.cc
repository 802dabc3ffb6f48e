// Replays with known ends: what has time is in time, what has none is not proposed, and says from when on.
#include "audit/replay.h"

#include <gtest/gtest.h>

#include "audit/labelled_month_for_test.h"
#include "audit/report.h"

namespace twolane::audit {
namespace {

constexpr int64_t begin = 1'780'272'000'000;  // Monday 2026-06-01 00:00 UTC

// A caller that makes `calls` calls within so many minutes, every day from 02:00 on.
Caller nightly(int64_t calls, int64_t within_minutes, int days_seen = 14) {
  Caller c;
  c.profile.name.key = "night";
  for (int day = 0; day < days_seen; ++day)
    for (int64_t i = 0; i < calls; ++i)
      c.profile.arrivals.add(begin / 60'000 + day * 1440 + 120 + i * within_minutes / calls, 1, 100);
  return c;
}

Move move(Duration deadline, ServiceTier tier = ServiceTier::batch) {
  Move m;
  m.deadline = deadline, m.tier = tier, m.provider = "openai";
  return m;
}

TEST(Replay, ANightIsEnoughOnCalmLanes) {
  const Caller c = nightly(400, 10);
  const Replayed r = replay_alone(move(hours(6)), c.profile, hours(6), {.lanes = trial::Kind::calm});
  EXPECT_EQ(r.requests, 14 * 400);
  EXPECT_EQ(r.late, 0);
  EXPECT_EQ(r.live, 0);
}

// On busy lanes some nights' batches are too slow: they are bought live, in time.
TEST(Replay, SlowBatchesArePromotedInTime) {
  const Caller c = nightly(400, 10);
  const Replayed r = replay_alone(move(hours(2)), c.profile, hours(2), {.lanes = trial::Kind::busy});
  EXPECT_GT(r.live, 0);
  EXPECT_LT(r.live, r.requests);
  EXPECT_LE(r.late_share(), 0.01);
}

// The live lane was seen to carry 40 calls a minute: 400 calls at once are not answered in three minutes by
// anything, and ten times the time is enough.
TEST(Replay, WhatWouldBeLateIsNotProposed) {
  const std::vector<Caller> callers{nightly(400, 10)};
  Plan plan;
  plan.moves = {move(minutes(1))};
  replay_moves(plan, callers, {});
  EXPECT_TRUE(plan.moves.empty());
  ASSERT_EQ(plan.stays.size(), 1u);
  const Stay& stay = plan.stays.front();
  ASSERT_TRUE(stay.replayed.has_value());
  EXPECT_GT(stay.replayed->late_share(), 0.01);
  EXPECT_NE(stay.why.find("would have been later than 1 min on lanes that are busy; from "), std::string::npos) << stay.why;
  EXPECT_NE(stay.why.find("overrule it with can-wait "), std::string::npos) << stay.why;
}

TEST(Replay, WhatHoldsStaysProposedBesideWhatDoesNot) {
  const std::vector<Caller> callers{nightly(400, 10), nightly(400, 10)};
  Plan plan;
  plan.moves = {move(hours(12)), move(minutes(1))};
  plan.moves[1].caller = 1, plan.moves[1].provider = "anthropic";  // lanes of its own
  replay_moves(plan, callers, {});
  ASSERT_EQ(plan.moves.size(), 1u);
  EXPECT_EQ(plan.moves[0].caller, 0u);
  ASSERT_TRUE(plan.moves[0].replayed.has_value());
  EXPECT_EQ(plan.moves[0].replayed->requests, 14 * 400);
  EXPECT_LE(plan.moves[0].replayed->late_share(), 0.01);
  EXPECT_EQ(plan.stays.size(), 1u);
}

// Nothing is known of when they came: nothing is said.
TEST(Replay, CallersWithoutTimesAreLeftAlone) {
  const std::vector<Caller> callers(1);
  Plan plan;
  plan.moves = {move(hours(1))};
  replay_moves(plan, callers, {});
  ASSERT_EQ(plan.moves.size(), 1u);
  EXPECT_FALSE(plan.moves[0].replayed.has_value());
}

// Minutes that were put together into longer spans are spread again, none lost.
TEST(Replay, LongSpansKeepTheirRequests) {
  Caller c = nightly(400, 10);
  c.profile.arrivals.limit(16);
  EXPECT_GT(c.profile.arrivals.width(), 1);
  EXPECT_EQ(replay_alone(move(minutes(30)), c.profile, minutes(30), {}).requests, 14 * 400);
}

// A whole month: every call of every move is in the replay, and what is proposed holds.
TEST(Replay, LabelledMonth) {
  Collector collector({.zone_minutes = LabelledMonth::zone_minutes, .zone = "+02:00"});
  const LabelledMonth month(101);
  for (const LabelledCall& call : month.calls()) collector.call(call.call());
  const Report r = make_report(collector.finish(), {}, {}, worth_a_move, ReplaySettings{});
  ASSERT_FALSE(r.plan.moves.empty());
  PicoUsd sum{}, low{};
  for (const Move& m : r.plan.moves) {
    ASSERT_TRUE(m.replayed.has_value());
    EXPECT_EQ(m.replayed->requests, r.callers[m.caller].profile.calls) << shown(r.callers[m.caller].profile.name);
    EXPECT_LE(m.replayed->late_share(), 0.01);
    EXPECT_EQ(m.left_of(m.saving()).n, m.saving().n * (m.replayed->requests - m.replayed->live) / m.replayed->requests);
    low += PicoUsd{m.left_of(m.low).n * m.confidence / 1000};
    sum += m.saving();
  }
  EXPECT_EQ(sum, r.saving) << "what was dropped is in no sum";
  EXPECT_EQ(low, r.low) << "the careful end of the range does not count what was bought live";
}

}  // namespace
}  // namespace twolane::audit
