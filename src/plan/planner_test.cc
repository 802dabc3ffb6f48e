// The planner as a table of situations: what is there, what time it is, what should be going on.
#include "plan/planner.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace twolane::plan {
namespace {

constexpr Time noon{1'800'000'000'000};
constexpr int64_t per_minute = 100;

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
  LaneId lane = state.number({"openai", Endpoint::chat_completions, "gpt-5.4-mini"});
  LaneId other_lane = state.number({"openai", Endpoint::chat_completions, "gpt-5.4"});
  JobView view;
  std::vector<Action> actions;

  explicit Situation(Duration within, int64_t open = 100, bool kept = true, double on_time = 0.999) {
    apply(state, RateKnown{"openai", {.requests_per_minute = per_minute}, 0});
    view = {.id = JobId{1}, .accepted = noon, .deadline = noon + within, .kept = kept, .requests = open, .on_time = on_time};
    apply(state, JobChanged{view});
    group(open, true, noon);
  }
  Situation& group(int64_t n, bool fresh, Time since, bool untried = false, bool trying = false) {
    apply(state, GroupChanged{{JobId{1}, 0, lane, n, since, fresh, untried, trying}});
    return *this;
  }
  Situation& in_batch(int64_t requests, bool cancelling = false, bool returning = true, uint64_t id = 9, Time sent = noon) {
    BatchView b{BatchId{id}, lane, false, cancelling, returning, requests, sent, {}, {{JobId{1}, requests}}};
    if (cancelling) b.cancel_since = sent + minutes(1);
    apply(state, BatchChanged{b});
    return *this;
  }
  Situation& at(Duration after_noon) {
    actions = step(state, Tick{}, noon + after_noon);
    return *this;
  }
  template <class T>
  size_t count() const { return all<T>(actions).size(); }
};

