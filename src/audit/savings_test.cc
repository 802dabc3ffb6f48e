// Lines against amounts worked out by hand from printed rates.
#include "audit/savings.h"

#include <gtest/gtest.h>

#include "audit/collector.h"
#include "audit/report.h"
#include "price/price.h"

namespace twolane::audit {
namespace {

PriceCell cell(std::string_view provider, std::string_view model, const Usage& usage, Time at = {}) {
  PriceCell c;
  c.model = price::book().find(provider, model);
  for (size_t t = 0; t < c.rows.size(); ++t) c.rows[t] = price::book().row(*c.model, static_cast<ServiceTier>(t), 1000, at);
  c.priced = true, c.calls = 1, c.usage = usage, c.read = usage.cache_read;
  return c;
}

std::string cost(const Prices& p, Line line) { return p.of(line).cost ? exact_usd(*p.of(line).cost) : "-"; }

// gpt-5.4: 2.50 in, 0.25 cached, 15 out; batch and flex half, cached in batch 0.25 by the dearer reading.
TEST(Savings, OpenAiByHand) {
  const PriceCell c = cell("openai", "gpt-5.4", {.fresh = 1'000'000, .cache_read = 1'000'000, .output = 100'000});
  const Prices p = price_lines({&c, 1}, {});
  EXPECT_EQ(cost(p, Line::as_is), "4.25");          // 2.50 + 0.25 + 1.50
  EXPECT_EQ(cost(p, Line::caching), "-");           // nothing was measured
  EXPECT_EQ(cost(p, Line::flex), "2.125");          // half of all
  EXPECT_EQ(cost(p, Line::batch), "3.25");          // 2 M x 1.25 + 0.1 M x 7.50
  EXPECT_EQ(cost(p, Line::batch_cached), "2.60");   // 0.65 M x 0.25 + 1.35 M x 1.25 + 0.75
  EXPECT_EQ(exact_usd(p.of(Line::batch_cached).low), "2.1475");   // 98 % at 0.125, the other reading
  EXPECT_EQ(exact_usd(p.of(Line::batch_cached).high), "2.95");    // 30 % at 0.25
  EXPECT_EQ(cost(p, Line::cheaper_hours), "-");
  EXPECT_EQ(cost(p, Line::cheaper_model), "1.275");  // gpt-5.4-mini: 0.75, 0.075, 4.50
}

// Before GPT-5 nothing is cached in a batch: cached tokens cost what fresh ones cost there.
TEST(Savings, OldOpenAiModelsLoseTheirCacheInABatch) {
  const PriceCell c = cell("openai", "gpt-4o", {.fresh = 0, .cache_read = 1'000'000});
  const Prices p = price_lines({&c, 1}, {});
  EXPECT_EQ(cost(p, Line::as_is), "1.25");
  EXPECT_EQ(cost(p, Line::batch), "1.25");
  EXPECT_EQ(cost(p, Line::batch_cached), "1.25");
}

// claude-sonnet-4-6: 3, cached 0.30, 1-hour write 6, out 15; all halved in a batch. Misses write again.
TEST(Savings, AnthropicMultipliesAndSellsNoFlex) {
  const PriceCell c = cell("anthropic", "claude-sonnet-4-6", {.fresh = 0, .cache_read = 1'000'000, .output = 100'000});
  const Prices p = price_lines({&c, 1}, {});
  EXPECT_EQ(cost(p, Line::as_is), "1.80");
  EXPECT_EQ(cost(p, Line::flex), "-");
  EXPECT_EQ(cost(p, Line::batch), "2.25");            // 1.50 + 0.75: dearer than cached calls
  EXPECT_EQ(cost(p, Line::batch_cached), "1.8975");   // 0.65 x 0.15 + 0.35 x 3 + 0.75
  EXPECT_NE(p.of(Line::flex).why.find("no flex"), std::string::npos);
  ASSERT_NE(cheaper_sibling(*c.model), nullptr);
  EXPECT_EQ(cheaper_sibling(*c.model)->name, "claude-haiku-4-5");
}

TEST(Savings, MeasuredPrefixesAreCachedByTheModelsRule) {
  PriceCell c = cell("anthropic", "claude-sonnet-4-6", {.fresh = 1'000'000});
  c.measured = true, c.read = 800'000, c.written = 10'000;
  const Prices p = price_lines({&c, 1}, {});
  EXPECT_EQ(cost(p, Line::caching), "0.8475");  // 0.8 x 0.30 + 0.01 x 3.75 + 0.19 x 3
}

// DeepSeek sells hours: the peak price of October 2026 is twice the other.
TEST(Savings, CheaperHours) {
  const Time peak = parse_rfc3339("2026-10-13T02:00:00Z").value();  // a Tuesday
  const PriceCell c = cell("deepseek", "deepseek-v4-flash", {.fresh = 1'000'000, .output = 1'000'000}, peak);
  const Prices p = price_lines({&c, 1}, {});
  EXPECT_EQ(cost(p, Line::as_is), "1.50");
  EXPECT_EQ(cost(p, Line::cheaper_hours), "0.75");
  EXPECT_EQ(cost(p, Line::batch), "-");
}

TEST(Savings, WhatHasNoPriceAndWhatIsBatchedStay) {
  PriceCell batched = cell("openai", "gpt-5.4", {.fresh = 1'000'000});
  batched.tier = ServiceTier::batch;
  const Prices p = price_lines({&batched, 1}, PicoUsd::from_usd(3));
  EXPECT_EQ(cost(p, Line::as_is), "4.25");  // 1.25 and the log's 3
  EXPECT_EQ(cost(p, Line::batch), "-");
  EXPECT_EQ(cost(p, Line::flex), "-");
}

Call plain_call(Time at, std::string_view key) {
  Call c;
  c.start = at, c.latency = seconds(2), c.key = key, c.provider = "openai", c.model = "gpt-5.4";
  c.usage = Usage{.fresh = 1000, .output = 100};
  return c;
}

TEST(Collector, SumsOfCallersAreTheSumOfCalls) {
  Collector collector({});
  PicoUsd sum{};
  for (int i = 0; i < 500; ++i) {
    Call c = plain_call(Time{1'780'000'000'000 + i * 60'000}, i % 3 ? "a" : "b");
    c.usage->cache_read = i % 5 * 100;
    if (i % 7 == 0) c.model = "no-such-model", c.cost = PicoUsd::from_usd(1);
    else sum += price::charge({"openai", "gpt-5.4"}, ServiceTier::standard, *c.usage, {.at = *c.start}).value();
    collector.call(c);
  }
  const Report r = make_report(collector.finish(), {}, {});
  EXPECT_EQ(r.unpriced, PicoUsd::from_usd(72));
  EXPECT_EQ(r.spend, sum + PicoUsd::from_usd(72));
  EXPECT_EQ(r.calls, 500);
}

// Beyond the limit the cheapest are put together; nothing is lost.
TEST(Collector, ManyCallersFoldAndKeepTheirSums) {
  Collector collector({.most_callers = 64});
  for (int i = 0; i < 5000; ++i) {
    Call c = plain_call(Time{1'780'000'000'000 + i * 1000}, "k");
    const std::string user = "u" + std::to_string(i % 1500), route = "r" + std::to_string(i % 300);
    c.user = user, c.route = route;
    collector.call(c);
  }
  Collected all = collector.finish();
  EXPECT_LE(all.callers.size(), 200u);
  ASSERT_TRUE(all.others.has_value());
  int64_t calls = all.others->calls;
  for (const Profile& p : all.callers) calls += p.calls;
  EXPECT_EQ(calls, 5000);
  const Report r = make_report(std::move(all), {}, {});
  EXPECT_EQ(exact_usd(r.spend), "20.00");  // 5,000 x (1,000 x 2.5 + 100 x 15) / 10^6
  PicoUsd planes{};
  for (const PicoUsd p : r.planes) planes += p;
  EXPECT_EQ(planes, r.spend);
}

// A key is part of a caller even where nothing else is logged.
TEST(Collector, KeysAloneKeepCallersApart) {
  Collector collector({});
  for (int i = 0; i < 10; ++i) collector.call(plain_call(Time{1'780'000'000'000 + i * 1000}, i % 2 ? "a" : "b"));
  EXPECT_EQ(collector.finish().callers.size(), 2u);
}

// A minute's peak of the live plane, before and after the nightly job leaves it. What goes to flex stays in it.
TEST(Report, RateLimitsAreRelievedByWhatMoves) {
  Collector collector({});
  const Time monday{1'780'272'000'000};
  const auto call = [&](Time at, std::string_view key, bool streaming, int64_t input) {
    Call c = plain_call(at, key);
    c.streaming = streaming, c.usage = Usage{.fresh = input, .output = 100};
    collector.call(c);
  };
  for (int day = 0; day < 14; ++day) {
    const Time midnight = monday + days(day);
    for (int i = 0; i < 400; ++i) call(midnight + hours(2) + seconds(i), "night", false, 9'900);
    for (int i = 0; i < 5; ++i) call(midnight + hours(2) + seconds(i), "people", true, 900);
    for (int i = 0; i < 20; ++i) call(midnight + hours(9) + seconds(i), "people", true, 900);
  }
  const Report r = make_report(collector.finish(), {}, {});
  ASSERT_EQ(r.plan.moves.size(), 1u);
  EXPECT_EQ(r.plan.moves[0].tier, ServiceTier::batch);
  EXPECT_EQ(r.relief.calls_before, 65);
  EXPECT_EQ(r.relief.calls_after, 20);
  EXPECT_EQ(r.relief.tokens_before, 60 * 10'000 + 5 * 1'000);
  EXPECT_EQ(r.relief.tokens_after, 20 * 1'000);
  EXPECT_TRUE(r.relief.exact);
}

// Where a caller was busy in more minutes than are kept, means of longer spans stand for them, and it is said.
TEST(Report, ReliefOfManyMinutesIsAbout) {
  Collector collector({});
  for (int i = 0; i < 5'000; ++i) {
    Call c = plain_call(Time{1'780'272'000'000} + minutes(i), "batch");
    c.usage = Usage{.fresh = 100'000};
    collector.call(c);
  }
  const auto overrules = parse_overrules("can-wait 6h    key=batch\n", "x").value();
  const Report r = make_report(collector.finish(), overrules, {});
  ASSERT_EQ(r.plan.moves.size(), 1u);
  EXPECT_EQ(r.relief.calls_before, 1);
  EXPECT_EQ(r.relief.calls_after, 0) << "all of it moves";
  EXPECT_FALSE(r.relief.exact);
}

TEST(Report, MonthsAreScaledOnlyFromAWeekOn) {
  Report r;
  r.dated = true, r.last = Time{} + days(6);
  EXPECT_FALSE(r.per_month(PicoUsd::from_usd(6)));
  r.last = Time{} + days(10);
  EXPECT_EQ(*r.per_month(PicoUsd::from_usd(10)), PicoUsd::from_usd(30));
  r.last = Time{} + days(31);
  EXPECT_EQ(*r.per_month(PicoUsd::from_usd(10)), PicoUsd::from_usd(10));
}

}  // namespace
}  // namespace twolane::audit
