// A job of which some requests are wanted no more: what is cancelled, what goes on, and what is said then.
#include "one_engine.h"

namespace twolane {
namespace {

class Cut : public OneEngine {
 protected:
  static std::string every_second(int below) {
    std::string indexes = "0";
    for (int i = 2; i < below; i += 2) indexes += ',' + std::to_string(i);
    return indexes;
  }
};

// Half of it is cancelled while all of it lies in batches: those with unwanted requests alone are cancelled, and
// what they did not answer is cancelled rather than open.
TEST_F(Cut, AJobThatIsCutInHalfKeepsWhatIsWanted) {
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
TEST_F(Cut, ABatchOfBothKindsIsCancelledWhereThereIsTime) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 1000, hours(24), true});
  run_until(begin + minutes(30));
  say(job, "cancel", every_second(1000));
  run_until(begin + minutes(31));
  EXPECT_EQ(cancelled_batches(job), 4);
  EXPECT_LE(done(job, begin + hours(24)), begin + hours(7));
  EXPECT_EQ(answered(job) + totals(job).of(RequestState::cancelled), 1000);
  for (int i = 1; i < 1000; i += 2) ASSERT_EQ(store_->request(job, i).value()->state, RequestState::succeeded) << i;
  EXPECT_GT(totals(job).of(RequestState::cancelled), 400);
  EXPECT_EQ(totals(job).promoted, 0);
}

TEST_F(Cut, ABatchOfBothKindsGoesOnWhereThereIsNoTime) {
  open(steady(hours(1)), 0);
  const JobId job = give({"ana", 1, 400, minutes(90), true});
  run_until(begin + minutes(55));
  say(job, "cancel", every_second(400));
  EXPECT_LE(done(job, begin + hours(24)), begin + minutes(75));
  EXPECT_EQ(cancelled_batches(job), 0);
  EXPECT_EQ(answered(job), 400) << "an answer that comes all the same is kept";
}

// Requests that wait in no batch are cancelled at once; a request that is promoted afterwards is wanted again.
TEST_F(Cut, WhatIsCancelledIsNotBought) {
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
TEST_F(Cut, ASmallerJobIsJudgedAnew) {
  open(steady(hours(5)), 0);
  const JobId job = give({"ana", 1, 4'000, minutes(4), true});
  ASSERT_NE(engine_->forecast(job).promise.kind, plan::Verdict::Kind::accepted);
  say(job, "cancel", "100-3999");
  EXPECT_EQ(engine_->forecast(job).promise.kind, plan::Verdict::Kind::accepted);
  EXPECT_LE(done(job, begin + hours(24)), begin + minutes(4));
  EXPECT_EQ(answered(job), 100);
  EXPECT_EQ(totals(job).late, 0);
}

}  // namespace
}  // namespace twolane
