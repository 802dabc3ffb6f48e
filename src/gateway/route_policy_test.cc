// Routes without network and clock: order, weights, retries, budget, circuits.
#include "gateway/route_policy.h"

#include <gtest/gtest.h>

#include <array>

namespace twolane::gateway {
namespace {

constexpr Time start{1'800'000'000'000};

RouteRules rules(size_t targets, std::vector<int> weights = {}) {
  RouteRules r;
  for (size_t i = 0; i < targets; ++i) r.targets.push_back("openai/m" + std::to_string(i));
  r.weights = std::move(weights);
  r.failures = 3;
  r.window = seconds(30);
  r.cooldown = seconds(10);
  return r;
}

void fail_until_open(Circuit& c, const RouteRules& r, Time now) {
  for (int i = 0; i < r.failures; ++i) {
    c.begin(r, now);
    c.heard(r, Heard::refused, now);
    c.end();
  }
}

TEST(RoutePolicy, WhichStatusAllowsAnotherAttempt) {
  for (const int status : {408, 429, 500, 502, 503, 504, 529}) EXPECT_TRUE(allows_another(heard_of(status))) << status;
  for (const int status : {200, 400, 401, 403, 404, 413, 422, 501, 505})
    EXPECT_FALSE(allows_another(heard_of(status))) << status;
  EXPECT_TRUE(allows_another(Heard::unreached));
  EXPECT_TRUE(allows_another(Heard::late));
  EXPECT_FALSE(allows_another(Heard::unknown));
}

TEST(RoutePolicy, TheOrderIsAsWrittenOrDrawnByWeight) {
  EXPECT_EQ(order_of(rules(3), 12345), (std::vector<size_t>{0, 1, 2}));
  const RouteRules r = rules(3, {70, 20, 10});
  std::array<int, 3> first{}, second_after_0{};
  const int n = 20'000;
  for (int i = 0; i < n; ++i) {
    const auto order = order_of(r, static_cast<uint64_t>(i));
    ASSERT_EQ(order.size(), 3u);
    ++first[order[0]];
    if (order[0] == 0) ++second_after_0[order[1]];
  }
  EXPECT_NEAR(first[0], 0.70 * n, 0.02 * n);
  EXPECT_NEAR(first[1], 0.20 * n, 0.02 * n);
  EXPECT_NEAR(first[2], 0.10 * n, 0.02 * n);
  EXPECT_NEAR(second_after_0[1], first[0] * 2.0 / 3, 0.02 * n);
}

TEST(RoutePolicy, WeightZeroIsAskedLast) {
  const RouteRules r = rules(2, {0, 1});
  for (uint64_t draw = 0; draw < 100; ++draw) EXPECT_EQ(order_of(r, draw), (std::vector<size_t>{1, 0}));
}

TEST(RoutePolicy, FallsBackAtOnceAndComesBackAfterAPause) {
  RouteRules r = rules(2);
  r.attempts = 4;
  const auto order = order_of(r, 0);
  const std::vector<Circuit> circuits(2);
  Progress p;
  std::vector<size_t> asked;
  std::vector<int64_t> pauses;
  while (const auto step = next_step(r, order, circuits, p, start, 0)) {
    asked.push_back(step->target);
    pauses.push_back(step->pause.ms);
  }
  EXPECT_EQ(asked, (std::vector<size_t>{0, 1, 0, 1}));
  EXPECT_EQ(pauses, (std::vector<int64_t>{0, 0, 50, 50}));
}

TEST(RoutePolicy, PausesGrowVaryAndObeyRetryAfter) {
  RouteRules r = rules(1);
  r.attempts = 20;
  const std::vector<size_t> order = {0};
  const std::vector<Circuit> circuits(1);
  Progress p{1, 0, {}};
  for (const int64_t span : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
    Progress low = p;
    EXPECT_EQ(next_step(r, order, circuits, low, start, 0)->pause.ms, span / 2);
    EXPECT_EQ(next_step(r, order, circuits, p, start, static_cast<uint64_t>(span / 2))->pause.ms, span);
  }
  Progress told{1, 0, seconds(2)};
  EXPECT_EQ(next_step(r, order, circuits, told, start, 0)->pause, seconds(2));
  Progress long_wait{1, 0, seconds(60)};
  EXPECT_FALSE(next_step(r, order, circuits, long_wait, start, 0));
  // Another target did not ask for it.
  const std::vector<size_t> two = {0, 1};
  const std::vector<Circuit> both(2);
  Progress other{1, 0, seconds(60)};
  EXPECT_EQ(next_step(rules(2), two, both, other, start, 0)->target, 1u);
}

TEST(RoutePolicy, AnOpenCircuitIsSkippedProbedAndClosed) {
  const RouteRules r = rules(2);
  std::vector<Circuit> circuits(2);
  const auto order = order_of(r, 0);
  fail_until_open(circuits[0], r, start);
  EXPECT_TRUE(circuits[0].is_open());
  Progress p;
  EXPECT_EQ(next_step(r, order, circuits, p, start + seconds(9), 0)->target, 1u);
  const Time later = start + seconds(10);
  p = {};
  EXPECT_EQ(next_step(r, order, circuits, p, later, 0)->target, 0u);
  circuits[0].begin(r, later);
  EXPECT_FALSE(circuits[0].admits(r, later)) << "one probe at a time";
  circuits[0].heard(r, Heard::refused, later);
  circuits[0].end();
  EXPECT_FALSE(circuits[0].admits(r, later + seconds(9)));
  EXPECT_TRUE(circuits[0].admits(r, later + seconds(10)));
  circuits[0].begin(r, later + seconds(10));
  circuits[0].heard(r, Heard::good, later + seconds(10));
  circuits[0].end();
  EXPECT_FALSE(circuits[0].is_open());
  EXPECT_EQ(circuits[0].in_flight(), 0);
}

TEST(RoutePolicy, AProbeNobodyHeardLetsAnotherOneGo) {
  const RouteRules r = rules(1);
  Circuit c;
  fail_until_open(c, r, start);
  const Time later = start + seconds(10);
  c.begin(r, later);
  c.heard(r, Heard::unknown, later);
  c.end();
  EXPECT_TRUE(c.is_open());
  EXPECT_TRUE(c.admits(r, later + seconds(10)));
}

TEST(RoutePolicy, FailuresFarApartOrAmongManyAnswersOpenNothing) {
  const RouteRules r = rules(1);
  Circuit apart;
  for (int i = 0; i < 10; ++i) apart.heard(r, Heard::late, start + seconds(31 * i));
  EXPECT_FALSE(apart.is_open());
  Circuit among;
  for (int i = 0; i < 100; ++i) among.heard(r, i % 4 == 3 ? Heard::refused : Heard::good, start);
  EXPECT_FALSE(among.is_open());
}

TEST(RoutePolicy, PlacesOfATargetAreCounted) {
  RouteRules r = rules(2);
  r.concurrency = 1;
  std::vector<Circuit> circuits(2);
  const auto order = order_of(r, 0);
  circuits[0].begin(r, start);
  Progress p;
  EXPECT_EQ(next_step(r, order, circuits, p, start, 0)->target, 1u);
  circuits[1].begin(r, start);
  p = {};
  EXPECT_FALSE(next_step(r, order, circuits, p, start, 0));
  circuits[0].end();
  EXPECT_TRUE(next_step(r, order, circuits, p, start, 0));
}

TEST(RoutePolicy, WhatBrokeAfterItWasSentCountsAgainstTheTargetAndIsNotSentAgain) {
  EXPECT_FALSE(allows_another(Heard::broken));
  const RouteRules r = rules(1);
  Circuit c;
  for (int i = 0; i < r.failures; ++i) c.heard(r, Heard::broken, start);
  EXPECT_TRUE(c.is_open());
}

TEST(RoutePolicy, WhichAttemptsMayBeBilled) {
  struct Case {
    Heard heard;
    int status;
    bool sent, billed;
  };
  constexpr Case cases[] = {
      {Heard::good, 200, true, false},     {Heard::unreached, 0, false, false}, {Heard::late, 0, true, true},
      {Heard::broken, 0, true, true},      {Heard::unknown, 0, true, true},     {Heard::unknown, 0, false, false},
      {Heard::refused, 429, true, false},  {Heard::refused, 408, true, false},  {Heard::refused, 529, true, false},
      {Heard::refused, 500, true, true},   {Heard::refused, 502, true, true},   {Heard::refused, 503, true, true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(may_be_billed(c.heard, c.status, c.sent), c.billed) << static_cast<int>(c.heard) << ' ' << c.status;
}

TEST(RoutePolicy, AttemptsThatFoundNoCapacityAreNotCounted) {
  RouteRules r = rules(2);
  r.attempts = 1;
  const auto order = order_of(r, 0);
  const std::vector<Circuit> circuits(2);
  Progress p;
  ASSERT_TRUE(next_step(r, order, circuits, p, start, 0));
  Progress counted = p;
  EXPECT_FALSE(next_step(r, order, circuits, counted, start, 0));
  for (const size_t target : {1u, 0u, 1u}) {
    ++p.uncounted;
    const auto step = next_step(r, order, circuits, p, start, 0);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->target, target);
  }
}

TEST(RoutePolicy, FlexWaitsLongerEachTimeAndThenGoesOnAtTheStandardTier) {
  constexpr Duration window = flex_window;
  EXPECT_EQ(flex_until(window), minutes(14));
  EXPECT_EQ(flex_until(milliseconds(900)), milliseconds(600));
  EXPECT_EQ(flex_limit(window), seconds(870));
  EXPECT_EQ(flex_limit(milliseconds(900)), milliseconds(750));
  int rounds = 0;
  Duration passed;
  std::vector<int64_t> pauses;
  while (const auto pause = flex_pause(window, passed, ++rounds, std::nullopt, 0)) {
    pauses.push_back(pause->ms);
    passed = passed + *pause;
  }
  EXPECT_LE(passed, minutes(14));
  EXPECT_GT(passed, minutes(13));
  ASSERT_GT(pauses.size(), 8u);
  const std::vector<int64_t> first(pauses.begin(), pauses.begin() + 8);
  EXPECT_EQ(first, (std::vector<int64_t>{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000}));
  EXPECT_EQ(flex_pause(window, {}, 1, std::nullopt, 500), seconds(1));
  EXPECT_EQ(flex_pause(window, {}, 1, seconds(20), 0), seconds(20)) << "who says how long is believed";
  EXPECT_EQ(flex_pause(milliseconds(900), {}, 1, std::nullopt, 0), milliseconds(45)) << "a short time has short pauses";
  EXPECT_FALSE(flex_pause(window, minutes(10), 1, minutes(5), 0)) << "it would be too late then";
}

TEST(RoutePolicy, TheBudgetIsATenthWithAReserve) {
  RetryBudget b;
  int taken = 0;
  while (b.take()) ++taken;
  EXPECT_EQ(taken, 20);
  for (int i = 0; i < 9; ++i) b.first();
  EXPECT_FALSE(b.take());
  b.first();
  EXPECT_TRUE(b.take());
}

}  // namespace
}  // namespace twolane::gateway
