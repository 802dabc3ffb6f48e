#include "audit/values.h"

#include <gtest/gtest.h>

namespace twolane::audit {
namespace {

TEST(Values, TimesOfEveryFormAreOneInstant) {
  const Time t = *parse_rfc3339("2025-01-24T09:20:46.847Z");
  for (const auto* text :
       {"2025-01-24 09:20:46.847371", "2025-01-24T09:20:46.847Z", "2025-01-24T10:20:46.847+01:00",
        "2025-01-24 04:20:46.847-0500", "2025-01-24 09:20:46.8470000", "2025-01-24 09:20:46.847 UTC",
        "1737710446.847", "1737710446847", "1737710446847000", "1737710446847000000", "1.737710446847e9"})
    EXPECT_EQ(read_time(text), t) << text;
  EXPECT_EQ(read_time("2025-01-24 10:20:46.847", hours(1)), t);
  EXPECT_EQ(read_time("2025-01-24T10:20:46.847+01:00", hours(5)), t) << "a written zone wins";
  EXPECT_EQ(read_time("2025-01-24"), *parse_rfc3339("2025-01-24T00:00:00Z"));
}

TEST(Values, WhatIsNoTimeIsNone) {
  for (const auto* text : {"", "now", "2025-13-01", "2025-01-24 25:00:00", "24/Jan/2025:09:20:46", "-5",
                           "2025-01-24 09:20:46 Mars", "2025-01-24X09:20", "1e40"})
    EXPECT_EQ(read_time(text), std::nullopt) << text;
}

TEST(Values, AmountsAreExactAndCentsAreAHundredth) {
  EXPECT_EQ(read_amount("0.00022500000000000002", false), PicoUsd{225'000'000});
  EXPECT_EQ(read_amount("2.25e-05", false), PicoUsd{22'500'000});
  EXPECT_EQ(read_amount("123.78912", true), PicoUsd{1'237'891'200'000});
  EXPECT_EQ(read_amount("$12", false), PicoUsd::from_usd(12));
  EXPECT_EQ(read_amount("-0.5", false), PicoUsd{-500'000'000'000});
  EXPECT_EQ(read_amount("0.0000000000005", false), PicoUsd{0}) << "half to even";
  EXPECT_EQ(read_amount("0.0000000000015", false), PicoUsd{2}) << "half to even";
  EXPECT_EQ(read_amount("1e-300", false), PicoUsd{0});
  EXPECT_EQ(read_amount("free", false), std::nullopt);
  EXPECT_EQ(read_amount("1.2.3", false), std::nullopt);
}

TEST(Values, CountsAreWholeAndNotNegative) {
  EXPECT_EQ(read_count("1200"), 1200);
  EXPECT_EQ(read_count("1200.0"), 1200);
  EXPECT_EQ(read_count("1.2e3"), 1200);
  for (const auto* text : {"-1", "1.5", "", "many", "1e30"}) EXPECT_EQ(read_count(text), std::nullopt) << text;
}

TEST(Values, ScaledNumbersRoundHalfToEven) {
  EXPECT_EQ(read_scaled("1.2345", 1000), 1234);
  EXPECT_EQ(read_scaled("1.2355", 1000), 1236);
  EXPECT_EQ(read_scaled("x", 1000), std::nullopt);
}

TEST(Values, TruthTiersAndEndpoints) {
  EXPECT_EQ(read_truth("TRUE"), true);
  EXPECT_EQ(read_truth("None"), false);
  EXPECT_EQ(read_truth("Non-Streaming"), false);
  EXPECT_EQ(read_truth("perhaps"), std::nullopt);
  EXPECT_EQ(read_tier("default"), ServiceTier::standard);
  EXPECT_EQ(read_tier("auto"), std::nullopt);
  EXPECT_EQ(read_endpoint("aembedding"), Endpoint::embeddings);
  EXPECT_EQ(read_endpoint("/v1/chat/completions"), Endpoint::chat_completions);
  EXPECT_EQ(read_endpoint("/v1/messages?beta=true"), Endpoint::messages);
  EXPECT_EQ(read_endpoint("list_models"), std::nullopt);
  EXPECT_EQ(read_endpoint("aresponses"), Endpoint::responses);
  EXPECT_EQ(read_endpoint("InvokeModelWithResponseStream"), std::nullopt) << "Bedrock's, and not OpenAI's responses";
}

}  // namespace
}  // namespace twolane::audit
