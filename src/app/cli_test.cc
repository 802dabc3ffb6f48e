// Command lines as values, and what is said of those that cannot be understood.
#include "app/cli.h"

#include <gtest/gtest.h>

namespace twolane::app {
namespace {

Result<Invocation> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "twolane");
  return parse_command_line(words);
}

TEST(CommandLine, ReadsARun) {
  const auto r = parse({"run", "--sim", "tickets.jsonl", "--within", "6h", "-o", "out.jsonl", "--json",
                        "--model", "openai/gpt-5.4-mini", "--model", "gemini/gemini-3.5-flash",
                        "--max-cost", "5.00", "--limit", "10", "--progress", "plain"});
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->verb, Verb::run);
  EXPECT_EQ(r->run.input, "tickets.jsonl");
  EXPECT_EQ(r->run.output, "out.jsonl");
  EXPECT_EQ(r->run.within, "6h");
  EXPECT_EQ(r->run.models, (std::vector<std::string>{"openai/gpt-5.4-mini", "gemini/gemini-3.5-flash"}));
  EXPECT_EQ(r->world.sim, "calm");
  EXPECT_EQ(r->run.max_cost.cap, PicoUsd::from_usd(5));
  EXPECT_EQ(r->run.limit, 10);
  EXPECT_EQ(r->common.progress, ProgressStyle::plain);
  EXPECT_TRUE(r->common.json);
}

TEST(CommandLine, FlagsMayStandBehindTheInputAndSimMayNameAScenario) {
  const auto r = parse({"run", "a.csv", "--sim=hostile", "--seed", "7", "--speed", "60", "--max-cost", "none",
                        "--prompt", "Label: {text}", "--model", "gpt-5.4-mini", "--sample", "3"});
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->world.sim, "hostile");
  EXPECT_EQ(r->world.seed, 7u);
  EXPECT_EQ(r->world.speed, 60.0);
  EXPECT_TRUE(r->run.max_cost.given);
  EXPECT_FALSE(r->run.max_cost.cap.has_value());
  EXPECT_EQ(r->run.sample, 3);
  EXPECT_EQ(parse({"run", "a.csv"})->world.sim, std::nullopt);
}

TEST(CommandLine, ReadsTheOtherCommands) {
  struct Case {
    std::vector<const char*> words;
    Verb verb;
  };
  const Case cases[] = {
      {{"jobs"}, Verb::jobs},
      {{"show", "7f3c91"}, Verb::show},
      {{"results", "7f3c91", "-o", "x"}, Verb::results},
      {{"cancel", "7f3c91"}, Verb::cancel},
      {{"retry", "7f3c91", "t-1"}, Verb::retry},
      {{"promote", "7f3c91"}, Verb::promote},
      {{"pause", "7f3c91"}, Verb::pause},
      {{"resume", "7f3c91"}, Verb::resume},
      {{"deadline", "7f3c91", "--by", "06:00"}, Verb::deadline},
      {{"forget", "7f3c91"}, Verb::forget},
      {{"sim", "--listen", "127.0.0.1:0", "--scenario", "hostile", "--speed", "100x"}, Verb::sim},
      {{"config", "check"}, Verb::config_check},
      {{"version"}, Verb::version},
      {{"--version"}, Verb::version},
      {{"--help"}, Verb::help},
      {{"run", "--help"}, Verb::help},
      {{}, Verb::help},
  };
  for (const auto& c : cases) {
    const auto r = parse(c.words);
    ASSERT_TRUE(r.has_value()) << r.error().message;
    EXPECT_EQ(static_cast<int>(r->verb), static_cast<int>(c.verb)) << (c.words.empty() ? "" : c.words[0]);
  }
  EXPECT_EQ(parse({"retry", "7f", "t-1"})->job.requests, std::vector<std::string>{"t-1"});
  EXPECT_FALSE(parse({"retry", "7f", "t-1", "t-2"}));
  const auto cut = parse({"cancel", "7f", "t-1", "t-2", "--rows", "5-9"});
  EXPECT_EQ(cut->job.requests, (std::vector<std::string>{"t-1", "t-2"}));
  EXPECT_EQ(cut->job.rows, "5-9");
  EXPECT_NE(parse({"run", "--help"})->text.find("--max-cost"), std::string::npos);
}

TEST(CommandLine, SaysWhatIsWrongWithIt) {
  struct Case {
    std::vector<const char*> words;
    std::string code, next;
  };
  const Case cases[] = {
      {{"run", "a.jsonl", "--whithin", "6h"}, "usage.flag", "did you mean --within?"},
      {{"run", "a.jsonl", "--frobnicate"}, "usage.flag", "twolane run --help"},
      {{"rum", "a.jsonl"}, "usage.command", "did you mean run?"},
      {{"run"}, "usage.missing", "twolane run --help"},
      {{"run", "a", "b"}, "usage.argument", "twolane run --help"},
      {{"run", "a", "--limit", "0"}, "usage.value", "give such a number"},
      {{"run", "a", "--limit", "many"}, "usage.value", "give such a number"},
      {{"run", "a", "--max-cost", "five"}, "usage.value", "--max-cost 5.00"},
      {{"run", "a", "--max-cost", "-1"}, "usage.value", "--max-cost 5.00"},
      {{"run", "a", "--speed", "0"}, "usage.value", "--speed 60"},
      {{"run", "a", "--progress", "loud"}, "usage.value", "--progress plain"},
      {{"run", "a", "--prompt", "x", "--prompt-file", "y"}, "usage.conflict", "keep one of the two"},
      {{"run", "a", "--within"}, "usage.value", "twolane run --help"},
      {{"deadline", "7f"}, "usage.missing", "twolane deadline 7f --by 06:00"},
      {{"config"}, "usage.missing", "twolane config check"},
  };
  for (const auto& c : cases) {
    const auto r = parse(c.words);
    const std::string words = c.words.back();
    ASSERT_FALSE(r.has_value()) << words;
    EXPECT_EQ(r.error().code, c.code) << words << ": " << r.error().message;
    ASSERT_FALSE(r.error().next.empty());
    EXPECT_EQ(r.error().next[0], c.next) << words;
  }
}

TEST(CommandLine, JsonIsSeenEvenOnABrokenLine) {
  const char* const broken[] = {"twolane", "rum", "--json"};
  EXPECT_TRUE(wants_json(broken));
  const char* const text[] = {"twolane", "run", "--", "--json"};
  EXPECT_FALSE(wants_json(text));
}

}  // namespace
}  // namespace twolane::app
