// Prices, checked against sums done by hand from the published lists.

#include "sim/rates.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "wire/json.h"

namespace twolane::sim {
namespace {

constexpr Time in_2026 = {1796000000000};  // 2026-11-30

std::string price(Provider p, std::string_view model, ServiceTier tier, Usage u, Time at = in_2026,
                  Billing billing = Billing::ranked) {
  const Model* m = find_model(p, model);
  return m ? exact_usd(charge_for(*m, tier, u, at, billing)) : "unknown";
}

TEST(Rates, TiersCachesAndBands) {
  constexpr auto O = Provider::openai;
  constexpr auto A = Provider::anthropic;
  constexpr auto G = Provider::gemini;
  const Usage million{.fresh = 1'000'000, .output = 1'000'000};
  const Usage cached{.cache_read = 1'000'000};
  EXPECT_EQ(price(O, "gpt-5.4-mini", ServiceTier::standard, million), "5.25");
  EXPECT_EQ(price(O, "gpt-5.4-mini", ServiceTier::batch, million), "2.625");
  EXPECT_EQ(price(O, "gpt-5.4-mini", ServiceTier::flex, million), "2.625");
  EXPECT_EQ(price(O, "gpt-5.4-mini-2026-03-17", ServiceTier::priority, million), "10.50");
  EXPECT_EQ(price(O, "gpt-5.4-mini", ServiceTier::batch, cached), "0.075");
  EXPECT_EQ(price(O, "gpt-5-pro", ServiceTier::batch, cached), "7.50");  // no cached rate: as input
  EXPECT_EQ(price(O, "gpt-5.4", ServiceTier::standard, {.fresh = 272'000}), "0.68");
  EXPECT_EQ(price(O, "gpt-5.4", ServiceTier::standard, {.fresh = 272'001}), "1.360005");
  EXPECT_EQ(price(O, "gpt-5.4", ServiceTier::batch, {.fresh = 300'000, .output = 1'000'000}),
            "12.00");
  EXPECT_EQ(price(O, "gpt-5.6-luna", ServiceTier::batch, {.cache_write_5m = 200'000}), "0.025");
  EXPECT_EQ(
      price(A, "claude-haiku-4-5", ServiceTier::standard,
            {.cache_read = 1'000'000, .cache_write_5m = 1'000'000, .cache_write_1h = 1'000'000}),
      "3.35");
  EXPECT_EQ(
      price(A, "claude-haiku-4-5", ServiceTier::batch,
            {.cache_read = 1'000'000, .cache_write_5m = 1'000'000, .cache_write_1h = 1'000'000}),
      "1.675");
  EXPECT_EQ(price(G, "gemini-2.5-flash", ServiceTier::batch, cached), "0.03");  // not halved
  EXPECT_EQ(price(G, "gemini-3.1-flash-lite", ServiceTier::batch, cached), "0.0125");
  EXPECT_EQ(price(G, "gemini-2.5-pro", ServiceTier::batch,
                  {.fresh = 250'000, .cache_read = 10'000, .output = 1000}),
            "0.3225");  // (250,000 * 1.25 + 10,000 * 0.25 + 1,000 * 7.50) / 10^6
  EXPECT_EQ(price(G, "gemini-embedding-001", ServiceTier::batch, {.fresh = 3}), "0.000000225");
  EXPECT_EQ(find_model(O, "claude-haiku-4-5"), nullptr);
}

TEST(Rates, OpenReadingsAreBilledEitherWay) {
  const Usage cached{.cache_read = 100'000};
  const auto both = [&](Provider p, std::string_view model) {
    return price(p, model, ServiceTier::batch, cached) + ' ' +
           price(p, model, ServiceTier::batch, cached, in_2026, Billing::other);
  };
  EXPECT_EQ(both(Provider::openai, "gpt-5.4"), "0.025 0.0125");
  EXPECT_EQ(both(Provider::gemini, "gemini-3.5-flash"), "0.0075 0.015");
  EXPECT_EQ(both(Provider::gemini, "gemini-2.5-flash"), "0.003 0.003");
  EXPECT_EQ(both(Provider::anthropic, "claude-haiku-4-5"), "0.005 0.005");
  EXPECT_EQ(billing_of("dearer"), std::nullopt);
}

TEST(Rates, IntroductoryPricesEnd) {
  const Usage million{.fresh = 1'000'000};
  const Time last = to_time({.year = 2027}) - milliseconds(1);
  EXPECT_EQ(price(Provider::gemini, "gemini-3.7-flash", ServiceTier::standard, million, last), "0.75");
  EXPECT_EQ(price(Provider::gemini, "gemini-3.7-flash", ServiceTier::standard, million,
                  last + milliseconds(1)),
            "1.50");
}

// The standard rates agree with the public list, where it names the model and is not overtaken.
TEST(Rates, StandardRatesAreThoseOfThePublicList) {
  std::ifstream in(TWOLANE_SHARED_DIR
                   "/data/prices_litellm/model_prices_and_context_window.2026-08-01.json");
  if (!in) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "the price list is not there";
    GTEST_SKIP() << "the public price list is not there";
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto list = wire::parse_json(text);
  ASSERT_TRUE(list);
  int compared = 0;
  for (const Model& m : models()) {
    if (m.name == "gpt-5.6") continue;           // cheaper since 2026-08-21
    const std::string key = (m.provider == Provider::gemini ? "gemini/" : "") + std::string(m.name);
    const wire::Json* row = wire::find(*list, key);
    if (!row) continue;
    ++compared;
    auto rate = [&](const char* name) {
      return std::llround(wire::find(*row, name)->get<double>() * 1e12);
    };
    EXPECT_EQ(m.in, rate("input_cost_per_token")) << key;
    if (m.kind == Model::Kind::chat) {
      EXPECT_EQ(m.out, rate("output_cost_per_token")) << key;
    }
    if (m.caches) {
      EXPECT_EQ(m.cached, rate("cache_read_input_token_cost")) << key;
    }
    if (m.kind == Model::Kind::chat) {
      EXPECT_EQ(m.most_output, wire::int_at(*row, "max_output_tokens")) << key;
    }
  }
  EXPECT_GT(compared, 40);
}

}  // namespace
}  // namespace twolane::sim
