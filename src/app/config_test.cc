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
      {"[store]\nretention = \"soon\"\n", "config.value", 2, "correct or remove it"},
      {"[providers.openai]\nbase_url = \"ftp://x\"\n", "config.value", 2, "correct or remove it"},
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
