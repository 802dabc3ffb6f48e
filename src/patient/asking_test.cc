#include "patient/asking.h"

#include <gtest/gtest.h>

namespace twolane::patient {
namespace {

Job job(JobState state, RequestState requests) {
  Job j;
  j.id = JobId{0xabcdef0123456789};
  j.state = state;
  j.requests = 1;
  j.totals.requests[static_cast<size_t>(requests)] = 1;
  return j;
}

TEST(Asking, WhatChangesNothingIsRefused) {
  const Job running = job(JobState::running, RequestState::batched), paused = job(JobState::paused, RequestState::open);
  const Job cancelling = job(JobState::cancelling, RequestState::batched), done = job(JobState::done, RequestState::succeeded);
  for (const char* verb : {"pause", "resume", "promote", "deadline"}) {
    EXPECT_TRUE(may_be_asked(running, verb)) << verb;
    EXPECT_TRUE(may_be_asked(paused, verb)) << verb;
    EXPECT_EQ(may_be_asked(cancelling, verb).error().code, "job.cancelling") << verb;
    EXPECT_EQ(may_be_asked(done, verb).error().code, "job.ended") << verb;
  }
  for (const char* verb : {"cancel", "retry", "forget"})
    for (const Job& j : {running, paused, cancelling, done}) EXPECT_TRUE(may_be_asked(j, verb)) << verb;
}

TEST(Asking, ARetryIsProposedWhereSomethingFailed) {
  const auto next = [](RequestState of) { return may_be_asked(job(JobState::done, of), "promote").error().next; };
  EXPECT_EQ(next(RequestState::succeeded), (std::vector<std::string>{"twolane results abcdef"}));
  EXPECT_EQ(next(RequestState::expired), (std::vector<std::string>{"twolane results abcdef", "twolane retry abcdef"}));
}

TEST(Asking, ADeadlineIsToCome) {
  EXPECT_TRUE(may_be_due(Time{2}, Time{1}));
  EXPECT_EQ(may_be_due(Time{1}, Time{1}).error().code, "time.past");
}

}  // namespace
}  // namespace twolane::patient
