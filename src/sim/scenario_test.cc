// Scenarios by name and from TOML.

#include "sim/scenario.h"

#include <gtest/gtest.h>

namespace twolane::sim {
namespace {

TEST(Scenario, EveryNameIsThere) {
  for (const char* name : {"calm", "busy", "outage", "hostile", "incident"}) {
    auto s = scenario(name);
    ASSERT_TRUE(s) << name;
    EXPECT_EQ(s->name, name);
  }
  EXPECT_EQ(scenario("incident")->counts_always, (std::vector<long long>{885, 758, 97}));
  EXPECT_EQ(scenario("calm")->lost_after, 0);
}

TEST(Scenario, TomlChangesWhatItNames) {
  auto s = scenario_from_toml(
      "base = \"hostile\"\nname = \"mine\"\nmedian = \"90m\"\nlost = 0.25\nshuffled = false\n"
      "billing = \"other\"\nblackout_at = [\"1m\", \"2h\"]\ncounts_always = [1, 2, 3]\nenqueued_tokens = 500\n",
      "mine.toml");
  ASSERT_TRUE(s) << s.error().why;
  EXPECT_EQ(s->name, "mine");
  EXPECT_EQ(s->billing, Billing::other);
  EXPECT_EQ(s->median, minutes(90));
  EXPECT_EQ(s->lost, 0.25);
  EXPECT_FALSE(s->shuffled);
  EXPECT_EQ(s->blackout_at, (std::vector<Duration>{minutes(1), hours(2)}));
  EXPECT_EQ(s->counts_always.size(), 3u);
  EXPECT_EQ(s->enqueued_tokens, 500);
  EXPECT_EQ(s->unreadable, scenario("hostile")->unreadable);
}

TEST(Scenario, RefusalsNameTheKey) {
  struct Case {
    const char *text, *field;
    int64_t line;
  };
  for (const Case& c :
       {Case{"lost = 2\n", "lost", 1}, Case{"\nnope = 1\n", "nope", 2},
        Case{"median = 5\n", "median", 1}, Case{"median = \"soon\"\n", "median", 1},
        Case{"shuffled = 1\n", "shuffled", 1}, Case{"base = \"mild\"\n", "base", 0},
        Case{"counts_always = [1]\n", "counts_always", 1},
        Case{"enqueued_tokens = -1\n", "enqueued_tokens", 1}, Case{"billing = \"dear\"\n", "billing", 1},
        Case{"a = = 1\n", "", 1}}) {
    auto s = scenario_from_toml(c.text, "mine.toml");
    ASSERT_FALSE(s) << c.text;
    EXPECT_EQ(s.error().code, "sim.scenario");
    EXPECT_EQ(s.error().where.field, c.field) << c.text;
    EXPECT_EQ(s.error().where.file, "mine.toml");
    if (c.line > 0) {
      EXPECT_EQ(s.error().where.line, c.line) << c.text;
    }
  }
  EXPECT_EQ(scenario("no such thing").error().code, "sim.scenario");
}

}  // namespace
}  // namespace twolane::sim
