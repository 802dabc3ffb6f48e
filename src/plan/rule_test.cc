// The planner's rule as a table of situations: what is there, what time it is, what should be going on.
#include "plan/rule.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace twolane::plan {
namespace {

const Lane lane{"openai", Endpoint::chat_completions, "gpt-5.4-mini"};
const Lane other_lane{"openai", Endpoint::chat_completions, "gpt-5.4"};
constexpr Time noon{1'800'000'000'000};

template <class T>
std::vector<T> all(const std::vector<Action>& actions) {
  std::vector<T> found;
  for (const Action& a : actions)
    if (const T* t = std::get_if<T>(&a)) found.push_back(*t);
  return found;
}

// One job, accepted at noon, due after `within`, with its requests open in one shape.
struct Situation {
  State state;
  std::vector<Action> actions;

  explicit Situation(Duration within, int64_t open = 100, bool kept = true) {
    apply(state, RateLearned{"openai", 100});
    apply(state, JobChanged{{JobId{1}, noon, noon + within, kept, false, false}});
    apply(state, GroupChanged{{JobId{1}, 0, lane, open, noon, true, false, false}});
  }
  Situation& in_batch(int64_t requests, bool cancelling = false, bool returning = true) {
    apply(state, BatchChanged{{BatchId{9}, lane, false, cancelling, returning, {{JobId{1}, requests}}}});
    return *this;
  }
  Situation& open(int64_t n, bool fresh, Time since) {
    apply(state, GroupChanged{{JobId{1}, 0, lane, n, since, fresh, false, false}});
    return *this;
  }
  Situation& at(Duration after_noon) {
    actions = step(state, Tick{}, noon + after_noon);
    return *this;
  }
  template <class T>
  size_t count() const { return all<T>(actions).size(); }
};

TEST(Rule, FreshRequestsArePackedAtOnce) {
  Situation s(hours(6));
  s.at(Duration{0});
  ASSERT_EQ(s.count<Pack>(), 1u);
  EXPECT_EQ(all<Pack>(s.actions)[0].lane, lane);
  EXPECT_TRUE(all<Pack>(s.actions)[0].kept);
  EXPECT_EQ(s.count<Drain>(), 0u);
}

TEST(Rule, WhatTheLiveLaneCannotDoInTimeRidesForHalfOfItsTime) {
  Situation s(hours(6), 100'000);  // a thousand minutes of the live lane
  s.at(Duration{0});
  EXPECT_EQ(s.count<Pack>(), 1u);
  EXPECT_EQ(s.count<Drain>(), 0u);
  EXPECT_EQ(s.count<AtRisk>(), 0u);
  ASSERT_EQ(s.count<WakeAt>(), 1u);
  EXPECT_EQ(all<WakeAt>(s.actions)[0].at, noon + minutes(15));  // the buffer's timer
  s.at(hours(2));
  EXPECT_EQ(s.count<Drain>(), 0u);
  s.at(hours(3));
  EXPECT_EQ(s.count<Drain>(), 1u);
  EXPECT_EQ(s.count<AtRisk>(), 1u);
}

TEST(Rule, ReturnedRequestsWaitForWhatMayStillReturn) {
  Situation s(hours(6));
  s.open(5, false, noon + hours(1)).in_batch(90);
  EXPECT_EQ(s.at(hours(1)).count<Pack>(), 0u);
  EXPECT_EQ(s.at(hours(1) + minutes(14)).count<Pack>(), 0u);
  EXPECT_EQ(s.at(hours(1) + minutes(15)).count<Pack>(), 1u) << "the timer flushes";
}

TEST(Rule, ReturnedRequestsArePackedWhenNothingMoreIsComing) {
  Situation s(hours(6));
  EXPECT_EQ(s.open(5, false, noon + hours(1)).at(hours(1)).count<Pack>(), 1u);
  s.in_batch(90, false, false);
  EXPECT_EQ(s.at(hours(1)).count<Pack>(), 1u) << "a batch that was given up returns nothing";
}

TEST(Rule, AFullBufferIsFlushed) {
  Situation s(hours(6));
  s.state.batch_requests = 50;
  s.open(50, false, noon + hours(1)).in_batch(90);
  EXPECT_EQ(s.at(hours(1)).count<Pack>(), 1u);
}

TEST(Rule, AHeldLaneIsNotPackedUntilItsTimeHasCome) {
  Situation s(hours(6));
  apply(s.state, LaneHeld{lane, noon + minutes(10)});
  EXPECT_EQ(s.at(minutes(9)).count<Pack>(), 0u);
  EXPECT_EQ(s.at(minutes(10)).count<Pack>(), 1u);
  apply(s.state, LaneHeld{lane, noon + hours(1)});
  apply(s.state, LaneFreed{lane});
  EXPECT_EQ(s.at(minutes(11)).count<Pack>(), 1u);
}

TEST(Rule, OneRequestOfAnUntriedShapeIsTriedFirst) {
  Situation s(hours(6));
  apply(s.state, GroupChanged{{JobId{1}, 0, lane, 100, noon, true, true, false}});
  s.at(Duration{0});
  EXPECT_EQ(s.count<Try>(), 1u);
  EXPECT_EQ(s.count<Pack>(), 0u);
  apply(s.state, GroupChanged{{JobId{1}, 0, lane, 99, noon, true, true, true}});
  EXPECT_EQ(s.at(Duration{0}).count<Try>(), 0u) << "one at a time";
}

// 1,000 requests at 100 a minute take 10 minutes; the margin of a six-hour job is five minutes and half
// a minute for the last answer.
TEST(Rule, TheDrainStartsAtTheLatestSafeMoment) {
  const Duration start = hours(6) - minutes(15) - seconds(30);
  Situation s(hours(6));
  s.open(0, false, noon).in_batch(1000);
  EXPECT_EQ(all<Takeover>(s.at(hours(1)).actions).at(0).at, noon + start);
  EXPECT_EQ(s.at(start - minutes(12)).count<Cancel>(), 0u);
  EXPECT_EQ(s.at(start - minutes(11)).count<Cancel>(), 1u) << "cancelled ahead of the drain";
  s.open(1000, false, noon + start - minutes(1));
  apply(s.state, BatchGone{BatchId{9}});
  EXPECT_EQ(s.at(start - minutes(1)).count<Drain>(), 0u);
  EXPECT_EQ(s.at(start - minutes(1)).count<Pack>(), 0u) << "too late for another batch";
  EXPECT_EQ(s.at(start).count<Drain>(), 1u);
}

TEST(Rule, ASlowCancelIsOvertakenWhenTheDrainHasNothingElse) {
  const Duration start = hours(6) - minutes(15) - seconds(30);
  Situation s(hours(6));
  s.open(0, false, noon).in_batch(1000, true);
  EXPECT_EQ(s.at(start + minutes(2)).count<Overtake>(), 0u);
  EXPECT_EQ(s.at(start + minutes(3)).count<Overtake>(), 1u);
  s.open(1, false, noon);
  EXPECT_EQ(s.at(start + minutes(3)).count<Overtake>(), 0u) << "first what is open";
}

TEST(Rule, AMissIsForeseenBeforeItHappens) {
  Situation s(minutes(30), 5000);  // 50 minutes of drain
  s.at(Duration{0});
  ASSERT_EQ(s.count<AtRisk>(), 1u);
  EXPECT_EQ(all<AtRisk>(s.actions)[0].finish, noon + minutes(50) + seconds(30));
  EXPECT_EQ(s.count<Drain>(), 1u);
}

TEST(Rule, BestEffortNeverGoesLiveAndExpiresADayPastItsWindow) {
  Situation s(hours(24), 5000, false);
  EXPECT_EQ(s.at(hours(30)).count<Drain>(), 0u);
  EXPECT_EQ(s.at(hours(30)).count<Pack>(), 1u);
  EXPECT_EQ(s.at(hours(48) - milliseconds(1)).count<Expire>(), 0u);
  EXPECT_EQ(s.at(hours(48)).count<Expire>(), 1u);
}

TEST(Rule, APausedJobPlacesNothing) {
  Situation s(hours(6));
  apply(s.state, JobChanged{{JobId{1}, noon, noon + hours(6), true, true, false}});
  s.at(hours(5) + minutes(59));
  EXPECT_EQ(s.count<Pack>() + s.count<Drain>() + s.count<Try>() + s.count<Cancel>(), 0u);
}

TEST(Rule, AJobPromotedByItsUserDrainsAtOnce) {
  Situation s(hours(6));
  apply(s.state, JobChanged{{JobId{1}, noon, noon + hours(6), true, false, true}});
  s.in_batch(10).at(Duration{0});
  EXPECT_EQ(s.count<Drain>(), 1u);
  EXPECT_EQ(s.count<Cancel>(), 1u);
}

TEST(Rule, AnEarlierJobDrainsWhenALaterOneNeedsTheRoom) {
  Situation s(hours(6));
  s.open(0, false, noon).in_batch(50);
  // Due five minutes later with so much work that both must start before the first alone would.
  apply(s.state, JobChanged{{JobId{2}, noon, noon + hours(6) + minutes(5), true, false, false}});
  apply(s.state, GroupChanged{{JobId{2}, 0, other_lane, 6000, noon, false, false, false}});
  s.open(10, false, noon);
  const auto drains = all<Drain>(s.at(hours(5) + minutes(10)).actions);
  EXPECT_EQ(drains.size(), 2u);
}

TEST(Rule, ItWakesForTheNextThingThatTimeAloneWillDo) {
  Situation s(hours(6));
  s.open(0, false, noon).in_batch(1000);
  const auto wakes = all<WakeAt>(s.at(hours(1)).actions);
  ASSERT_EQ(wakes.size(), 1u);
  EXPECT_EQ(wakes[0].at, noon + hours(6) - minutes(15) - seconds(30) - minutes(11));
}

TEST(Rule, SameStateSameActions) {
  Situation a(hours(6)), b(hours(6));
  EXPECT_EQ(a.at(hours(2)).actions.size(), b.at(hours(2)).actions.size());
  EXPECT_EQ(a.at(hours(2)).actions.size(), a.at(hours(2)).actions.size()) << "a level, not a command";
}

}  // namespace
}  // namespace twolane::plan
