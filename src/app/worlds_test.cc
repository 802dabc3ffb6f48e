// Names of worlds, and the accounts in them.
#include "app/worlds.h"

#include <gtest/gtest.h>

#include "app/accounts.h"

namespace twolane::app {
namespace {

TEST(Worlds, AnEmbeddedOneIsFoundAgainByTheNameItsJobsCarry) {
  for (const EmbeddedName& name : {EmbeddedName{"calm", 1}, EmbeddedName{"my scenario.toml", 42}}) {
    const auto parsed = parse_embedded_name(embedded_name("sim-0123", name));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->scenario, name.scenario);
    EXPECT_EQ(parsed->seed, name.seed);
  }
  for (const auto* other : {"real", "simulator sim-0123", "embedded x", "embedded x y calm", ""})
    EXPECT_FALSE(parse_embedded_name(other).has_value()) << other;
}

Config config_of(std::vector<ProviderConfig> providers) {
  Config c;
  c.providers = std::move(providers);
  return c;
}

ProviderConfig provider(std::string name, std::string base_url, std::string from, std::string key) {
  ProviderConfig p;
  p.name = std::move(name);
  p.base_url = std::move(base_url);
  p.base_url_from = std::move(from);
  p.key = std::move(key);
  return p;
}

TEST(Accounts, AreThoseWithAKeyAndNeverShowIt) {
  auto c = config_of({provider("openai", "https://api.openai.com/v1", "default", "sk-1"),
                      provider("anthropic", "https://api.anthropic.com", "default", "")});
  c.providers[0].limits.live_per_minute = 7;
  const auto found = accounts(c, "");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].provider, "openai");
  EXPECT_EQ(found[0].access.key, "sk-1");
  EXPECT_EQ(found[0].live_per_minute, 7);
  EXPECT_EQ(found[0].fingerprint, fingerprint("sk-1"));
  EXPECT_EQ(found[0].fingerprint.find("sk"), std::string::npos);
  EXPECT_NE(fingerprint("sk-1"), fingerprint("sk-2"));
  EXPECT_EQ(accounts(c, "any").size(), 2u);
}

TEST(Accounts, AWorldIsNamedByItsServersNotItsKeys) {
  auto c = config_of({provider("openai", "https://api.openai.com/v1", "default", "sk-1")});
  const std::string real = world_of(c);
  c.providers[0].key = "sk-2";
  EXPECT_EQ(world_of(c), real);
  c.providers[0] = provider("openai", "http://127.0.0.1:8090/openai/v1", "OPENAI_BASE_URL", "any");
  EXPECT_NE(world_of(c), real);
}

TEST(Accounts, TheClockToFollowIsAtTheOneOriginOfTheBaseUrls) {
  const auto away = [](const char* name, const char* url) { return provider(name, url, "OPENAI_BASE_URL", "any"); };
  EXPECT_EQ(simulator_origin(config_of({away("openai", "http://127.0.0.1:8090/openai/v1"),
                                        away("anthropic", "http://127.0.0.1:8090/anthropic")})).value(),
            "http://127.0.0.1:8090");
  EXPECT_EQ(simulator_origin(config_of({provider("openai", "https://api.openai.com/v1", "default", "k")})).error().code,
            "clock.none");
  EXPECT_EQ(simulator_origin(config_of({away("openai", "http://127.0.0.1:8090/v1"),
                                        away("gemini", "http://127.0.0.1:8091/gemini")})).error().code,
            "clock.several");
}

}  // namespace
}  // namespace twolane::app
