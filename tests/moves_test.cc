// What moves while a job runs: its deadline, a pause, a promotion, calls that are lost, a cap. Each is planned for
// at once.
#include "one_engine.h"

namespace twolane {
namespace {

using Moves = OneEngine;

TEST_F(Moves, ADeadlineThatComesNearIsKept) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 300, hours(24), true});
  run_until(begin + hours(1));
  EXPECT_EQ(placed(job), 300);
  say(job, "deadline", rfc3339(world_->now() + minutes(20)));
  run_until(world_->now() + minutes(10));
  EXPECT_GT(cancelled_batches(job), 0);
  EXPECT_LE(done(job, begin + hours(24)), begin + minutes(80));
  EXPECT_EQ(answered(job), 300);
  EXPECT_EQ(totals(job).late, 0);
}

TEST_F(Moves, ADeadlineThatGoesFarCostsNoPromotion) {
  open(steady(hours(2)), 0);
  const JobId job = give({"ana", 1, 300, minutes(60), true});
  run_until(begin + minutes(10));
  say(job, "deadline", rfc3339(begin + hours(20)));
  EXPECT_LE(done(job, begin + hours(24)), begin + hours(3));
  EXPECT_EQ(answered(job), 300);
  EXPECT_EQ(totals(job).promoted, 0);
}

TEST_F(Moves, APausedJobBuysNothingMore) {
  open(steady(minutes(30)), 0);
  const JobId job = give({"ana", 1, 100, hours(6), true});
  say(job, "pause");
  run_until(begin + hours(2));
  EXPECT_EQ(placed(job) + answered(job), 0);
  say(job, "resume");
  EXPECT_LE(done(job, begin + hours(6)), begin + hours(3));
  EXPECT_EQ(answered(job), 100);
}

TEST_F(Moves, APromotedJobGoesLiveAtOnce) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 200, hours(24), true});
  run_until(begin + minutes(30));
  EXPECT_EQ(answered(job), 0);
  say(job, "promote");
  EXPECT_LE(done(job, begin + hours(24)), begin + minutes(50));
  EXPECT_EQ(answered(job), 200);
}

// For twenty minutes every call is refused: that is nobody's own fault, so no request has failed by it.
TEST_F(Moves, AnOutageUsesUpNoTries) {
  sim::Scenario outage = steady(hours(5));
  outage.blackout_at = {Duration{0}};
  outage.blackout = minutes(20);
  open(outage, 0);
  const JobId job = give({"ana", 1, 100, hours(2), true});
  say(job, "promote");
  run_until(begin + minutes(19));
  EXPECT_EQ(totals(job).of(RequestState::failed), 0);
  EXPECT_LT(totals(job).unconfirmed_attempts, 150);  // one call at a time asks whether it is over
  EXPECT_LE(done(job, begin + hours(2)), begin + minutes(23));
  EXPECT_EQ(answered(job), 100);
}

// Close to the deadline nobody waits ten minutes for a call of which nothing is heard.
TEST_F(Moves, CallsThatAreLostAreMadeAgainInTime) {
  sim::Scenario scenario = steady(hours(20));
  scenario.lost = 0.05;
  scenario.flex_refused = 1;
  open(scenario, 0);
  const JobId job = give({"ana", 1, 300, hours(2), true});
  EXPECT_LE(done(job, begin + hours(4)), begin + hours(2));
  EXPECT_EQ(answered(job), 300);
  EXPECT_EQ(totals(job).late, 0);
  EXPECT_GT(totals(job).unconfirmed_attempts, 5) << "some were lost";
}

// What a cap holds back is foreseen when it would have to go live, and not again when it has happened.
TEST_F(Moves, AMissByItsCapAloneIsForeseen) {
  sim::Scenario scenario = steady(hours(20));
  scenario.flex_refused = 1;
  open(scenario, 0);
  const JobId job = give({"ana", 1, 300, hours(2), true});
  Job capped = *store_->job(job).value();
  run_until(begin + minutes(5));
  capped.totals = totals(job);
  ASSERT_GT(capped.totals.reserved.n, 0) << "all of it lies in a batch";
  capped.cap = PicoUsd{3'000'000'000};  // 0.003 USD: for less than half of it, live
  ASSERT_TRUE(store_->amend(capped));
  ASSERT_TRUE(engine_->take_up(job));
  run_until(begin + hours(1));
  EXPECT_FALSE(engine_->forecast(job).miss) << "batches may still end";
  run_until(begin + minutes(108));
  ASSERT_TRUE(engine_->forecast(job).miss);
  EXPECT_EQ(engine_->forecast(job).miss->finish, Time{});
  EXPECT_LE(engine_->forecast(job).miss->at, begin + minutes(105)) << "a quarter of an hour before it happens";
  EXPECT_GT(engine_->forecast(job).miss->probability, 0.9);
  EXPECT_EQ(engine_->load().misses_foreseen, 1);
  run_until(begin + hours(2));
  EXPECT_TRUE(engine_->forecast(job).miss) << "it is not withdrawn while the cap stands";
  EXPECT_LE(totals(job).cost + totals(job).unconfirmed, *capped.cap);
}

// A miss that is foreseen is said once, and withdrawn when the deadline can be kept again.
TEST_F(Moves, AForeseenMissIsWithdrawn) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 4'000, minutes(4), true});
  EXPECT_NE(engine_->forecast(job).promise.kind, plan::Verdict::Kind::accepted);
  run_until(begin + minutes(3));
  ASSERT_TRUE(engine_->forecast(job).miss);
  EXPECT_GT(engine_->forecast(job).miss->finish, begin + minutes(4));
  EXPECT_EQ(engine_->load().misses_foreseen, 1);
  say(job, "deadline", rfc3339(begin + hours(24)));
  EXPECT_FALSE(engine_->forecast(job).miss);
  EXPECT_EQ(engine_->forecast(job).promise.kind, plan::Verdict::Kind::accepted);
  EXPECT_EQ(engine_->load().misses_foreseen, 0);
}

}  // namespace
}  // namespace twolane
