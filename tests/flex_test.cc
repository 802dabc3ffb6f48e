// The flex tier in the engine: what batches do not return in time goes by flex before it goes at list price, and
// what a provider sheds, or does not answer while there is time, is bought at the standard tier in time.
#include "foretold.h"
#include "one_engine.h"

namespace twolane {
namespace {

// No batch ends in time.
sim::Scenario stuck(double refused, Duration latency) {
  sim::Scenario s = steady(hours(20));
  s.flex_refused = refused;
  s.flex_latency = latency;
  return s;
}

class Flex : public OneEngine {
 protected:
  patient::Engine::Core& core() { return patient::EngineProbe::core(*engine_); }
  const patient::Line& line() { return core().lines.at("openai"); }

  int64_t served(JobId job, ServiceTier tier) { return totals(job).lanes[static_cast<size_t>(tier)].requests; }
  PicoUsd list(JobId job) {
    PicoUsd sum;
    for (const Totals::Lane& lane : totals(job).lanes) sum += lane.list;
    return sum;
  }
};

TEST_F(Flex, WhatIsStuckGoesByFlexForHalfThePrice) {
  open(stuck(0, seconds(10)), 0);
  const JobId job = give({"ana", 1, 300, hours(2), true});
  EXPECT_LE(done(job, begin + hours(3)), begin + hours(2));
  const Totals t = totals(job);
  EXPECT_EQ(t.of(RequestState::succeeded), 300);
  EXPECT_EQ(t.promoted, 300);
  EXPECT_GE(served(job, ServiceTier::flex), 297);  // a few are given up: their latencies differ
  EXPECT_LT(t.cost.n * 100, list(job).n * 52);
}

TEST_F(Flex, WhatIsShedCostsNothingAndSlowsNothing) {
  open(stuck(1, seconds(10)), 0);
  const JobId job = give({"ana", 1, 300, hours(2), true});
  EXPECT_LE(done(job, begin + hours(3)), begin + hours(2));
  const Totals t = totals(job);
  EXPECT_EQ(served(job, ServiceTier::standard), 300);
  EXPECT_EQ(t.cost.n, list(job).n);
  EXPECT_EQ(t.unconfirmed_attempts, 0);
  EXPECT_EQ(line().per_minute, 600);
  EXPECT_EQ(line().slowed.ms, 0);
  // It was tried, and found to be shed: ten attempts and a few more, not one a second for ten minutes.
  int64_t refused = 0;
  const std::vector<Attempt> attempts = store_->ledger(job, 0, 10'000).value();
  for (const Attempt& a : attempts) refused += a.state == AttemptState::refused;
  EXPECT_GE(refused, 10);
  EXPECT_LT(refused, 300);
}

TEST_F(Flex, HalfOfItShedStillGoesByFlex) {
  open(stuck(0.5, seconds(10)), 0);
  const JobId job = give({"ana", 1, 300, hours(2), true});
  EXPECT_LE(done(job, begin + hours(3)), begin + hours(2));
  EXPECT_EQ(answered(job), 300);
  EXPECT_GE(served(job, ServiceTier::flex), 290);
}

TEST_F(Flex, WhatIsNotAnsweredWhileThereIsTimeIsGivenUpAndShownAsUnconfirmed) {
  open(stuck(0, hours(5)), 0);
  const JobId job = give({"ana", 1, 60, hours(2), true});
  EXPECT_LE(done(job, begin + hours(3)), begin + hours(2));
  const Totals t = totals(job);
  EXPECT_EQ(t.of(RequestState::succeeded), 60);
  EXPECT_EQ(t.late, 0);
  EXPECT_GE(t.unconfirmed_attempts, 50);
  EXPECT_GT(t.unconfirmed.n, 0);
  EXPECT_EQ(line().slowed.ms, 0);
  const std::vector<Attempt> attempts = store_->ledger(job, 0, 10'000).value();
  for (const Attempt& a : attempts)
    if (a.state == AttemptState::unconfirmed) {
      const auto row = store_->request(job, a.index).value();
      EXPECT_EQ(row->tries, 0) << "it was not the request's own fault";
    }
}

TEST_F(Flex, ItNeitherFillsTheStandardTierNorTeachesIt) {
  open(stuck(0, minutes(6)), 0);
  const JobId patient = give({"ana", 1, 100, hours(2), true});
  while (line().flex_in_flight < 64 && world_->now() < begin + hours(2) && world_->step()) {
  }
  ASSERT_GE(line().flex_in_flight, 64);
  EXPECT_EQ(line().in_flight, 0);
  EXPECT_EQ(line().takes, seconds(8)) << "of a standard call nothing was heard yet";
  const JobId urgent = give({"ben", 1, 30, hours(24), true});
  say(urgent, "promote");
  const Time asked = world_->now();
  EXPECT_LE(done(urgent, asked + hours(1)), asked + minutes(1));
  EXPECT_EQ(served(urgent, ServiceTier::standard), 30);
  EXPECT_LE(done(patient, begin + hours(3)), begin + hours(2));
}

TEST_F(Flex, ItIsOfferedWhereItIsSoldForLess) {
  open(stuck(0, seconds(10)), 0);
  const auto sold = [&](const char* provider, Endpoint endpoint, const char* model) {
    return core().sells_flex({provider, endpoint, model});
  };
  EXPECT_TRUE(sold("openai", Endpoint::chat_completions, "gpt-5.4-mini"));
  EXPECT_TRUE(sold("openai", Endpoint::responses, "gpt-5.4-mini"));
  EXPECT_TRUE(sold("gemini", Endpoint::generate_content, "gemini-2.5-flash"));
  EXPECT_FALSE(sold("openai", Endpoint::chat_completions, "gpt-4.1-nano"));
  EXPECT_FALSE(sold("openai", Endpoint::embeddings, "text-embedding-3-small"));
  EXPECT_FALSE(sold("anthropic", Endpoint::messages, "claude-haiku-4-5"));
  EXPECT_FALSE(sold("groq", Endpoint::chat_completions, "llama-3.3-70b-versatile")) << "for what standard costs";
}

}  // namespace
}  // namespace twolane
