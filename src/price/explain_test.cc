// Terms sum to the cost, steps come in order, and open readings name both sides.
#include "price/explain.h"

#include <gtest/gtest.h>

namespace twolane::price {
namespace {

constexpr int64_t M = 1'000'000;

TEST(Explain, TermsSumToTheTokensOfEveryModel) {
  for (const Model& m : book().models())
    for (const ServiceTier tier :
         {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex, ServiceTier::priority}) {
      const auto e = explain({m.provider, m.name}, tier, {{.fresh = 7 * M + 1, .output = 3}},
                             {.prompt_tokens = 0});
      if (!e) continue;
      PicoUsd sum;
      for (const Term& t : e->terms) {
        sum += t.amount;
        EXPECT_TRUE(t.rate * t.tokens == t.amount);
        EXPECT_GE(t.source, 0) << m.name << ' ' << t.what;
      }
      EXPECT_TRUE(sum == e->tokens && e->tokens == e->cost) << m.name;
    }
}

TEST(Explain, StepsInTheirOrder) {
  const auto e =
      explain({"openai", "gpt-5.4"}, ServiceTier::batch,
              {{.fresh = 500 * M, .cache_read = 1500 * M, .output = 100 * M}},
              {.prompt_tokens = 0, .residency = "eu", .discount = {150'000}, .bonus = {100'000}});
  ASSERT_TRUE(e);
  ASSERT_EQ(e->adjustments.size(), 3u);
  EXPECT_EQ(exact_usd(e->tokens), "1750.00");
  EXPECT_EQ(exact_usd(e->adjustments[0].after), "1925.00");
  EXPECT_EQ(exact_usd(e->adjustments[1].after), "1636.25");
  EXPECT_EQ(exact_usd(e->adjustments[2].after), "1487.50");
  EXPECT_TRUE(e->cost == e->adjustments[2].after);
  EXPECT_EQ(exact_usd(*e->list), "3125.00");
  EXPECT_EQ(e->adjustments[1].text, "account discount 15 %");
}

TEST(Explain, AnOpenReadingWithinOneRank) {
  const auto e = explain({"openai", "gpt-5.4"}, ServiceTier::batch,
                         {{.fresh = 500 * M, .cache_read = 1500 * M, .output = 100 * M}},
                         {.prompt_tokens = 0});
  ASSERT_TRUE(e);
  ASSERT_EQ(e->open.size(), 1u);
  EXPECT_EQ(e->open[0].kind, Kind::cache_read);
  EXPECT_EQ(e->open[0].used.n, 250'000);
  EXPECT_EQ(e->open[0].other.n, 125'000);
  EXPECT_FALSE(e->open[0].by_rank);
  EXPECT_EQ(exact_usd(e->open[0].cost_if_other), "1562.50");
}

TEST(Explain, AReadingThatRankDecides) {
  const auto e = explain({"gemini", "gemini-3.5-flash"}, ServiceTier::batch,
                         {{.cache_read = 1500 * M}}, {.prompt_tokens = 0});
  ASSERT_TRUE(e);
  ASSERT_EQ(e->open.size(), 1u);
  EXPECT_TRUE(e->open[0].by_rank);
  EXPECT_EQ(book().source(e->open[0].used_source).rank, Rank::published);
  EXPECT_EQ(book().source(e->open[0].other_source).rank, Rank::rule);
  EXPECT_EQ(exact_usd(e->cost), "112.50");
  EXPECT_EQ(exact_usd(e->open[0].cost_if_other), "225.00");
}

TEST(Explain, WhatIsUnknownIsSaidAndNotCountedAsZero) {
  const Target mistral{"mistral", "mistral-large-latest"};
  EXPECT_TRUE(explain(mistral, ServiceTier::batch, {{.fresh = 1}}));
  EXPECT_EQ(explain(mistral, ServiceTier::batch, {{.fresh = 1, .cache_read = 1}}).error().code,
            "money.unknown_price");
  EXPECT_EQ(explain({"openai", "gpt-5.4"}, ServiceTier::batch, {{.fresh = 1}, 5}).error().code,
            "money.unknown_price");
  EXPECT_EQ(explain({"openai", "gpt-4o"}, ServiceTier::batch, {{.fresh = 1}}, {.residency = "eu"})
                .error()
                .code,
            "money.unknown_residency");
}

TEST(Explain, TheWindowOfTheHourIsNamed) {
  const auto e = explain({"deepseek", "deepseek-v4-pro"}, ServiceTier::standard, {{.fresh = M}},
                         {.at = parse_rfc3339("2026-11-20T03:00:00Z").value()});
  ASSERT_TRUE(e);
  ASSERT_GE(e->row->window, 0);
  EXPECT_EQ(exact_usd(e->cost), "1.32");
}

TEST(Share, ReadsPercentagesExactly) {
  EXPECT_EQ(parse_share("15%")->millionths, 150'000);
  EXPECT_EQ(parse_share("12.5%")->millionths, 125'000);
  EXPECT_EQ(parse_share("0.0001%")->millionths, 1);
  EXPECT_EQ(parse_share("100%")->millionths, 1'000'000);
  for (const char* text : {"", "%", "15", "0.15", "-1%", "101%", "0.00001%", "x%", "15%%"})
    EXPECT_EQ(parse_share(text).error().code, "money.syntax") << text;
}

}  // namespace
}  // namespace twolane::price