TEST(Planner, FreshRequestsArePackedAtOnceInBatchesThatACancelGivesBack) {
  Situation s(hours(24), 10'000);
  s.at(Duration{0});
  ASSERT_EQ(s.count<Pack>(), 1u);
  const Pack pack = all<Pack>(s.actions)[0];
  EXPECT_EQ(pack.lane, s.lane);
  EXPECT_TRUE(pack.kept);
  EXPECT_EQ(pack.portions.at(0).most, 10'000);
  EXPECT_EQ(pack.batch_requests, 1000) << "ten minutes of the drain";
  EXPECT_EQ(s.count<Drain>(), 0u);
}

TEST(Planner, ReturnedRequestsWaitForWhatMayStillReturn) {
  Situation s(hours(6));
  s.group(5, false, noon + hours(1)).in_batch(90);
  EXPECT_EQ(s.at(hours(1)).count<Pack>(), 0u);
  EXPECT_EQ(s.at(hours(1) + minutes(14)).count<Pack>(), 0u);
  EXPECT_EQ(s.at(hours(1) + minutes(15)).count<Pack>(), 1u) << "the timer flushes";
}

TEST(Planner, ReturnedRequestsArePackedWhenNothingMoreIsComing) {
  Situation s(hours(6));
  EXPECT_EQ(s.group(5, false, noon + hours(1)).at(hours(1)).count<Pack>(), 1u);
  s.in_batch(90, false, false);
  EXPECT_EQ(s.at(hours(1)).count<Pack>(), 1u) << "a batch that was given up returns nothing";
}

TEST(Planner, AFullBufferIsFlushed) {
  Situation s(hours(6));
  s.state.batch_requests = 50;
  s.group(50, false, noon + hours(1)).in_batch(90);
  EXPECT_EQ(s.at(hours(1)).count<Pack>(), 1u);
}

TEST(Planner, AHeldLaneIsNotPackedUntilItsTimeHasCome) {
  Situation s(hours(6));
  apply(s.state, LaneHeld{s.lane, noon + minutes(10)});
  EXPECT_EQ(s.at(minutes(9)).count<Pack>(), 0u);
  EXPECT_EQ(s.at(minutes(10)).count<Pack>(), 1u);
  apply(s.state, LaneHeld{s.lane, noon + hours(1)});
  apply(s.state, LaneFreed{s.lane});
  EXPECT_EQ(s.at(minutes(11)).count<Pack>(), 1u);
}

TEST(Planner, OneRequestOfAnUntriedShapeIsTriedFirst) {
  Situation s(hours(6));
  s.group(100, true, noon, true).at(Duration{0});
  EXPECT_EQ(s.count<Try>(), 1u);
  EXPECT_EQ(s.count<Pack>(), 0u);
  s.group(99, true, noon, true, true);
  EXPECT_EQ(s.at(Duration{0}).count<Try>(), 0u) << "one at a time";
}

// 1,000 requests at the stressed rate of 45 a minute take 22 min 13.3 s, rounded down to the tree's bucket of 4 s;
// the margin of a six-hour job is five minutes and half a minute for the last answer.
constexpr Duration start_of_1000 = hours(6) - seconds(330) - seconds(1333) - milliseconds(334);

TEST(Planner, TheDrainStartsAtTheLatestSafeMoment) {
  Situation s(hours(6), 1000);
  s.group(0, false, noon).in_batch(1000).at(hours(1));
  const Time takeover = outlook(s.state, JobId{1}, noon + hours(1)).takeover;
  EXPECT_LE(takeover, noon + start_of_1000);
  EXPECT_GE(takeover, noon + start_of_1000 - seconds(4));
  const Duration start = takeover - noon;
  EXPECT_EQ(s.at(start - minutes(12)).count<Cancel>(), 0u);
  EXPECT_EQ(all<WakeAt>(s.actions).at(0).at, takeover - minutes(11));
  EXPECT_EQ(s.at(start - minutes(11)).count<Cancel>(), 1u) << "cancelled ahead of the drain";
  s.group(1000, false, noon + start - minutes(1));
  apply(s.state, BatchGone{BatchId{9}});
  EXPECT_EQ(s.at(start - minutes(1)).count<Drain>(), 0u);
  EXPECT_EQ(s.at(start - minutes(1)).count<Pack>(), 0u) << "too late for another batch";
  EXPECT_EQ(s.at(start).count<Drain>(), 1u);
}

TEST(Planner, TheDrainStopsWhenBatchesHaveReturnedEnough) {
  Situation s(hours(6), 1000);
  s.group(500, false, noon).in_batch(500);
  const Duration start = outlook(s.state, JobId{1}, noon).takeover - noon;
  EXPECT_EQ(s.at(start + minutes(1)).count<Drain>(), 1u);
  apply(s.state, BatchGone{BatchId{9}});
  EXPECT_EQ(s.at(start + minutes(1)).count<Drain>(), 0u);
}

TEST(Planner, ASlowCancelIsOvertakenWhenTheDrainHasNothingElse) {
  Situation s(hours(6), 1000);
  s.group(0, false, noon).in_batch(1000, true);
  const Duration start = outlook(s.state, JobId{1}, noon).takeover - noon;
  EXPECT_EQ(s.at(start - minutes(1)).count<Overtake>(), 0u);
  EXPECT_EQ(s.at(start).count<Overtake>(), 1u);
  s.group(1, false, noon);
  EXPECT_EQ(s.at(start).count<Overtake>(), 0u) << "first what is open";
}

TEST(Planner, ATargetOf99GamblesOnWhatIsProbablyInTime) {
  Situation certain(hours(2), 5000), likely(hours(2), 5000, true, 0.99);
  for (Situation* s : {&certain, &likely}) {
    for (int day = 0; day < 120; ++day)
      apply(s->state, BatchTook{s->lane, 5000, noon - days(121 - day), minutes(2), true});
    s->group(0, false, noon).in_batch(5000).at(minutes(70));
  }
  EXPECT_EQ(certain.count<Cancel>(), 1u);
  EXPECT_EQ(likely.count<Cancel>(), 1u) << "what is that much older than all others is not likely any more";
  likely.in_batch(5000, false, true, 9, noon + minutes(69)).at(minutes(70));
  EXPECT_EQ(likely.count<Cancel>(), 0u);
}

TEST(Planner, AMissIsForeseenBeforeItHappens) {
  Situation s(minutes(30), 5000);  // 50 minutes of drain at best, 59 at the rate that is counted on
  s.at(Duration{0});
  ASSERT_EQ(s.count<AtRisk>(), 1u);
  EXPECT_NEAR(static_cast<double>((all<AtRisk>(s.actions)[0].finish - noon).ms) / 60'000, 58.8, 0.1);
  EXPECT_EQ(s.count<Drain>(), 1u);
  EXPECT_EQ(s.count<Pack>(), 1u) << "what the drain does not reach soon rides meanwhile";
}

TEST(Planner, WhatTheLiveLaneCannotDoInTimeRidesForHalfOfItsTime) {
  Situation s(hours(6), 100'000, true, 0.99);  // a thousand minutes of the live lane
  s.at(Duration{0});
  EXPECT_EQ(s.count<Pack>(), 1u);
  EXPECT_EQ(s.count<Drain>() + s.count<AtRisk>(), 0u);
  s.at(hours(2));
  EXPECT_EQ(s.count<Drain>(), 0u);
  s.at(hours(3));
  EXPECT_EQ(s.count<Drain>(), 1u);
  EXPECT_EQ(s.count<AtRisk>(), 1u);
}

TEST(Planner, BestEffortNeverGoesLiveAndExpiresADayPastItsWindow) {
  Situation s(hours(24), 5000, false);
  EXPECT_EQ(s.at(hours(30)).count<Drain>(), 0u);
  EXPECT_EQ(s.at(hours(30)).count<Pack>(), 1u);
  EXPECT_EQ(s.at(hours(48) - milliseconds(1)).count<Expire>(), 0u);
  EXPECT_EQ(s.at(hours(48)).count<Expire>(), 1u);
}

TEST(Planner, APausedJobPlacesNothing) {
  Situation s(hours(6));
  s.view.paused = true;
  apply(s.state, JobChanged{s.view});
  s.at(hours(5) + minutes(59));
  EXPECT_EQ(s.count<Pack>() + s.count<Drain>() + s.count<Try>() + s.count<Cancel>(), 0u);
}

// What its cap lets nothing more be bought of is not packed; what it has in batches comes back for its deadline.
TEST(Planner, ACappedJobPacksNothingAndStillHasADeadline) {
  Situation s(hours(6));
  s.group(50, true, noon).in_batch(50);
  s.view.capped = true;
  apply(s.state, JobChanged{s.view});
  EXPECT_EQ(s.at(Duration{0}).count<Pack>(), 0u);
  EXPECT_EQ(s.at(hours(5) + minutes(45)).count<Cancel>(), 1u);
  EXPECT_EQ(s.at(hours(5) + minutes(58)).count<Drain>(), 1u);
  s.view.capped = false;
  apply(s.state, JobChanged{s.view});
  EXPECT_EQ(s.at(minutes(1)).count<Pack>(), 1u);
}

TEST(Planner, AJobPromotedByItsUserDrainsAtOnce) {
  Situation s(hours(6));
  s.view.rush = true;
  apply(s.state, JobChanged{s.view});
  s.in_batch(10).at(Duration{0});
  EXPECT_EQ(s.count<Drain>(), 1u);
  EXPECT_EQ(s.count<Cancel>(), 1u);
  EXPECT_EQ(s.count<Pack>(), 0u);
}

TEST(Planner, ADeadlineThatMovesIsPlannedAnew) {
  Situation s(hours(6), 1000);
  s.group(1000, false, noon);
  s.view.deadline = noon + minutes(20);
  apply(s.state, JobChanged{s.view});
  EXPECT_EQ(s.at(minutes(10)).count<Drain>(), 1u);
  s.view.deadline = noon + hours(12);
  apply(s.state, JobChanged{s.view});
  EXPECT_EQ(s.at(minutes(10)).count<Drain>(), 0u);
}

TEST(Planner, AnEarlierJobDrainsWhenALaterOneNeedsTheRoom) {
  Situation s(hours(6));
  s.group(10, false, noon).in_batch(50);
  // Due five minutes later with so much work that both must start before the first alone would.
  apply(s.state, JobChanged{{.id = JobId{2}, .accepted = noon, .deadline = noon + hours(6) + minutes(5), .kept = true, .requests = 6000, .on_time = 0.999}});
  apply(s.state, GroupChanged{{JobId{2}, 0, s.other_lane, 6000, noon, false, false, false}});
  const auto drains = all<Drain>(s.at(hours(5) + minutes(10)).actions);
  ASSERT_EQ(drains.size(), 2u);
  EXPECT_EQ(drains[0].job, JobId{1}) << "earliest deadline first";
}

TEST(Planner, AStepOfAChainLeavesTimeToTheOthers) {
  Situation s(hours(10), 100);
  s.group(0, false, noon).in_batch(100);
  const Time alone = outlook(s.state, JobId{1}, noon).takeover;
  s.view.steps_after = 9;
  apply(s.state, JobChanged{s.view});
  EXPECT_LT(outlook(s.state, JobId{1}, noon).takeover, noon + hours(1));
  EXPECT_GT(alone, noon + hours(9));
}

TEST(Planner, AStepOfAChainGoesByFlexFirst) {
  Situation s(hours(10), 100);
  apply(s.state, FlexOffered{s.lane, true});
  EXPECT_EQ(s.at(Duration{0}).count<Drain>(), 0u) << "nobody waits for it";
  s.view.steps_after = 9;
  apply(s.state, JobChanged{s.view});
  ASSERT_EQ(s.at(Duration{0}).count<Drain>(), 1u);
  EXPECT_EQ(all<Drain>(s.actions)[0].tier, ServiceTier::flex);
  EXPECT_EQ(s.count<Pack>(), 0u);
  apply(s.state, FlexHeard{"openai", 50, 45, noon});
  EXPECT_EQ(s.at(minutes(1)).count<Drain>(), 0u) << "most are shed";
  EXPECT_EQ(s.count<Pack>(), 1u);
}

// A provider cannot take requests out of a batch: all of it is cancelled, or nothing.
TEST(Planner, ABatchIsWithdrawnWhenThatPays) {
  const struct {
    const char* name;
    int64_t wanted, unwanted;
    Duration within, at;
    bool sent = true, paused = false, kept = true, withdrawn = false;
  } rows[] = {
      {"nothing in it is wanted", 0, 10, hours(24), hours(1), true, false, true, true},
      {"most is wanted", 67, 33, hours(24), hours(1)},
      {"a third of it is not, and there is time", 66, 33, hours(24), hours(1), true, false, true, true},
      {"no time for another batch", 40, 60, hours(2), minutes(75)},
      {"what came back would not be placed", 40, 60, hours(24), hours(1), true, true},
      {"it was not sent yet", 99, 1, hours(24), minutes(1), false, false, true, true},
      {"best effort, half an hour before its time", 40, 60, hours(24), hours(23) + minutes(30), true, false, false},
      {"best effort, early", 40, 60, hours(24), hours(2), true, false, false, true},
  };
  for (const auto& row : rows) {
    Situation s(row.within, 100, row.kept);
    s.view.paused = row.paused;
    apply(s.state, JobChanged{s.view});
    s.group(0, false, noon);
    BatchView b{BatchId{9}, s.lane, false, false, true, 100, row.sent ? noon : Time{}, {}, {}, row.unwanted};
    if (row.wanted > 0) b.members = {{JobId{1}, row.wanted}};
    apply(s.state, BatchChanged{b});
    s.at(row.at);
    const auto cancels = all<Cancel>(s.actions);
    EXPECT_EQ(cancels.size(), row.withdrawn ? 1u : 0u) << row.name;
    if (row.withdrawn && !cancels.empty()) EXPECT_EQ(cancels[0].why, CancelFor::unwanted) << row.name;
    b.cancelling = true;
    apply(s.state, BatchChanged{b});
    EXPECT_EQ(s.at(row.at).count<Cancel>(), 0u) << "once: " << row.name;
  }
}

TEST(Planner, ABatchThatThreeOthersOvertookIsSentAgain) {
  Situation s(hours(20), 1000);
  s.group(0, false, noon).in_batch(250);
  for (int i = 0; i < 3; ++i) apply(s.state, BatchTook{s.lane, 250, noon + minutes(i), minutes(5), true});
  EXPECT_EQ(s.at(minutes(24)).count<Cancel>(), 0u);
  s.at(minutes(25));
  ASSERT_EQ(s.count<Cancel>(), 1u);
  EXPECT_EQ(all<Cancel>(s.actions)[0].why, CancelFor::slow);
  s.view.restarts = 2;
  apply(s.state, JobChanged{s.view});
  EXPECT_EQ(s.at(minutes(25)).count<Cancel>(), 0u) << "twice is enough";
}

// Answers come one by one, and behind each a request becomes open: those go together.
TEST(Planner, WhatOthersFollowWaitsForThem) {
  Situation s(hours(10), 1000);
  GroupView g{JobId{1}, 0, s.lane, 3, noon, false};
  g.more = true;
  apply(s.state, GroupChanged{g});
  EXPECT_EQ(s.at(minutes(1)).count<Pack>(), 0u);
  EXPECT_EQ(s.at(minutes(15)).count<Pack>(), 1u) << "no longer than for company";
  g.more = false;
  apply(s.state, GroupChanged{g});
  EXPECT_EQ(s.at(minutes(2)).count<Pack>(), 1u) << "nothing more is coming";
}

TEST(Planner, ASlowLaneIsLeftForAnotherThatTheCallerNamed) {
  Situation s(hours(6), 1000);
  const LaneId elsewhere = s.state.number({"gemini", Endpoint::chat_completions, "gemini-3-flash"});
  apply(s.state, RateKnown{"gemini", {.requests_per_minute = per_minute}, 0});
  for (int day = 0; day < 100; ++day) {
    apply(s.state, BatchTook{s.lane, 250, noon - days(101 - day), hours(15), true});
    apply(s.state, BatchTook{elsewhere, 250, noon - days(101 - day), minutes(5), true});
  }
  GroupView g{JobId{1}, 0, s.lane, 1000, noon, true, false, false, {{elsewhere, 0.5}}};
  apply(s.state, GroupChanged{g});
  ASSERT_EQ(s.at(Duration{0}).count<Move>(), 1u);
  EXPECT_EQ(all<Move>(s.actions)[0].lane, elsewhere);
  g.elsewhere[0].price = 1.2;
  apply(s.state, GroupChanged{g});
  EXPECT_EQ(s.at(Duration{0}).count<Move>(), 0u) << "its batches cost more than going live here";
}

TEST(Planner, FlexComesBeforeStandardWhereItIsOpen) {
  Situation s(hours(6), 100);
  apply(s.state, FlexOffered{s.lane, true});
  s.group(100, false, noon);
  const Duration start = outlook(s.state, JobId{1}, noon).takeover - noon;
  s.at(start - minutes(5));
  ASSERT_EQ(s.count<Drain>(), 1u);
  EXPECT_EQ(all<Drain>(s.actions)[0].tier, ServiceTier::flex);
  EXPECT_EQ(all<Drain>(s.actions)[0].patience, minutes(5)) << "given up when the drain must start";
  EXPECT_EQ(all<Drain>(s.at(start).actions)[0].tier, ServiceTier::standard);
  apply(s.state, FlexHeard{"openai", 50, 45, noon + start - minutes(6)});
  EXPECT_EQ(s.at(start - minutes(5)).count<Drain>(), 0u) << "most are shed: not worth trying";
}

TEST(Planner, FlexIsForTheModelsThatAreSoldOnIt) {
  Situation s(hours(6), 100);
  apply(s.state, FlexOffered{s.other_lane, true});
  s.group(100, false, noon);
  const Duration start = outlook(s.state, JobId{1}, noon).takeover - noon;
  EXPECT_EQ(s.at(start - minutes(5)).count<Drain>(), 0u);
  apply(s.state, GroupChanged{{JobId{1}, 1, s.other_lane, 50, noon, false, false, false}});
  const Duration earlier = outlook(s.state, JobId{1}, noon).takeover - noon;
  const auto drains = all<Drain>(s.at(earlier - minutes(5)).actions);
  ASSERT_EQ(drains.size(), 1u);
  EXPECT_EQ(drains[0].shape, 1);
}

TEST(Planner, AJobTooLargeForTheLiveLaneHasNoTimeForFlex) {
  Situation s(minutes(30), 10'000);  // 100 minutes of drain
  apply(s.state, FlexOffered{s.lane, true});
  s.group(50, false, noon);  // batches have returned all but this
  const Duration start = outlook(s.state, JobId{1}, noon).takeover - noon;
  EXPECT_EQ(s.at(start - minutes(5)).count<Drain>(), 0u);
  EXPECT_EQ(all<Drain>(s.at(start).actions)[0].tier, ServiceTier::standard);
}

TEST(Planner, AHundredOfOneTenantAreNotBehindTheMillionOfAnother) {
  Situation s(minutes(30), 1'000'000);
  apply(s.state, JobChanged{{.id = JobId{2}, .accepted = noon, .deadline = noon + minutes(40), .kept = true, .requests = 10, .on_time = 0.999, .tenant = 7}});
  apply(s.state, GroupChanged{{JobId{2}, 0, s.lane, 10, noon, true, false, false}});
  const auto drains = all<Drain>(s.at(Duration{0}).actions);
  ASSERT_EQ(drains.size(), 2u);
  EXPECT_EQ(drains[0].job, JobId{2});
}

TEST(Planner, WhatCanBeSaidBeforehand) {
  Situation s(hours(6), 100);
  const auto verdict = [&](int64_t requests, Duration within) {
    return assess(s.state, s.lane, requests, noon + within, true, noon);
  };
  EXPECT_EQ(verdict(1000, hours(2)).kind, Verdict::Kind::accepted);
  EXPECT_EQ(verdict(1000, hours(2)).on_time, 1);
  const Verdict risk = verdict(20'000, hours(2));
  EXPECT_EQ(risk.kind, Verdict::Kind::at_risk) << "batches may return in time what the live lane cannot take";
  EXPECT_LT(risk.on_time, 0.95);
  EXPECT_NEAR(static_cast<double>((risk.earliest - noon).ms) / 3.6e6, 4.0, 0.2);
  EXPECT_EQ(verdict(20'000, seconds(30)).kind, Verdict::Kind::cannot);
}

TEST(Planner, SameLevelsSameActionsHoweverTheyWereTold) {
  Situation a(hours(6), 1000), b(hours(6), 1000);
  a.group(400, false, noon).in_batch(600);
  b.in_batch(1000).group(0, true, noon).in_batch(600).in_batch(600).group(400, false, noon);
  apply(b.state, BatchChanged{{BatchId{5}, b.lane, true, false, false, 0, {}, {}, {{JobId{1}, 20}}}});
  apply(b.state, BatchGone{BatchId{5}});
  b.view.deadline = noon + hours(3);
  apply(b.state, JobChanged{b.view});
  b.view.deadline = noon + hours(6);
  apply(b.state, JobChanged{b.view});
  for (const Duration at : {hours(1), hours(5) + minutes(20), hours(5) + minutes(45)}) {
    EXPECT_EQ(outlook(a.state, JobId{1}, noon + at).takeover, outlook(b.state, JobId{1}, noon + at).takeover);
    EXPECT_EQ(a.at(at).actions.size(), b.at(at).actions.size());
    EXPECT_EQ(a.at(at).actions.size(), a.at(at).actions.size()) << "a level, not a command";
  }
}

TEST(Planner, WhatWasLearnedOutlivesTheProcess) {
  Situation a(hours(6)), b(hours(6));
  for (int day = 0; day < 50; ++day)
    apply(a.state, BatchTook{a.lane, day % 2 ? 1 : 20'000, noon - days(51 - day), minutes(3 + day), day % 7 != 0});
  apply(a.state, FlexHeard{"openai", 20, 3, noon});
  for (int i = 0; i < 12; ++i) apply(a.state, RateMeasured{"openai", 80.0 + i});
  ASSERT_TRUE(b.state.learn(b.lane, a.state.learned(a.lane)));
  ASSERT_TRUE(b.state.learn("openai", a.state.learned(std::string("openai"))));
  EXPECT_EQ(b.state.learned(b.lane), a.state.learned(a.lane));
  EXPECT_EQ(outlook(a.state, JobId{1}, noon).takeover, outlook(b.state, JobId{1}, noon).takeover);
  EXPECT_FALSE(b.state.learn(b.lane, "nonsense"));
}

}  // namespace
}  // namespace twolane::plan
