// The catalogue: who has what, names of models, and refusals that say where to go instead.
#include "dialect/catalogue.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace twolane::dialect {
namespace {

using enum ServiceTier;

TEST(Catalogue, KnowsAllNamedProviders) {
  std::set<std::string_view> names;
  for (const ProviderEntry& p : providers()) names.insert(p.name);
  for (const char* name : {"openai", "anthropic", "gemini", "vertex", "mistral", "together", "groq",
                           "deepseek", "xai", "fireworks", "azure", "bedrock"})
    EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_EQ(names.size(), 12u);
  EXPECT_EQ(find_provider("acme"), nullptr);
}

TEST(Catalogue, LimitsOfTheProvidersThatAreRun) {
  for (const ProviderEntry& p : providers()) {
    if (!p.driven) continue;
    EXPECT_GT(p.batch.requests, 0) << p.name;
    EXPECT_GT(p.batch.bytes, 0) << p.name;
    EXPECT_GT(p.batch.ceiling.ms, 0) << p.name;
    EXPECT_GT(p.batch.settle.ms, 0) << p.name;
    EXPECT_LT(p.batch.ceiling, p.batch.results_kept) << p.name;
    EXPECT_LE(p.batch.inline_bytes, p.batch.bytes) << p.name;
    EXPECT_FALSE(p.default_base_url.ends_with('/')) << p.name;
  }
  EXPECT_EQ(find_provider("openai")->batch.requests, 50'000);
  EXPECT_FALSE(find_provider("anthropic")->batch.one_model);
  EXPECT_LT(find_provider("gemini")->batch.inline_bytes, 20'971'520);
}

TEST(Catalogue, EveryOfferIsOfAKnownProviderAndListedOnce) {
  std::set<std::pair<std::string_view, Endpoint>> seen;
  for (const Offer& o : offers()) {
    EXPECT_NE(find_provider(o.provider), nullptr) << o.provider;
    EXPECT_TRUE(o.on(standard)) << o.provider;
    EXPECT_TRUE(seen.emplace(o.provider, o.endpoint).second) << o.provider;
  }
}

TEST(Catalogue, SaysWhoSellsWhat) {
  EXPECT_TRUE(sells("openai", Operation::embedding, batch));
  EXPECT_FALSE(sells("openai", Operation::embedding, flex));
  EXPECT_FALSE(sells("anthropic", Operation::embedding, standard));
  EXPECT_FALSE(sells("deepseek", Operation::chat, batch));
  EXPECT_TRUE(sells("gemini", Operation::chat, flex));
}

TEST(Catalogue, KeepsTheWrittenEndpointWhereTheProviderHasIt) {
  EXPECT_EQ(endpoint_at("openai", Endpoint::responses, batch), Endpoint::responses);
  EXPECT_EQ(endpoint_at("openai", Endpoint::messages, batch), Endpoint::chat_completions);
  EXPECT_EQ(endpoint_at("anthropic", Endpoint::responses, batch), Endpoint::messages);
  EXPECT_EQ(endpoint_at("gemini", Endpoint::embeddings, batch), Endpoint::embed_content);
  EXPECT_EQ(endpoint_at("openai", Endpoint::embed_content, standard), Endpoint::embeddings);
}

TEST(Catalogue, ARefusalNamesWhoHasTheEndpoint) {
  auto refused = endpoint_at("anthropic", Endpoint::embeddings, batch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "provider.no_endpoint");
  EXPECT_EQ(refused.error().message, "anthropic has no embeddings");
  EXPECT_EQ(refused.error().why, "not in its contract, on any tier");
  ASSERT_EQ(refused.error().next.size(), 1u);
  EXPECT_EQ(refused.error().next[0],
            "openai and gemini have embeddings on tier batch: --model openai/...");

  auto tier = endpoint_at("openai", Endpoint::embeddings, flex);
  ASSERT_FALSE(tier);
  EXPECT_EQ(tier.error().message, "openai has no embeddings on tier flex");

  auto foreign = endpoint_at("mistral", Endpoint::chat_completions, batch);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, "provider.no_endpoint");
  EXPECT_EQ(foreign.error().message, "batches at mistral are not run by this version");
  EXPECT_TRUE(endpoint_at("mistral", Endpoint::responses, standard));
  EXPECT_FALSE(endpoint_at("acme", Endpoint::chat_completions, batch));
}

TEST(Catalogue, FindsModelsBySpelling) {
  ASSERT_NE(find_model("claude-sonnet-4.6"), nullptr);
  EXPECT_EQ(find_model("claude-sonnet-4.6"), find_model("claude-sonnet-4-6"));
  EXPECT_EQ(find_model("anthropic/claude-sonnet-4.6"), find_model("claude-sonnet-4-6"));
  EXPECT_EQ(find_model("models/gemini-2.5-flash")->name, "gemini-2.5-flash");
  EXPECT_EQ(find_model("gpt-4o-mini-2024-07-18")->name, "gpt-4o-mini");
  EXPECT_EQ(find_model("gpt-4o-2024-05-13")->output_limit, 4096);
  EXPECT_EQ(find_model("gpt-4o-2024-11-20")->output_limit, 16384);
  EXPECT_EQ(find_model("claude-haiku-4-5-20251001")->name, "claude-haiku-4-5");
  EXPECT_EQ(find_model("anthropic", "gpt-4o"), nullptr);
  EXPECT_EQ(find_model("gpt-9"), nullptr);
  EXPECT_EQ(find_model(""), nullptr);
}

TEST(Catalogue, ModelsAreListedOnceAndSoldByTheirProvider) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const ModelEntry& m : models()) {
    EXPECT_TRUE(seen.emplace(m.provider, m.name).second) << m.name;
    EXPECT_EQ(find_model(m.provider, m.name), &m) << m.name;
    EXPECT_TRUE(sells(m.provider, m.operation, standard)) << m.name;
    EXPECT_EQ(m.output_limit > 0, m.operation == Operation::chat) << m.name;
    EXPECT_TRUE(!m.flex || sells(m.provider, m.operation, flex)) << m.name;
  }
}

