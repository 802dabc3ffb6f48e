// Configuration from text and a made-up environment.
#include "app/config.h"

#include <gtest/gtest.h>

#include <map>

namespace twolane::app {
namespace {

using Environment = std::map<std::string, std::string>;

Result<Config> read(std::optional<std::string> text, Environment environment = {}) {
  ConfigSources s;
  s.file = "twolane.toml";
  s.text = std::move(text);
  s.environment = [environment](const std::string& name) -> std::optional<std::string> {
    const auto it = environment.find(name);
    return it == environment.end() ? std::nullopt : std::optional(it->second);
  };
  s.read_file = [](const std::string& path) -> Result<std::string> {
    if (path == "/run/key") return std::string("sk-from-file\n");
    return fail("config.file", path + " cannot be read");
  };
  return read_config(s);
}

TEST(Config, NothingIsEnough) {
  const auto c = read(std::nullopt, {{"OPENAI_API_KEY", "sk-1"}});
  ASSERT_TRUE(c.has_value());
  EXPECT_EQ(c->provider("openai")->key, "sk-1");
  EXPECT_EQ(c->provider("openai")->key_from, "OPENAI_API_KEY");
  EXPECT_EQ(c->provider("openai")->base_url_from, "default");
  EXPECT_EQ(c->provider("anthropic")->key_from, "");
  EXPECT_EQ(c->retention, days(30));
  EXPECT_EQ(c->provider("nobody"), nullptr);
}

TEST(Config, TheFileAndTheEnvironmentWhichWins) {
  const std::string text = R"(
[store]
home = "/var/lib/twolane"
retention = "7d"
[limits]
live_per_minute = 100
[providers.openai]
base_url = "http://127.0.0.1:8090/openai/v1/"
key_file = "/run/key"
live_per_minute = 5
)";
  auto c = read(text);
  ASSERT_TRUE(c.has_value()) << c.error().message;
  EXPECT_EQ(c->home, "/var/lib/twolane");
  EXPECT_EQ(c->retention, days(7));
  EXPECT_EQ(c->provider("openai")->base_url, "http://127.0.0.1:8090/openai/v1");
  EXPECT_EQ(c->provider("openai")->base_url_from, "twolane.toml:8");
  EXPECT_EQ(c->provider("openai")->key, "sk-from-file");
  EXPECT_EQ(c->provider("openai")->limits.live_per_minute, 5);
  EXPECT_EQ(c->provider("anthropic")->limits.live_per_minute, 100);

