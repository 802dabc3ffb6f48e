// Every worked figure of ../shared/background, with its exact value; and the wrong ones, shown to
// be wrong. docs/pricing.md says why.
#include <gtest/gtest.h>

#include <string>

#include "price/explain.h"
#include "price/verdict.h"

namespace twolane::price {
namespace {

using enum ServiceTier;

constexpr int64_t M = 1'000'000, B = 1'000'000'000;

// Totals over many requests: bands apply only where a prompt's length is given.
std::string cost(const char* provider, const char* model, ServiceTier tier, const Usage& usage,
                 Conditions c = {}) {
  if (c.prompt_tokens < 0) c.prompt_tokens = 0;
  const auto amount = charge({provider, model}, tier, usage, c);
  return amount ? exact_usd(*amount) : amount.error().code;
}

Rates of(const char* provider, const char* model, ServiceTier tier) {
  return rates({provider, model}, tier, 0).value();
}

std::string per_million(PicoUsdPerToken rate) { return exact_usd(rate * M); }

// ---- batch_api_economics.txt

TEST(BatchApiEconomics, TheNightlyJob) {
  EXPECT_EQ(cost("openai", "gpt-5.4", standard, {.fresh = 30 * M}), "75.00");
  EXPECT_EQ(cost("openai", "gpt-5.4", standard, {.output = 10 * M}), "150.00");
  EXPECT_EQ(cost("openai", "gpt-5.4", standard, {.fresh = 30 * M, .output = 10 * M}), "225.00");
  EXPECT_EQ(cost("openai", "gpt-5.4", batch, {.fresh = 30 * M, .output = 10 * M}), "112.50");
}

TEST(BatchApiEconomics, TheTableOfRates) {
  struct Line {
    const char *provider, *model, *in, *out, *batch_in, *batch_out;
  };
  for (const Line& l : {Line{"anthropic", "claude-opus-4.7", "5.00", "25.00", "2.50", "12.50"},
                        Line{"anthropic", "claude-sonnet-4.6", "3.00", "15.00", "1.50", "7.50"},
                        Line{"openai", "gpt-5.4", "2.50", "15.00", "1.25", "7.50"},
                        Line{"gemini", "gemini-3.1-pro", "2.00", "12.00", "1.00", "6.00"}}) {
    EXPECT_EQ(per_million(of(l.provider, l.model, standard).fresh), l.in) << l.model;
    EXPECT_EQ(per_million(of(l.provider, l.model, standard).output), l.out) << l.model;
    EXPECT_EQ(per_million(of(l.provider, l.model, batch).fresh), l.batch_in) << l.model;
    EXPECT_EQ(per_million(of(l.provider, l.model, batch).output), l.batch_out) << l.model;
  }
}

// Wrong: "deepseek-v3.2 0.14 / 0.28, batch 0.07 / 0.14". The rates are others, and there is no
// batch.
TEST(BatchApiEconomics, DeepSeekHasNoBatch) {
  EXPECT_EQ(per_million(of("deepseek", "deepseek-v3.2", standard).fresh), "0.28");
  EXPECT_EQ(per_million(of("deepseek", "deepseek-v3.2", standard).output), "0.42");
  const auto refused = charge({"deepseek", "deepseek-v3.2"}, batch, {.fresh = 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "money.tier_not_sold");
  EXPECT_NE(refused.error().why.find("01:00-04:00 and 06:00-10:00 UTC Mon-Fri"), std::string::npos)
      << refused.error().why;
}

TEST(BatchApiEconomics, ADiscountedRateAndABatch) {
  const Usage job{.fresh = 40 * M, .output = 10 * M};
  const Conditions structural{.prompt_tokens = 0, .discount = parse_share("15%").value()};
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", standard, job), "270.00");
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", standard, job, structural), "229.50");
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", batch, job), "135.00");
  // Wrong: "batch + structural 1.28 / 6.38, 114.90". The rates are 1.275 and 6.375:
  // 40 x 1.275 + 10 x 6.375 = 51.00 + 63.75. Even the rounded rates make 115.00, not 114.90.
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", batch, job, structural), "114.75");
  EXPECT_EQ(exact_usd(parse_usd_per_million("1.28").value() * (40 * M) +
                      parse_usd_per_million("6.38").value() * (10 * M)),
            "115.00");
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", batch, {.fresh = M}, structural), "1.275");
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", batch, {.output = M}, structural), "6.375");
}

// Wrong: "cache reads bill at 0.1x the input rate on top of whatever the input rate already is". It
// is 0.1 at most of them, and what a batch makes of it differs by provider.
TEST(BatchApiEconomics, CacheReadsAreNotATenthEverywhere) {
  const auto share_of_input = [](const char* p, const char* m, ServiceTier t) {
    const Rates r = of(p, m, t);
    return r.cache_read.n * 1000 / r.fresh.n;
  };
  EXPECT_EQ(share_of_input("anthropic", "claude-sonnet-4.6", batch), 100);
  EXPECT_EQ(share_of_input("anthropic", "claude-opus-5.5", standard), 50);
  EXPECT_EQ(share_of_input("openai", "gpt-4o", standard), 500);
  EXPECT_EQ(share_of_input("openai", "gpt-4.1", standard), 250);
  EXPECT_EQ(share_of_input("openai", "gpt-4o", batch), 1000);  // none before GPT-5
  EXPECT_EQ(share_of_input("openai", "gpt-5.4", batch), 200);
  EXPECT_EQ(share_of_input("gemini", "gemini-2.5-flash", batch), 200);
}

// ---- batch_apis_and_async_discounts.txt

TEST(BatchApisAndAsyncDiscounts, TheTablesOfRates) {
  struct Line {
    const char *provider, *model, *in, *out, *batch_in, *batch_out;
  };
  for (const Line& l : {Line{"openai", "gpt-5", "1.25", "10.00", "0.625", "5.00"},
                        Line{"openai", "gpt-5-mini", "0.25", "2.00", "0.125", "1.00"},
                        Line{"openai", "gpt-5-nano", "0.05", "0.40", "0.025", "0.20"},
                        Line{"openai", "gpt-4o", "2.50", "10.00", "1.25", "5.00"},
                        Line{"openai", "gpt-4o-2024-08-06", "2.50", "10.00", "1.25",
                             "5.00"},  // 7.50 was an error of the page
                        Line{"anthropic", "claude-opus-4.6", "5.00", "25.00", "2.50", "12.50"},
                        Line{"anthropic", "claude-sonnet-4", "3.00", "15.00", "1.50", "7.50"},
                        Line{"anthropic", "claude-haiku-4.5", "1.00", "5.00", "0.50", "2.50"},
                        Line{"gemini", "gemini-2.5-pro", "1.25", "10.00", "0.625", "5.00"},
                        Line{"gemini", "gemini-2.5-flash", "0.30", "2.50", "0.15", "1.25"},
                        Line{"gemini", "gemini-2.5-flash-lite", "0.10", "0.40", "0.05", "0.20"}}) {
    EXPECT_EQ(per_million(of(l.provider, l.model, standard).fresh), l.in) << l.model;
    EXPECT_EQ(per_million(of(l.provider, l.model, standard).output), l.out) << l.model;
    EXPECT_EQ(per_million(of(l.provider, l.model, batch).fresh), l.batch_in) << l.model;
    EXPECT_EQ(per_million(of(l.provider, l.model, batch).output), l.batch_out) << l.model;
  }
  EXPECT_EQ(per_million(of("anthropic", "claude-opus-4", standard).output),
            "75.00");  // the historical one
  EXPECT_EQ(cost("gemini", "gemini-2.5-pro", standard, {.fresh = M, .output = M},
                 {.prompt_tokens = 200'001}),
            "17.50");
}

TEST(BatchApisAndAsyncDiscounts, Embeddings) {
  EXPECT_EQ(per_million(of("gemini", "gemini-embedding-001", standard).fresh), "0.15");
  EXPECT_EQ(per_million(of("gemini", "gemini-embedding-001", batch).fresh), "0.075");
  EXPECT_EQ(cost("openai", "text-embedding-3-large", standard, {.fresh = 50 * B}), "6500.00");
  EXPECT_EQ(cost("openai", "text-embedding-3-large", batch, {.fresh = 50 * B}), "3250.00");
  // Wrong: "text-embedding-3-small at 0.00013 per 1M under batch; 100 billion tokens cost 13 rather
  // than 26". It is 0.01 per million in a batch (0.00013 was the price per thousand of 3-large):
  EXPECT_EQ(cost("openai", "text-embedding-3-small", batch, {.fresh = 100 * B}), "1000.00");
  EXPECT_EQ(cost("openai", "text-embedding-3-small", standard, {.fresh = 100 * B}), "2000.00");
}

TEST(BatchApisAndAsyncDiscounts, TenBillionTokens) {
  EXPECT_EQ(cost("gemini", "gemini-2.5-pro", standard, {.fresh = 10 * B}), "12500.00");
  EXPECT_EQ(cost("gemini", "gemini-2.5-pro", batch, {.fresh = 10 * B}), "6250.00");
  // Only for prompts of up to 200,000 tokens; beyond, the whole request is dearer.
  EXPECT_EQ(cost("gemini", "gemini-2.5-pro", batch, {.fresh = 10 * B}, {.prompt_tokens = 250'000}),
            "12500.00");
}

// Wrong: "60 %+ of spend goes to offline jobs; moving that traffic to batch halves the bill". What
// is not moved keeps its price: 40 + 60 / 2 = 70 %, a saving of 30 %.
TEST(BatchApisAndAsyncDiscounts, MovingSixtyPercentSavesThirty) {
  const Usage all{.fresh = 100 * M}, moved{.fresh = 60 * M}, kept{.fresh = 40 * M};
  const PicoUsd before = charge({"openai", "gpt-5.4"}, standard, all, {.prompt_tokens = 0}).value();
  const PicoUsd after =
      charge({"openai", "gpt-5.4"}, standard, kept, {.prompt_tokens = 0}).value() +
      charge({"openai", "gpt-5.4"}, batch, moved, {.prompt_tokens = 0}).value();
  EXPECT_EQ(exact_usd(before), "250.00");
  EXPECT_EQ(exact_usd(after), "175.00");
  EXPECT_NE(after.n * 2, before.n);
  // Right: of 5,000 a month with 30 % offline, 5,000 x 0.30 x 0.5 = 750 are left on the table.
  EXPECT_EQ(exact_usd(PicoUsd{PicoUsd::from_usd(5000).n * 30 / 100 / 2}), "750.00");
}

TEST(BatchApisAndAsyncDiscounts, TheTiersOfGemini) {
  const Rates list = of("gemini", "gemini-3.5-flash", standard),
              first = of("gemini", "gemini-3.5-flash", priority),
              slow = of("gemini", "gemini-3.5-flash", flex);
  EXPECT_EQ(first.fresh.n * 10, list.fresh.n * 18);  // +80 %, within "+75 % to +100 %"
  EXPECT_EQ(slow.fresh.n * 2, list.fresh.n);
  EXPECT_EQ(slow.output.n * 2, list.output.n);
  EXPECT_EQ(list.cache_read.n * 10, list.fresh.n);  // "90 % on cached tokens"
}

// Wrong: "more than 90 % relative to uncached standard calls". A model that prints the standard
// cached rate in batch comes to 90 % when everything is cached, and not beyond.
TEST(BatchApisAndAsyncDiscounts, GeminiCacheAndBatchDoNotMultiplyEverywhere) {
  const PicoUsdPerToken list = of("gemini", "gemini-2.5-flash", standard).fresh;
  EXPECT_EQ(of("gemini", "gemini-2.5-flash", batch).cache_read.n * 10, list.n);
  EXPECT_EQ(of("gemini", "gemini-3.1-flash-lite", batch).cache_read.n * 20,
            of("gemini", "gemini-3.1-flash-lite", standard).fresh.n);
}

TEST(BatchApisAndAsyncDiscounts, TheDecisionFramework) {
  const unsigned all = 1u << static_cast<int>(standard) | 1u << static_cast<int>(batch) |
                       1u << static_cast<int>(flex) | 1u << static_cast<int>(priority);
  EXPECT_EQ(verdict({milliseconds(500)}, all).tier, standard);
  EXPECT_TRUE(verdict({milliseconds(500)}, all).with_caching);
  EXPECT_EQ(verdict({minutes(14)}, all).tier, flex);
  EXPECT_EQ(verdict({hours(23)}, all).tier, batch);
  EXPECT_EQ(verdict({milliseconds(50), true}, all).tier, priority);
}

// ---- batch_and_caching_stacking.txt: a million classification calls of 1,500 shared and 500 own
// input tokens and 100 output tokens.

constexpr Usage calls{.fresh = 500 * M, .cache_read = 1500 * M, .output = 100 * M};
constexpr Usage uncached{.fresh = 2000 * M, .output = 100 * M};

TEST(BatchAndCachingStacking, AMillionCalls) {
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", standard, uncached), "7500.00");
  EXPECT_EQ(cost("openai", "gpt-5.4", standard, uncached), "6500.00");
  EXPECT_EQ(cost("gemini", "gemini-3.5-flash", standard, uncached), "3900.00");
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", batch, calls), "1725.00");
  EXPECT_EQ(cost("openai", "gpt-5.4", batch, calls), "1750.00");  // the conservative reading
  EXPECT_EQ(cost("openai", "gpt-5.4", batch, calls, {.reading = Reading::other}), "1562.50");
  EXPECT_EQ(cost("gemini", "gemini-3.5-flash", batch, calls), "937.50");
  EXPECT_EQ(cost("gemini", "gemini-3.5-flash", batch, calls, {.reading = Reading::other}),
            "1050.00");
}

TEST(BatchAndCachingStacking, StorageOfTheGeminiCache) {
  // 1,500 tokens for a month of 730 hours at 1.00 USD per million tokens and hour: "~$1 a month".
  const Quantity q{calls, 1500 * 730};
  const auto e = explain({"gemini", "gemini-3.5-flash"}, batch, q, {.prompt_tokens = 0});
  ASSERT_TRUE(e);
  EXPECT_EQ(exact_usd(e->cost), "938.595");
  EXPECT_EQ(e->terms.back().what, "storage");
  EXPECT_EQ(exact_usd(e->terms.back().amount), "1.095");
  EXPECT_EQ(per_million(*storage_fee(*book().find("gemini", "gemini-2.5-pro"), batch)), "4.50");
  EXPECT_EQ(per_million(*storage_fee(*book().find("gemini", "gemini-3.1-flash-lite"), batch)),
            "0.50");
}

TEST(BatchAndCachingStacking, SavingsAsShares) {
  const auto saved = [](const char* p, const char* m) {
    const auto full = charge({p, m}, standard, uncached, {.prompt_tokens = 0}).value();
    const auto now = charge({p, m}, batch, calls, {.prompt_tokens = 0}).value();
    return static_cast<int64_t>((full.n - now.n) * 1000 / full.n);
  };
  EXPECT_EQ(saved("anthropic", "claude-sonnet-4.6"), 770);
  EXPECT_EQ(saved("openai", "gpt-5.4"), 730);
  EXPECT_EQ(saved("gemini", "gemini-3.5-flash"), 759);  // before storage
}

// Wrong in its premise: gemini-3.5-flash caches nothing below 4,096 tokens, and the prefix has
// 1,500. The batch costs 2,000 x 0.75 + 100 x 4.50 = 1,950, which is 50 % off and not 76 %.
TEST(BatchAndCachingStacking, ThePrefixIsBelowGeminisFloor) {
  const Model& m = *book().find("gemini", "gemini-3.5-flash");
  EXPECT_EQ(m.caching.minimum, 4096);
  EXPECT_EQ(cacheable(m.caching, 1500), 0);
  EXPECT_EQ(cost("gemini", "gemini-3.5-flash", batch, uncached), "1950.00");
}

// OpenAI caches whole steps of 128 tokens from 1,024 on: 1,408 of the 1,500, and the rest is fresh.
TEST(BatchAndCachingStacking, OpenAiCachesWholeSteps) {
  EXPECT_EQ(cacheable(book().find("openai", "gpt-5.4")->caching, 1500), 1408);
  EXPECT_EQ(cost("openai", "gpt-5.4", batch,
                 {.fresh = 592 * M, .cache_read = 1408 * M, .output = 100 * M}),
            "1842.00");
}

TEST(BatchAndCachingStacking, NinetyFivePercentOff) {
  EXPECT_EQ(per_million(of("anthropic", "claude-sonnet-4.6", batch).cache_read),
            "0.15");  // 3 x 0.5 x 0.1
  EXPECT_EQ(per_million(of("gemini", "gemini-3.5-flash", standard).cache_read), "0.15");
  EXPECT_EQ(per_million(of("gemini", "gemini-3.5-flash", batch).cache_read), "0.075");
  // "Cache writes on the 1-hour TTL are a rounding error": kept warm for 730 hours at 6 x 0.5 per
  // million.
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", batch, {.cache_write_1h = 1500 * 730}), "3.285");
}

TEST(BatchAndCachingStacking, FlexIsTheFullyCachedPath) {
  EXPECT_EQ(cost("openai", "gpt-5.4", flex, calls), "1562.50");
  EXPECT_EQ(cost("openai", "gpt-5.4", standard, calls), "3125.00");
}

// Wrong for Anthropic: "if your workload already hits 90 % cache reads synchronously, batch adds
// its 50 % only on top of what is left". Reads are halved as well.
TEST(BatchAndCachingStacking, BatchOverACachedBaseline) {
  const Usage warm{.fresh = 100 * M, .cache_read = 900 * M};
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", standard, warm), "570.00");
  EXPECT_EQ(cost("anthropic", "claude-sonnet-4.6", batch, warm), "285.00");
  EXPECT_EQ(cost("openai", "gpt-5.4", standard, warm), "475.00");
  EXPECT_EQ(cost("openai", "gpt-5.4", batch, warm), "350.00");  // 225 of it cached, as before
}

// ---- batch_vs_realtime.txt

// Wrong: "prompt caching does not apply inside the Batch API" (it does from GPT-5 on) and "a
// fictional 95 % off" at Gemini (models that print half in batch give it: 0.075 of 1.50).
TEST(BatchVsRealtime, CachingInBatchIsAQuestionOfTheModel) {
  EXPECT_LT(of("openai", "gpt-5.4", batch).cache_read.n, of("openai", "gpt-5.4", batch).fresh.n);
  EXPECT_EQ(of("openai", "o3", batch).cache_read, of("openai", "o3", batch).fresh);
  EXPECT_EQ(of("gemini", "gemini-3.5-flash", batch).cache_read.n * 20,
            of("gemini", "gemini-3.5-flash", standard).fresh.n);
  EXPECT_EQ(of("gemini", "gemini-3-flash", batch).cache_read,
            of("gemini", "gemini-3-flash", standard).cache_read);
}

// Wrong today: "a daily window of about 16:30-00:30 UTC". It ended on 2025-09-05; while it lasted,
// the chat model cost half in it and the reasoner a quarter.
TEST(BatchVsRealtime, DeepSeeksWindow) {
  const Usage u{.fresh = M, .output = M};
  const auto at = [&](const char* model, std::string_view t) {
    return cost("deepseek", model, standard, u, {.at = parse_rfc3339(t).value()});
  };
  EXPECT_EQ(at("deepseek-chat", "2025-06-10T12:00:00Z"), "1.37");
  EXPECT_EQ(at("deepseek-chat", "2025-06-10T17:00:00Z"), "0.685");
  EXPECT_EQ(at("deepseek-chat", "2025-06-11T00:29:59Z"), "0.685");
  EXPECT_EQ(at("deepseek-reasoner", "2025-06-10T12:00:00Z"), "2.74");
  EXPECT_EQ(at("deepseek-reasoner", "2025-06-10T17:00:00Z"), "0.685");  // exactly a quarter
  EXPECT_EQ(at("deepseek-chat", "2026-06-10T17:00:00Z"), "0.70");
  EXPECT_EQ(at("deepseek-chat", "2026-06-10T12:00:00Z"), "0.70");
  // Since 2026-08-16 the hours are others, and peak costs twice.
  EXPECT_EQ(at("deepseek-v4-pro", "2026-08-16T15:59:59Z"), "1.305");
  EXPECT_EQ(at("deepseek-v4-pro", "2026-11-20T03:00:00Z"), "5.28");  // Friday, peak
  EXPECT_EQ(at("deepseek-v4-pro", "2026-11-20T05:00:00Z"), "2.64");
  EXPECT_EQ(at("deepseek-v4-pro", "2026-11-21T03:00:00Z"), "2.64");  // Saturday
}

// Wrong: "all knock about 50 % off: Mistral, Together, ...". Together discounts listed models only,
// xAI gives 20 %, DeepSeek has no batch.
TEST(BatchVsRealtime, NotEverybodyHalves) {
  EXPECT_EQ(of("mistral", "mistral-large-latest", batch).fresh.n * 2,
            of("mistral", "mistral-large-latest", standard).fresh.n);
  EXPECT_EQ(of("together", "deepseek-ai/DeepSeek-V3.1", batch).fresh,
            of("together", "deepseek-ai/DeepSeek-V3.1", standard).fresh);
  EXPECT_EQ(of("xai", "grok-4.3", batch).output.n * 5,
            of("xai", "grok-4.3", standard).output.n * 4);
  EXPECT_EQ(sold({"deepseek", "deepseek-chat"}, batch), Sold::no);
}

}  // namespace
}  // namespace twolane::price
