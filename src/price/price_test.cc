// Charges and bounds by the built-in book, against known prices.
#include "price/price.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace twolane::price {
namespace {

using enum ServiceTier;

Rates of(const char* provider, const char* model, ServiceTier tier, int64_t input = 1000) {
  auto found = rates({provider, model}, tier, input);
  EXPECT_TRUE(found) << provider << '/' << model << ' ' << name_of(tier);
  return found.value_or(Rates{});
}

std::string usd(const Result<PicoUsd>& amount) {
  return amount ? exact_usd(*amount) : amount.error().code;
}

TEST(Price, ChargesEveryKindOfTokenAtItsRate) {
  EXPECT_EQ(usd(charge({"openai", "gpt-5.4-mini"}, batch, {.fresh = 620, .output = 12})),
            "0.0002595");
  EXPECT_EQ(usd(charge({"openai", "gpt-5.4-mini"}, standard,
                       {.fresh = 1000, .cache_read = 1000, .output = 10})),
            "0.00087");
  EXPECT_EQ(
      usd(charge(
          {"anthropic", "claude-haiku-4-5"}, batch,
          {.fresh = 1, .cache_read = 10, .cache_write_5m = 4, .cache_write_1h = 2, .output = 3})),
      "0.000013");  // 0.5 + 0.5 + 2.5 + 2 + 7.5 micro
  EXPECT_EQ(usd(charge({"openai", "omni-moderation-latest"}, batch, {})), "0.00");
}

TEST(Price, HalfOfTheSmallestRateIsStillWhole) {
  EXPECT_EQ(of("gemini", "gemini-3.7-flash", batch).cache_read.n, 37'500);
  EXPECT_EQ(of("openai", "gpt-5-nano", flex).cache_read.n, 2'500);
  EXPECT_EQ(of("gemini", "gemini-2.0-flash-lite", batch).cache_read.n, 18'750);
}

TEST(Price, LongPromptsMoveAsAWhole) {
  EXPECT_EQ(of("openai", "gpt-5.4", standard, 272'000).fresh.n, 2'500'000);
  EXPECT_EQ(of("openai", "gpt-5.4", standard, 272'001).fresh.n, 5'000'000);
  EXPECT_EQ(of("openai", "gpt-5.4", standard, 272'001).output.n, 22'500'000);
  EXPECT_EQ(of("gemini", "gemini-2.5-pro", batch, 200'001).fresh.n, 1'250'000);
  EXPECT_EQ(of("gemini", "gemini-2.5-pro", batch, 200'001).cache_read.n, 250'000);
  EXPECT_EQ(of("gemini", "gemini-3.1-pro-preview", batch, 200'001).output.n, 9'000'000);
  EXPECT_EQ(of("anthropic", "claude-sonnet-4-5", standard, 250'000).output.n, 22'500'000);
  EXPECT_EQ(of("anthropic", "claude-sonnet-4-6", standard, 250'000).output.n, 15'000'000);
  // All kinds of input count towards the band.
  EXPECT_EQ(
      usd(charge({"gemini", "gemini-2.5-pro"}, standard, {.fresh = 1, .cache_read = 200'000})),
      "0.0500025");
}

TEST(Price, ATierWithoutARateForLongPromptsIsUnknownThere) {
  EXPECT_TRUE(rates({"openai", "gpt-5.4"}, priority, 272'000));
  EXPECT_EQ(rates({"openai", "gpt-5.4"}, priority, 272'001).error().code, "money.unknown_price");
}

TEST(Price, CachedReadsInABatchFollowTheModel) {
  EXPECT_EQ(of("openai", "gpt-5.4", batch).cache_read.n, 250'000);  // the dearer of two readings
  EXPECT_EQ(of("openai", "gpt-4o", batch).cache_read, of("openai", "gpt-4o", batch).fresh);
  EXPECT_EQ(of("openai", "o3", batch).cache_read, of("openai", "o3", batch).fresh);
  EXPECT_EQ(of("anthropic", "claude-sonnet-4.6", batch).cache_read.n, 150'000);
  EXPECT_EQ(of("gemini", "gemini-2.5-flash", batch).cache_read.n, 30'000);
  EXPECT_EQ(of("gemini", "gemini-3-flash-preview", batch).cache_read.n, 50'000);
  EXPECT_EQ(of("gemini", "gemini-3.1-flash-lite", batch).cache_read.n, 12'500);
  EXPECT_EQ(of("gemini", "gemini-3.5-flash", batch).cache_read.n,
            75'000);  // printed for this model
  EXPECT_EQ(of("gemini", "gemini-3.5-flash-lite", batch).cache_read.n, 30'000);  // by the guide
  EXPECT_EQ(of("groq", "openai/gpt-oss-120b", batch).cache_read,
            of("groq", "gpt-oss-120b", batch).fresh);
  EXPECT_EQ(of("fireworks", "kimi-k3", batch).cache_read.n, 150'000);
  EXPECT_EQ(of("xai", "grok-4.3", batch).cache_read.n, 160'000);
  EXPECT_FALSE(of("mistral", "mistral-large-latest", batch).knows(Kind::cache_read));
}

TEST(Price, SpellingsAndSnapshotsShareARow) {
  EXPECT_EQ(of("anthropic", "claude-sonnet-4.5", standard).fresh.n, 3'000'000);
  EXPECT_EQ(of("anthropic", "claude-sonnet-4-5-20250929", standard).fresh.n, 3'000'000);
  EXPECT_EQ(of("openai", "gpt-4o-mini-2024-07-18", standard).fresh.n, 150'000);
  EXPECT_EQ(of("gemini", "models/gemini-2.5-flash", standard).fresh.n, 300'000);
  EXPECT_EQ(of("openai", "gpt-4o-2024-08-06", standard).fresh.n, 2'500'000);
  EXPECT_EQ(of("openai", "gpt-4o-2024-05-13", standard).fresh.n, 5'000'000);  // its own price
}

TEST(Price, UnknownIsAnErrorAndNeverZero) {
  for (Target t : {Target{"openai", "gpt-9"}, Target{"fireworks", "acme-7b"},
                   Target{"anthropic", "gpt-5.4-mini"},
                   Target{"openai", "ft:gpt-4o-mini-2024-07-18:a::b"}, Target{"", ""}}) {
    EXPECT_EQ(charge(t, batch, {.fresh = 1}).error().code, "money.unknown_price") << t.model;
    EXPECT_EQ(bound(t, batch, 1, 1).error().code, "money.unknown_price") << t.model;
  }
  EXPECT_FALSE(rates({"openai", "gpt-4o"}, flex, 1));
  EXPECT_FALSE(rates({"openai", "gpt-5"}, scale, 1));
  EXPECT_FALSE(rates({"openai", "gpt-5.1-codex"}, batch, 1));
  EXPECT_FALSE(rates({"anthropic", "claude-haiku-4-5"}, flex, 1));
}

TEST(Price, BoundIsAboveEveryChargeOfThatSize) {
  for (const Model& model : book().models()) {
    const Target target{model.provider, model.name};
    for (const Row& row : model.rows) {
      const int64_t input = row.above + 1000;
      const Time from = row.from.ms != 0    ? row.from
                        : row.until.ms != 0 ? row.until - days(3)
                                            : book().date();
      const Conditions then{.at = from};
      auto most = bound(target, row.tier, input, 100, then);
      if (!most) continue;  // a tier that is not sold for prompts of that length
      for (Usage usage :
           {Usage{.fresh = input, .output = 100}, Usage{.cache_read = input, .output = 100},
            Usage{.cache_write_5m = input, .output = 100},
            Usage{.cache_write_1h = input, .output = 100}, Usage{.fresh = 999, .output = 7}})
        for (const Reading reading : {Reading::ranked, Reading::other})
          for (const Duration later : {hours(0), hours(3), hours(30), hours(71)}) {
            const auto cost =
                charge(target, row.tier, usage, {.at = from + later, .reading = reading});
            if (cost) EXPECT_LE(*cost, *most) << model.name << ' ' << name_of(row.tier);
          }
    }
  }
}

}  // namespace
}  // namespace twolane::price