  c = read(text, {{"TWOLANE_HOME", "/elsewhere"},
                  {"OPENAI_API_KEY", "sk-2"},
                  {"OPENAI_BASE_URL", "https://proxy.example/v1"},
                  {"TWOLANE_PROVIDERS_OPENAI_LIVE_PER_MINUTE", "7"},
                  {"TWOLANE_STORE_RETENTION", "forever"}});
  ASSERT_TRUE(c.has_value()) << c.error().message;
  EXPECT_EQ(c->home, "/elsewhere");
  EXPECT_EQ(c->retention, Duration{});
  EXPECT_EQ(c->provider("openai")->key, "sk-2");
  EXPECT_EQ(c->provider("openai")->base_url, "https://proxy.example/v1");
  EXPECT_EQ(c->provider("openai")->limits.live_per_minute, 7);
}

TEST(Config, RoutesAndServersOfTheUsersOwn) {
  const auto c = read(R"(
[routes.fast]
targets = ["local/llama-3/70b", "anthropic/claude-haiku-4-5"]
weights = [3, 1]
attempts = 4
concurrency = 8
first_byte = "20s"
tier = "priority"
[routes.nightly]
targets = ["gemini/gemini-2.5-flash"]
lane = "patient"
deadline = "6h"
[routes.plain]
targets = ["openai/gpt-5.4-mini"]
[providers.local]
base_url = "http://127.0.0.1:8000/v1/"
dialect = "openai"
)", {{"LOCAL_API_KEY", "sk-local"}});
  ASSERT_TRUE(c.has_value()) << c.error().message;
  ASSERT_EQ(c->servers.size(), 1u);
  EXPECT_EQ(c->servers[0].base_url, "http://127.0.0.1:8000/v1");
  EXPECT_EQ(c->servers[0].key, "sk-local");
  EXPECT_EQ(c->servers[0].key_from, "LOCAL_API_KEY");
  EXPECT_EQ(c->provider("local"), nullptr) << "it runs no batches";
  ASSERT_EQ(c->routes.size(), 3u);
  EXPECT_EQ(c->routes[0].name, "fast");
  EXPECT_EQ(c->routes[0].targets, (std::vector<std::string>{"local/llama-3/70b", "anthropic/claude-haiku-4-5"}));
  EXPECT_EQ(c->routes[0].weights, (std::vector<int>{3, 1}));
  EXPECT_EQ(c->routes[0].most_attempts(), 4);
  EXPECT_EQ(c->routes[0].concurrency, 8);
  EXPECT_EQ(c->routes[0].first_byte, seconds(20));
  EXPECT_EQ(c->routes[0].tier, ServiceTier::priority);
  EXPECT_EQ(c->routes[1].lane, "patient");
  EXPECT_EQ(c->routes[1].deadline, hours(6));
  EXPECT_EQ(c->routes[2].most_attempts(), 2);
}

TEST(Config, EveryMistakeNamesItsPlaceAndWhatWasMeant) {
  struct Case {
    std::string text, code;
    int64_t line;
    std::string next;
  };
  const Case cases[] = {
      {"[store]\nretenton = \"7d\"\n", "config.key", 2, "did you mean \"retention\"?"},
      {"[stor]\nhome = \"x\"\n", "config.key", 1, "did you mean \"store\"?"},
      {"[providers.opnai]\nkey_file = \"x\"\n", "config.key", 1, "did you mean \"openai\"?"},
      {"[providers.openai]\napi_key = \"sk-secret\"\n", "config.key", 2,
       "export it, or name a file: key_file = \"/path\""},
      {"[store\n", "config.syntax", 1, "mend that line"},
      {"[limits]\nlive_per_minute = -1\n", "config.value", 2, "correct or remove it"},
      {"[limits]\nlive_per_minute = \"many\"\n", "config.value", 2, "correct or remove it"},
      {"[limits]\nlive_reserve = 91\n", "config.value", 2, "correct or remove it"},
      {"[store]\nretention = \"soon\"\n", "config.value", 2, "correct or remove it"},
      {"[providers.openai]\nbase_url = \"ftp://x\"\n", "config.value", 2, "correct or remove it"},
      {"[providers.local]\ndialect = \"openai\"\n", "config.value", 1,
       "write base_url = \"http://127.0.0.1:8000/v1\""},
      {"[providers.local]\nbase_url = \"http://x/v1\"\ndialect = \"cohere\"\n", "config.value", 3,
       "write dialect = \"openai\""},
      {"[providers.\"My Own\"]\nbase_url = \"http://x/v1\"\ndialect = \"openai\"\n", "config.value", 3,
       "choose another name"},
      {"[providers.local]\nbase_url = \"http://x/v1\"\ndialect = \"openai\"\napi_key = \"s\"\n", "config.key", 4,
       "export it, or name a file: key_file = \"/path\""},
      {"[routes.fast]\n", "config.value", 1, "write targets = [\"openai/gpt-5.4-mini\"]"},
      {"[routes.fast]\ntargets = [\"gpt-5.4-mini\"]\n", "config.value", 2,
       "write targets = [\"openai/gpt-5.4-mini\"]"},
      {"[routes.fast]\ntargets = [\"opnai/gpt-5.4-mini\"]\n", "config.value", 2, "did you mean \"openai\"?"},
      {"[routes.fast]\ntargets = [\"local-7/m\"]\n", "config.value", 2,
       "add [providers.local-7] with base_url and dialect"},
      {"[routes.fast]\ntargets = [\"openai/a\", \"openai/a\"]\n", "config.value", 2,
       "give it weights = [...], or more attempts"},
      {"[routes.fast]\ntargets = [\"openai/a\"]\nweights = [1, 2]\n", "config.value", 3, "correct or remove it"},
      {"[routes.fast]\ntargets = [\"openai/a\"]\nweights = [0]\n", "config.value", 3, "correct or remove it"},
      {"[routes.fast]\ntargets = [\"openai/a\"]\natempts = 2\n", "config.key", 3, "did you mean \"attempts\"?"},
      {"[routes.fast]\ntargets = [\"openai/a\"]\nattempts = 0\n", "config.value", 3, "correct or remove it"},
      {"[routes.fast]\ntargets = [\"openai/a\"]\nfirst_byte = 10\n", "config.value", 3,
       "write first_byte = \"...\""},
      {"[routes.fast]\ntargets = [\"openai/a\"]\ncooldown = \"soon\"\n", "config.value", 3,
       "write cooldown = \"10s\""},
      {"[routes.fast]\ntargets = [\"openai/a\"]\nconnect = \"1m\"\n", "config.value", 3, "write connect = \"10s\""},
      {"[routes.fast]\ntargets = [\"openai/a\"]\nlane = \"slow\"\n", "config.value", 3, "write lane = \"patient\""},
      {"[routes.fast]\ntargets = [\"openai/a\"]\ntier = \"cheap\"\n", "config.value", 3, "write tier = \"flex\""},
      {"[routes.fast]\ntargets = [\"anthropic/a\"]\ntier = \"flex\"\n", "config.value", 3,
       "add a target at a provider that has it"},
      {"[providers.x]\nbase_url = \"http://x/v1\"\ndialect = \"openai\"\n[routes.fast]\ntargets = [\"x/a\"]\nlane = \"patient\"\n",
       "config.value", 6, "add a target at a provider that does"},
      {"[routes]\nfast = \"openai/a\"\n", "config.value", 2, "write [routes.fast] on a line of its own"},
  };
  for (const auto& c : cases) {
    const auto r = read(c.text);
    ASSERT_FALSE(r.has_value()) << c.text;
    EXPECT_EQ(r.error().code, c.code) << c.text;
    EXPECT_EQ(r.error().where.line, c.line) << c.text;
    ASSERT_FALSE(r.error().next.empty()) << c.text;
    EXPECT_EQ(r.error().next[0], c.next) << c.text;
  }
}

TEST(Config, KeysAreNeverShown) {
  const auto r = read(std::nullopt, {{"OPENAI_API_KEY", "sk-secret\nInjected: header"}});
  ASSERT_FALSE(r.has_value());
  EXPECT_EQ(r.error().code, "config.value");
  for (const auto& text : {r.error().message, r.error().why, r.error().where.field})
    EXPECT_EQ(text.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace twolane::app
