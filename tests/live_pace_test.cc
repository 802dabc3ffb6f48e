// How fast the live lane goes: by what the provider says of its limits, beside what interactive calls keep, and what
// the plan hears of it.
#include <sstream>

#include "foretold.h"
#include "one_engine.h"

namespace twolane {
namespace {

sim::Scenario only_live() {
  sim::Scenario s = steady(hours(20));
  s.flex_refused = 1;
  return s;
}

class LivePace : public OneEngine {
 protected:
  patient::Engine::Core& core() { return patient::EngineProbe::core(*engine_); }
  const patient::Line& line() { return core().lines.at("openai"); }
  // Shares of the allowed rate that drains reached, as the plan keeps them.
  std::vector<double> measured() {
    std::istringstream text(core().plan.learned("openai"));
    std::vector<double> all;
    for (double n = 0; text >> n;) all.push_back(n);
    all.erase(all.begin(), all.begin() + std::min<ptrdiff_t>(4, std::ssize(all)));  // of flex; what is counted on
    return all;
  }
};

TEST_F(LivePace, WhatADrainReachesIsMeasuredAndOutlivesTheProcess) {
  open(only_live(), 0);
  const JobId job = give({"ana", 1, 1'500, hours(24), true});
  say(job, "promote");
  EXPECT_LE(done(job, begin + hours(1)), begin + minutes(10));
  const std::vector<double> seen = measured();
  ASSERT_GE(seen.size(), 2u);
  for (const double share : seen) {
    EXPECT_GT(share, 0.8);
    EXPECT_LE(share, 1);
  }
  const std::string learned = core().plan.learned("openai");
  open(only_live(), 0);
  EXPECT_EQ(core().plan.learned("openai"), learned);
}

TEST_F(LivePace, AShortDrainMeasuresNothing) {
  open(only_live(), 0);
  const JobId job = give({"ana", 1, 50, hours(2), true});
  EXPECT_LE(done(job, begin + hours(3)), begin + hours(2));
  EXPECT_TRUE(measured().empty());
}

TEST_F(LivePace, TheProvidersOwnLimitIsThePace) {
  sim::Scenario scenario = only_live();
  scenario.live_per_minute = 100;
  open(scenario, 0);  // 600 are configured
  const JobId job = give({"ana", 1, 1'000, hours(2), true});
  EXPECT_LE(done(job, begin + hours(3)), begin + hours(2));
  EXPECT_EQ(line().stated, 100);
  EXPECT_LE(line().told, 100);
  EXPECT_EQ(answered(job), 1'000);
}

TEST_F(LivePace, InteractiveCallsKeepTheirShare) {
  open(only_live(), 0, 600, 0.5);
  const JobId job = give({"ana", 1, 900, hours(24), true});
  say(job, "promote");
  const Time asked = world_->now();
  const Time ended = done(job, asked + hours(1));
  EXPECT_GE(ended, asked + minutes(3) - seconds(5)) << "300 a minute";
  EXPECT_LE(ended, asked + minutes(4));
}

}  // namespace
}  // namespace twolane
