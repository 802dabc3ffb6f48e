// Bills before and after, worked out by hand; and exports read from their own formats.
#include "audit/invoices.h"

#include <gtest/gtest.h>

namespace twolane::audit {
namespace {

constexpr int64_t june = 1'780'272'000;  // seconds: 2026-06-01 00:00 UTC

// A day's bucket of gpt-5.4 (2.50 in, 15 out; batch half).
Bucket day(int number, bool batch, int64_t input, int64_t output) {
  Bucket b;
  b.start = Time{(june + number * 86'400) * 1000}, b.width = days(1);
  b.model = "gpt-5.4", b.tier = batch ? ServiceTier::batch : ServiceTier::standard;
  b.requests = 10, b.usage = Usage{.fresh = input, .output = output};
  return b;
}

PicoUsd sum(const Comparison& c) { return c.volume + c.models + c.tiers + c.price + c.other; }

// 10 days of 1 M in and 0.1 M out live: 4.00 a day. Then 5 days, half of it in batches: 3.00 a day.
TEST(Invoices, AMoveToBatchesIsTheTiersEffectAndNothingElse) {
  Invoices before, after;
  for (int i = 0; i < 10; ++i) before.bucket(day(i, false, 1'000'000, 100'000));
  for (int i = 40; i < 45; ++i) after.bucket(day(i, false, 500'000, 50'000)), after.bucket(day(i, true, 500'000, 50'000));
  const Comparison c = compare_invoices(before, after).value();
  EXPECT_EQ(exact_usd(c.before.cost), "4.00");
  EXPECT_EQ(exact_usd(c.after.cost), "3.00");
  EXPECT_EQ(c.before.tokens, 1'100'000);
  EXPECT_EQ(exact_usd(c.volume), "0.00");
  EXPECT_EQ(exact_usd(c.models), "0.00");
  EXPECT_EQ(exact_usd(c.tiers), "-1.00");
  EXPECT_EQ(exact_usd(c.price), "0.00");
  EXPECT_EQ(exact_usd(c.saved_month()), "30.00");
  EXPECT_FALSE(c.rows_billed);
}

// The same switch with twice the traffic: the bill rises and the switch has saved all the same.
TEST(Invoices, MoreTrafficIsToldApartFromTheSwitch) {
  Invoices before, after;
  before.bucket(day(0, false, 1'000'000, 100'000));
  after.bucket(day(9, false, 1'000'000, 100'000)), after.bucket(day(9, true, 1'000'000, 100'000));
  const Comparison c = compare_invoices(before, after).value();
  EXPECT_EQ(exact_usd(c.after.cost - c.before.cost), "2.00");
  EXPECT_EQ(exact_usd(c.volume), "4.00");
  EXPECT_EQ(exact_usd(c.tiers), "-2.00");
  EXPECT_EQ(sum(c), c.after.cost - c.before.cost);
}

// gpt-5.4-mini (0.75, 4.50) takes half of the tokens; answers of gpt-5.4 grow: models, and price.
TEST(Invoices, OtherModelsAndLongerAnswers) {
  Invoices before, after;
  before.bucket(day(0, false, 1'000'000, 100'000));
  Bucket mini = day(9, false, 500'000, 50'000);
  mini.model = "gpt-5.4-mini";
  after.bucket(mini), after.bucket(day(9, false, 450'000, 100'000));
  const Comparison c = compare_invoices(before, after).value();
  EXPECT_EQ(exact_usd(c.volume), "0.00");
  EXPECT_EQ(exact_usd(c.models), "-1.40");  // 0.55 M tokens at 2.00 instead of half of 4.00: 0.60 instead of 2.00
  EXPECT_EQ(exact_usd(c.tiers), "0.00");
  EXPECT_EQ(exact_usd(c.price), "0.625");   // 0.45 x 2.50 + 0.1 x 15 = 2.625 instead of 2.00
  EXPECT_EQ(sum(c), c.after.cost - c.before.cost);
}

// OpenAI's cost export names no model: its total is the bill, and what tokens do not explain is "other".
TEST(Invoices, CostExportsAreTheBill) {
  Invoices before, after;
  const auto cost = [](int number, int64_t cents, std::string_view item) {
    Bucket b;
    b.format = Format::openai_costs, b.start = Time{(june + number * 86'400) * 1000}, b.width = days(1);
    b.cost = PicoUsd{PicoUsd::from_usd(cents).n / 100}, b.line_item = item;
    return b;
  };
  before.bucket(day(0, false, 1'000'000, 100'000)), before.bucket(cost(0, 400, "gpt-5.4, input and output"));
  after.bucket(day(9, true, 1'000'000, 100'000)), after.bucket(cost(9, 200, "gpt-5.4, batch")), after.bucket(cost(9, 50, "file storage"));
  const Comparison c = compare_invoices(before, after).value();
  EXPECT_TRUE(c.total_billed);
  EXPECT_FALSE(c.rows_billed);
  EXPECT_EQ(exact_usd(c.before.cost), "4.00");
  EXPECT_EQ(exact_usd(c.after.cost), "2.50");
  EXPECT_EQ(exact_usd(c.tiers), "-2.00");
  EXPECT_EQ(exact_usd(c.other), "0.50");
  EXPECT_EQ(sum(c), c.after.cost - c.before.cost);
  EXPECT_EQ(after.items.size(), 2u);
}

// Anthropic's cost export names model and tier: rows cost what was billed, not what the book says.
TEST(Invoices, BilledByModelAndTier) {
  Invoices before, after;
  Lengths lengths;
  const auto read = [&](Invoices& into, std::string_view text) {
    LogReader reader("export", nullptr, lengths, into);
    ASSERT_TRUE(reader.feed(text).has_value());
    ASSERT_TRUE(reader.finish().has_value());
    EXPECT_EQ(reader.read().bad(), 0);
  };
  read(before, R"({"data":[{"starting_at":"2026-06-01T00:00:00Z","ending_at":"2026-06-02T00:00:00Z","results":[{"model":"claude-sonnet-4-5","uncached_input_tokens":1000000,"output_tokens":0,"service_tier":"standard"}]}],"has_more":false,"next_page":null})");
  read(before, R"({"data":[{"starting_at":"2026-06-01T00:00:00Z","ending_at":"2026-06-02T00:00:00Z","results":[{"amount":"280","currency":"USD","model":"claude-sonnet-4-5","service_tier":"standard","token_type":"uncached_input_tokens","description":"x"}]}],"has_more":false,"next_page":null})");
  read(after, R"({"data":[{"starting_at":"2026-07-01T00:00:00Z","ending_at":"2026-07-02T00:00:00Z","results":[{"model":"claude-sonnet-4-5","uncached_input_tokens":1000000,"output_tokens":0,"service_tier":"batch"}]}],"has_more":false,"next_page":null})");
  read(after, R"({"data":[{"starting_at":"2026-07-01T00:00:00Z","ending_at":"2026-07-02T00:00:00Z","results":[{"amount":"140","currency":"USD","model":"claude-sonnet-4-5","service_tier":"batch","token_type":"uncached_input_tokens","description":"x"}]}],"has_more":false,"next_page":null})");
  const Comparison c = compare_invoices(before, after).value();
  EXPECT_TRUE(c.rows_billed);
  EXPECT_EQ(exact_usd(c.before.cost), "2.80");
  EXPECT_EQ(exact_usd(c.after.cost), "1.40");
  EXPECT_EQ(exact_usd(c.tiers), "-1.40");
  EXPECT_EQ(exact_usd(c.other), "0.00");
}

TEST(Invoices, NothingToCompareIsSaid) {
  Invoices empty, full;
  full.bucket(day(0, false, 1, 1));
  const auto c = compare_invoices(empty, full);
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().code, "audit.invoices");
  EXPECT_EQ(c.error().where.field, "--before");
}

}  // namespace
}  // namespace twolane::audit
