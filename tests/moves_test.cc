// What moves while a job runs: its deadline, a pause, a promotion. Each is planned for at once.
#include "one_engine.h"

namespace twolane {
namespace {

class Moves : public OneEngine {
 protected:
  int64_t cancelled_batches(JobId id) {
    const auto batches = store_->batches_of(id).value();
    return std::count_if(batches.begin(), batches.end(), [](const Batch& b) { return b.cancelling(); });
  }
};

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

// Half of it is cancelled while all of it lies in batches: those with unwanted requests alone are cancelled, and
// what they did not answer is cancelled rather than open.
TEST_F(Moves, AJobThatIsCutInHalfKeepsWhatIsWanted) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 1000, hours(24), true});
  run_until(begin + minutes(30));
  ASSERT_EQ(store_->batches_of(job).value().size(), 4u);
  say(job, "cancel", "500-999");
  say(job, "cancel", "500-999");  // said twice, it means the same
  run_until(world_->now());
  EXPECT_EQ(cancelled_batches(job), 2) << "at once";
  run_until(begin + hours(1));
  EXPECT_EQ(totals(job).of(RequestState::cancelled) + answered(job), 500) << "those that came in time are kept";
  EXPECT_EQ(placed(job), 500);
  EXPECT_LE(done(job, begin + hours(24)), begin + hours(6));
  EXPECT_EQ(totals(job).promoted, 0);
  EXPECT_EQ(totals(job).of(RequestState::open), 0);
  EXPECT_GE(answered(job), 500);
  for (const int64_t i : {0, 499}) EXPECT_EQ(store_->request(job, i).value()->state, RequestState::succeeded) << i;
  EXPECT_EQ(store_->job(job).value()->state, JobState::done);
}

// Every second request: no batch holds only unwanted ones. There is time for new batches, so all are cancelled.
TEST_F(Moves, ABatchOfBothKindsIsCancelledWhereThereIsTime) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 1000, hours(24), true});
  run_until(begin + minutes(30));
  std::string every_second;
  for (int i = 0; i < 1000; i += 2) every_second += (i == 0 ? "" : ",") + std::to_string(i);
  say(job, "cancel", every_second);
  run_until(begin + minutes(31));
  EXPECT_EQ(cancelled_batches(job), 4);
  EXPECT_LE(done(job, begin + hours(24)), begin + hours(7));
  EXPECT_EQ(answered(job) + totals(job).of(RequestState::cancelled), 1000);
  for (int i = 1; i < 1000; i += 2) ASSERT_EQ(store_->request(job, i).value()->state, RequestState::succeeded) << i;
  EXPECT_GT(totals(job).of(RequestState::cancelled), 400);
  EXPECT_EQ(totals(job).promoted, 0);
}

TEST_F(Moves, ABatchOfBothKindsGoesOnWhereThereIsNoTime) {
  open(steady(hours(1)), 0);
  const JobId job = give({"ana", 1, 400, minutes(90), true});
  run_until(begin + minutes(55));
  std::string every_second;
  for (int i = 0; i < 400; i += 2) every_second += (i == 0 ? "" : ",") + std::to_string(i);
  say(job, "cancel", every_second);
  EXPECT_LE(done(job, begin + hours(24)), begin + minutes(75));
  EXPECT_EQ(cancelled_batches(job), 0);
  EXPECT_EQ(answered(job), 400) << "an answer that comes all the same is kept";
}

// Requests that wait in no batch are cancelled at once; a request that is promoted afterwards is wanted again.
TEST_F(Moves, WhatIsCancelledIsNotBought) {
  open(steady(hours(2)), 0);
  const JobId job = give({"ana", 1, 100, hours(12), true});
  say(job, "pause");
  say(job, "cancel", "0-49,99");
  EXPECT_EQ(totals(job).of(RequestState::cancelled), 51);
  say(job, "resume");
  run_until(begin + minutes(10));
  EXPECT_EQ(placed(job), 49);
  say(job, "cancel", "60");
  EXPECT_EQ(placed(job), 49) << "what became of it is not known before its batch ends";
  say(job, "promote", "60");
  done(job, begin + hours(12));
  EXPECT_EQ(answered(job), 49);
  EXPECT_EQ(store_->request(job, 60).value()->state, RequestState::succeeded);
}

// The planner works with what is left: what could not be kept is promised again.
TEST_F(Moves, ASmallerJobIsJudgedAnew) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 4'000, minutes(4), true});
  ASSERT_NE(engine_->forecast(job).promise.kind, plan::Verdict::Kind::accepted);
  say(job, "cancel", "100-3999");
  EXPECT_EQ(engine_->forecast(job).promise.kind, plan::Verdict::Kind::accepted);
  EXPECT_LE(done(job, begin + hours(24)), begin + minutes(4));
  EXPECT_EQ(answered(job), 100);
  EXPECT_EQ(totals(job).late, 0);
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
