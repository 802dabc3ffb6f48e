#include "patient/stated_limits.h"

#include <gtest/gtest.h>

namespace twolane::patient {
namespace {

TEST(StatedLimits, AreReadInTheWordsOfEachProvider) {
  const StatedLimits openai = stated_limits({{"x-ratelimit-limit-requests", "500"},
                                             {"x-ratelimit-remaining-requests", "499"},
                                             {"x-ratelimit-reset-requests", "120ms"},
                                             {"X-RateLimit-Limit-Tokens", "200000"},
                                             {"x-ratelimit-remaining-tokens", "0"}});
  EXPECT_EQ(openai, (StatedLimits{{500, 499}, {200'000, 0}, {}, {}}));
  const StatedLimits anthropic = stated_limits({{"anthropic-ratelimit-requests-limit", "4000"},
                                                {"anthropic-ratelimit-requests-remaining", "3999"},
                                                {"anthropic-ratelimit-input-tokens-limit", "400000"},
                                                {"anthropic-ratelimit-output-tokens-limit", "80000"},
                                                {"anthropic-ratelimit-output-tokens-remaining", "79000"}});
  EXPECT_EQ(anthropic, (StatedLimits{{4000, 3999}, {}, {400'000, -1}, {80'000, 79'000}}));
  EXPECT_EQ(stated_limits({{"content-type", "application/json"}}), StatedLimits{});
  EXPECT_EQ(stated_limits({{"x-ratelimit-limit-requests", "many"}, {"x-ratelimit-limit-tokens", "-5"}}), StatedLimits{});
}

TEST(StatedLimits, TheTightestLimitIsThePace) {
  TokensOfCalls each;
  struct Row {
    StatedLimits limits;
    double unknown, known;  // calls a minute before the first answer, and after one of 800 and 200 tokens
  };
  const Row rows[] = {
      {{}, 0, 0},
      {{.requests = {500, 1}}, 500, 500},
      {{.requests = {500, 1}, .tokens = {200'000, 1}}, 500, 200},
      {{.requests = {100, 1}, .tokens = {200'000, 1}}, 100, 100},
      {{.tokens = {200'000, 1}}, 0, 200},
      {{.requests = {4000, 1}, .input_tokens = {400'000, 1}, .output_tokens = {80'000, 1}}, 4000, 400},
      {{.requests = {4000, 1}, .input_tokens = {80'000, 1}, .output_tokens = {80'000, 1}}, 4000, 100},
  };
  for (const Row& row : rows) EXPECT_EQ(calls_per_minute(row.limits, each), row.unknown);
  each.take({.fresh = 700, .cache_read = 5000, .cache_write_5m = 100, .output = 200});
  for (const Row& row : rows) EXPECT_EQ(calls_per_minute(row.limits, each), row.known);
}

TEST(StatedLimits, AMeanFollowsWhatCallsTake) {
  TokensOfCalls each;
  for (int i = 0; i < 100; ++i) each.take({.fresh = 100, .output = 10});
  EXPECT_DOUBLE_EQ(each.input, 100);
  for (int i = 0; i < 200; ++i) each.take({.fresh = 1000, .output = 10});
  EXPECT_NEAR(each.input, 1000, 5);
  EXPECT_DOUBLE_EQ(each.output, 10);
}

TEST(StatedLimits, WhereLittleIsLeftItGoesSlower) {
  EXPECT_EQ(ease({}), 1);
  EXPECT_EQ(ease({.requests = {500, 500}}), 1);
  EXPECT_EQ(ease({.requests = {500, 100}}), 1);
  EXPECT_DOUBLE_EQ(ease({.requests = {500, 50}}), 0.5);
  EXPECT_DOUBLE_EQ(ease({.requests = {500, 500}, .tokens = {10'000, 500}}), 0.25);
  EXPECT_DOUBLE_EQ(ease({.requests = {500, 0}}), 0.1);
  EXPECT_EQ(ease({.requests = {500, -1}}), 1) << "not said";
}

}  // namespace
}  // namespace twolane::patient
