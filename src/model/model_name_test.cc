// Spellings of model names.
#include "model/model_name.h"

#include <gtest/gtest.h>

namespace twolane {
namespace {

TEST(ModelName, SpellingsOfOneModelShareAKey) {
  EXPECT_EQ(model_key("claude-sonnet-4.6"), model_key("claude-sonnet-4-6"));
  EXPECT_EQ(model_key("models/gemini-2.5-flash"), "gemini-2-5-flash");
  EXPECT_EQ(model_key("anthropic/Claude-Haiku-4.5"), "claude-haiku-4-5");
  EXPECT_EQ(model_key("gemini/models/gemini-3-flash-preview"), "gemini-3-flash-preview");
  EXPECT_NE(model_key("gpt-5"), model_key("gpt-5-mini"));
}

TEST(ModelName, OnlyKnownPrefixesAreDropped) {
  EXPECT_EQ(bare_model_name("meta-llama/Llama-3"), "meta-llama/Llama-3");
  EXPECT_EQ(bare_model_name("ft:gpt-4o-mini-2024-07-18:acme::1"),
            "ft:gpt-4o-mini-2024-07-18:acme::1");
  EXPECT_EQ(bare_model_name("models/"), "models/");
  EXPECT_EQ(bare_model_name(""), "");
}

TEST(ModelName, SnapshotsEndInADateOrLatest) {
  auto family = [](std::string_view n) { return n.substr(0, n.size() - snapshot_suffix(n)); };
  EXPECT_EQ(family("gpt-4o-mini-2024-07-18"), "gpt-4o-mini");
  EXPECT_EQ(family("claude-sonnet-4-5-20250929"), "claude-sonnet-4-5");
  EXPECT_EQ(family("claude-3-5-haiku-latest"), "claude-3-5-haiku");
  EXPECT_EQ(family("gemini-2.0-flash-001"), "gemini-2.0-flash");
  EXPECT_EQ(family("gemini-2.5-flash-lite-preview-09-2025"), "gemini-2.5-flash-lite");
  EXPECT_EQ(family("gemini-2.5-pro-preview-06-05"), "gemini-2.5-pro");
  EXPECT_EQ(family("gemini-embedding-001"), "gemini-embedding");
  EXPECT_EQ(family("gpt-5.4"), "gpt-5.4");
  EXPECT_EQ(family("gemini-3-flash-preview"), "gemini-3-flash-preview");
  EXPECT_EQ(family("ft:x-2024-07-18"), "ft:x-2024-07-18");
}

}  // namespace
}  // namespace twolane