std::string target(std::string_view text) {
  auto t = parse_target(text);
  return t ? t->provider + ' ' + t->model : t.error().code;
}

TEST(Catalogue, ParsesTargets) {
  EXPECT_EQ(target("openai/gpt-5.4-mini"), "openai gpt-5.4-mini");
  EXPECT_EQ(target("gpt-5.4-mini"), "openai gpt-5.4-mini");
  EXPECT_EQ(target("gpt-5-4-mini"), "openai gpt-5.4-mini");
  EXPECT_EQ(target("claude-sonnet-4.5-20250929"), "anthropic claude-sonnet-4-5-20250929");
  EXPECT_EQ(target("anthropic/claude-haiku-4.5"), "anthropic claude-haiku-4-5");
  EXPECT_EQ(target("models/gemini-2.5-flash"), "gemini gemini-2.5-flash");
  EXPECT_EQ(target("gemini/models/gemini-3.7-flash"), "gemini gemini-3.7-flash");
  EXPECT_EQ(target("openai/ft:gpt-4o-mini:acme::1"), "openai ft:gpt-4o-mini:acme::1");
  EXPECT_EQ(target("mistral/anything-at-all"), "mistral anything-at-all");
  EXPECT_EQ(target("gpt-4o-2024-08-06"), "openai gpt-4o-2024-08-06");
  EXPECT_EQ(target("omni-moderation-latest"), "openai omni-moderation-latest");
  EXPECT_EQ(target("acme/model"), "input.model");
  EXPECT_EQ(target("openai/"), "input.model");
  EXPECT_EQ(target(""), "input.model");
}

TEST(Catalogue, SuggestsTheNearestNames) {
  auto typo = parse_target("gpt-5.4-mni");
  ASSERT_FALSE(typo);
  ASSERT_FALSE(typo.error().next.empty());
  EXPECT_EQ(typo.error().next[0], "did you mean openai/gpt-5.4-mini?");
  auto far = parse_target("something-else-entirely");
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().next[0], "name its provider, as in openai/MODEL");
  EXPECT_LT(parse_target(std::string(100'000, 'x')).error().message.size(), 200u);
}

TEST(Catalogue, TheTableFitsATerminalAndHasARowForEachOffer) {
  std::istringstream table(endpoint_table());
  size_t rows = 0;
  for (std::string line; std::getline(table, line); ++rows) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_EQ(rows, offers().size() + 2);
  EXPECT_NE(endpoint_table().find(
                "anthropic  /v1/messages          yes      yes    -     yes       yes     yes\n"),
            std::string::npos)
      << endpoint_table();
}

}  // namespace
}  // namespace twolane::dialect
