// Estimates where a provider said nothing.
#include "gateway/estimated_usage.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

const Target model{"openai", "gpt-5.4-mini"};

TEST(EstimatedUsage, IsNeverNothingForATextThatCame) {
  const auto usage = estimated_usage(
      model, Endpoint::chat_completions,
      R"({"model":"gpt-5.4-mini","messages":[{"role":"user","content":"Say something about a lost card."}]})",
      "A lost card should be blocked at once.");
  ASSERT_TRUE(usage);
  EXPECT_NEAR(static_cast<double>(usage->input()), 14, 4);  // 7 of the text, and turn marks
  EXPECT_NEAR(static_cast<double>(usage->output), 9, 3);
}

TEST(EstimatedUsage, EmbeddingsWriteNothing) {
  const auto usage = estimated_usage({"gemini", "gemini-embedding-001"}, Endpoint::embeddings,
                                     R"({"model":"m","input":["one text","and another"]})", "[0.1,0.2]");
  ASSERT_TRUE(usage);
  EXPECT_GT(usage->input(), 2);
  EXPECT_EQ(usage->output, 0);
}

TEST(EstimatedUsage, WhatIsNoRequestHasNone) {
  EXPECT_FALSE(estimated_usage(model, Endpoint::chat_completions, "{", "text"));
}

}  // namespace
}  // namespace twolane::gateway
