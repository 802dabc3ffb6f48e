// What recorded answers of every provider used and cost: a table checked by hand against the
// providers' price lists, and laws that hold for every recording. Beside ../shared/recordings.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "dialect/translate.h"
#include "price/price.h"
#include "wire/json.h"

namespace twolane::app {
namespace {

using dialect::Served;
using wire::Json;

// One recording, what its usage means, and the bill: tokens x USD per million, in micro-dollars.
// The rates are typed from the price lists, not taken from the book.
struct Checked {
  const char* file;
  int line;
  const char *provider, *model;
  Usage usage;
  const char *arithmetic, *usd;
  const char* at = "";  // the day of the recording, where prices have changed since
};

// clang-format off
const Checked checked[] = {
    {"anthropic", 1, "anthropic", "claude-sonnet-4-5-20250929", {.fresh = 48, .output = 42},
     "48 x 3 + 42 x 15", "0.000774"},
    {"anthropic", 2, "anthropic", "claude-sonnet-4-5-20250929", {.fresh = 51, .output = 162, .reasoning = 112},
     "51 x 3 + 162 x 15", "0.002583"},
    {"anthropic", 9, "anthropic", "claude-sonnet-4-6", {.fresh = 4, .cache_read = 8845, .cache_write_5m = 6, .output = 193},
     "4 x 3 + 8845 x 0.3 + 6 x 3.75 + 193 x 15", "0.005583"},
    {"anthropic", 11, "anthropic", "claude-sonnet-5", {.fresh = 6, .cache_read = 20443, .cache_write_5m = 574, .output = 489, .reasoning = 77},
     "6 x 2 + 20443 x 0.2 + 574 x 2.5 + 489 x 10", "0.0104256"},
    {"anthropic", 16, "anthropic", "claude-haiku-4-5-20251001", {.fresh = 746, .output = 73},
     "746 x 1 + 73 x 5", "0.001111"},
    {"anthropic", 27, "anthropic", "claude-sonnet-4-5-20250929", {.fresh = 7, .cache_write_5m = 1069, .output = 60},
     "7 x 3 + 1069 x 3.75 + 60 x 15", "0.00492975"},
    {"anthropic", 28, "anthropic", "claude-sonnet-4-5-20250929", {.fresh = 6, .cache_read = 1069, .cache_write_5m = 85, .output = 110},
     "6 x 3 + 1069 x 0.3 + 85 x 3.75 + 110 x 15", "0.00230745"},
    {"anthropic", 65, "anthropic", "claude-sonnet-5", {.fresh = 2411, .output = 145, .reasoning = 47},
     "2411 x 2 + 145 x 10", "0.006272"},
    {"anthropic", 79, "anthropic", "claude-fable-5", {.fresh = 920, .output = 50},
     "920 x 10 + 50 x 50", "0.0117"},
    {"anthropic", 106, "anthropic", "claude-opus-4-8", {.fresh = 2, .cache_read = 1590, .output = 4},
     "2 x 5 + 1590 x 0.5 + 4 x 25", "0.000905"},
    {"anthropic", 112, "anthropic", "claude-sonnet-4-6", {.fresh = 10809, .output = 644, .searches = 1},
     "10809 x 3 + 644 x 15 + 1 x 10000", "0.052087"},
    {"bedrock", 13, "bedrock", "us.amazon.nova-micro-v1:0", {.fresh = 25, .output = 4},
     "25 x 0.035 + 4 x 0.14", "0.000001435"},
    {"bedrock", 22, "bedrock", "us.anthropic.claude-opus-4-8", {.fresh = 68, .output = 508},
     "68 x 5.5 + 508 x 27.5", "0.014344"},
    {"bedrock", 25, "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", {.fresh = 14, .cache_write_5m = 1503, .output = 5},
     "14 x 3.3 + 1503 x 4.125 + 5 x 16.5", "0.006328575"},
    {"bedrock", 26, "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", {.fresh = 13, .cache_read = 1504, .output = 5},
     "13 x 3.3 + 1504 x 0.33 + 5 x 16.5", "0.00062172"},
    {"bedrock", 32, "bedrock", "us.meta.llama4-maverick-17b-instruct-v1:0", {.fresh = 149, .output = 19},
     "149 x 0.24 + 19 x 0.97", "0.00005419"},
    {"cerebras", 5, "cerebras", "zai-glm-4.7", {.fresh = 17, .output = 415, .reasoning = 406},
     "17 x 2.25 + 415 x 2.75", "0.0011795"},
    {"cohere", 4, "cohere", "command-r7b-12-2024", {.fresh = 13, .output = 61},
     "13 x 0.0375 + 61 x 0.15", "0.0000096375"},
    {"deepseek", 1, "deepseek", "deepseek-reasoner", {.fresh = 12, .output = 789, .reasoning = 415},
     "12 x 0.28 + 789 x 0.42", "0.00033474"},
    {"deepseek", 4, "deepseek", "deepseek-v4-flash", {.fresh = 52, .cache_read = 128, .output = 40, .reasoning = 38},
     "52 x 0.15 + 128 x 0.003 + 40 x 0.6", "0.000032184"},
    {"gemini", 12, "gemini", "gemini-3-flash-preview", {.fresh = 295, .output = 149, .reasoning = 126},
     "295 x 0.5 + 149 x 3", "0.0005945"},
    {"gemini", 30, "gemini", "gemini-2.5-pro", {.fresh = 303, .output = 297, .reasoning = 257},
     "303 x 1.25 + 297 x 10", "0.00334875"},
    {"gemini", 34, "gemini", "gemini-2.5-flash", {.fresh = 334, .cache_read = 17379, .output = 889, .reasoning = 821, .audio_input = 36},
     "298 x 0.3 + 36 x 1 + 17379 x 0.03 + 889 x 2.5", "0.00286927"},
    {"gemini", 72, "gemini", "gemini-2.5-flash", {.fresh = 229, .output = 17, .audio_input = 144},
     "85 x 0.3 + 144 x 1 + 17 x 2.5", "0.000212"},
    {"gemini", 48, "gemini", "gemini-2.5-pro", {.fresh = 119, .output = 653, .reasoning = 412},
     "119 x 1.25 + 653 x 10", "0.00667875"},
    {"gemini", 93, "gemini", "gemini-2.5-flash", {.fresh = 115, .cache_read = 230, .output = 51},
     "115 x 0.3 + 230 x 0.03 + 51 x 2.5", "0.0001689"},
    {"groq", 3, "groq", "openai/gpt-oss-120b", {.fresh = 84, .output = 42, .reasoning = 32},
     "84 x 0.15 + 42 x 0.6", "0.0000378"},
    {"groq", 7, "groq", "qwen/qwen3-32b", {.fresh = 25, .output = 2},
     "25 x 0.29 + 2 x 0.59", "0.00000843"},
    {"groq", 20, "groq", "meta-llama/llama-4-maverick-17b-128e-instruct", {.fresh = 708, .output = 54},
     "708 x 0.2 + 54 x 0.6", "0.000174"},
    {"mistral", 3, "mistral", "mistral-large-latest", {.fresh = 4, .output = 36},
     "4 x 0.5 + 36 x 1.5", "0.000056"},
    {"mistral", 5, "mistral", "mistral-large-latest", {.fresh = 44, .cache_read = 224, .output = 5},
     "44 x 0.5 + 224 x 0.05 + 5 x 1.5", "0.0000407"},
    {"mistral", 11, "mistral", "mistral-medium-latest", {.fresh = 32, .cache_read = 32, .output = 6},
     "32 x 1.5 + 32 x 0.15 + 6 x 7.5", "0.0000978"},
    {"openai", 1, "openai", "gpt-4o-2024-08-06", {.fresh = 48, .output = 14},
     "48 x 2.5 + 14 x 10", "0.00026"},
    {"openai", 9, "openai", "gpt-5-2025-08-07", {.fresh = 1348, .output = 624, .reasoning = 384},
     "1348 x 1.25 + 624 x 10", "0.007925"},
    {"openai", 60, "openai", "gpt-5-2025-08-07", {.fresh = 9394, .cache_read = 3200, .output = 1150, .reasoning = 1088},
     "9394 x 1.25 + 3200 x 0.125 + 1150 x 10", "0.0236425"},
    {"openai", 78, "openai", "gpt-5.4-2026-03-05", {.fresh = 234, .output = 36},
     "234 x 2.5 + 36 x 15", "0.001125"},
    {"openai", 101, "openai", "o3-mini-2025-01-31", {.fresh = 13, .output = 2241, .reasoning = 1856},
     "13 x 1.1 + 2241 x 4.4", "0.0098747"},
    {"openai", 177, "openai", "gpt-5.6-sol", {.fresh = 8, .cache_write_5m = 4012, .output = 4},
     "8 x 4 + 4012 x 5 + 4 x 20", "0.020172"},
    {"openai", 178, "openai", "gpt-5.6-sol", {.fresh = 8, .cache_read = 4012, .output = 4},
     "8 x 4 + 4012 x 0.4 + 4 x 20", "0.0017168"},
    {"openai", 232, "openai", "gpt-5.6-sol", {.fresh = 4158, .cache_write_5m = 4418, .output = 52, .reasoning = 32},
     "4158 x 4 + 4418 x 5 + 52 x 20", "0.039762"},
    {"openai", 32, "openai", "text-embedding-3-small", {.fresh = 2},
     "2 x 0.02", "0.00000004"},
    {"openrouter", 2, "openai", "gpt-5.6-sol", {.fresh = 8, .cache_write_5m = 4012, .output = 5},
     "8 x 5 + 4012 x 6.25 + 5 x 30", "0.025265", "2026-08-01T00:00:00Z"},
    {"openrouter", 4, "anthropic", "claude-sonnet-4.5", {.fresh = 550, .output = 12},
     "550 x 3 + 12 x 15", "0.00183"},
    {"openrouter", 5, "openai", "gpt-5-mini", {.fresh = 37, .output = 92, .reasoning = 64},
     "37 x 0.25 + 92 x 2", "0.00019325"},
    {"openrouter", 27, "anthropic", "claude-sonnet-4.6", {.fresh = 3, .cache_write_5m = 3211, .output = 100},
     "3 x 3 + 3211 x 3.75 + 100 x 15", "0.01355025"},
    {"openrouter", 28, "anthropic", "claude-sonnet-4.6", {.fresh = 3, .cache_read = 3211, .cache_write_5m = 115, .output = 53},
     "3 x 3 + 3211 x 0.3 + 115 x 3.75 + 53 x 15", "0.00219855"},
    {"vertex", 9, "vertex", "gemini-3-flash-preview", {.fresh = 43, .output = 71, .reasoning = 59},
     "43 x 0.5 + 71 x 3", "0.0002345"},
    {"zai", 1, "zai", "glm-5.3", {.fresh = 20, .output = 125, .reasoning = 116},
     "20 x 1.4 + 125 x 4.4", "0.000578"},};
// clang-format on

// "48 x 3 + 42 x 15" in micro-dollars.
PicoUsd by_hand(std::string_view text) {
  PicoUsd sum;
  while (!text.empty()) {
    const size_t times = text.find(" x "), plus = text.find(" + ");
    const int64_t tokens = std::stoll(std::string(text.substr(0, times)));
    sum +=
        parse_usd_per_million(text.substr(times + 3, plus == text.npos ? plus : plus - times - 3))
            .value() *
        tokens;
    text = plus == text.npos ? std::string_view() : text.substr(plus + 3);
  }
  return sum;
}

std::filesystem::path recordings() {
  return std::filesystem::path(TWOLANE_SHARED_DIR) / "recordings";
}

#define NEED_RECORDINGS()                                                 \
  if (!std::filesystem::is_directory(recordings())) {                     \
    if (std::getenv("CI")) FAIL() << "no recordings in " << recordings(); \
    GTEST_SKIP() << "no recordings in " << recordings();                  \
  }

std::optional<Endpoint> streaming_endpoint(std::string_view path) {
  if (path.find("/chat/completions") != path.npos) return Endpoint::chat_completions;
  if (path.find("/responses") != path.npos) return Endpoint::responses;
  if (path.find("/messages") != path.npos) return Endpoint::messages;
  if (path.find(":streamGenerateContent") != path.npos) return Endpoint::generate_content;
  return std::nullopt;
}

// The answer's usage, of a stream after it has been put together.
Result<Served> served_of(const Json& exchange) {
  const Json& response = exchange.at("response");
  if (!response.is_string()) return dialect::read_served_of_any_form(wire::dump(response));
  const auto endpoint = streaming_endpoint(wire::string_at(exchange, "path"));
  if (!endpoint) return fail("test.no_stream", "no stream of ours");
  const std::string body = TRY(dialect::assemble_stream(*endpoint, response.get<std::string>()));
  return dialect::read_served(*endpoint, body);
}

void each(const std::filesystem::path& file, const std::function<void(int, const Json&)>& see) {
  std::ifstream in(file);
  std::string line;
  for (int n = 1; std::getline(in, line); ++n) see(n, wire::parse_json(line).value());
}

const std::map<std::pair<std::string, int>, Json>& needed() {
  static const auto all = [] {
    std::map<std::pair<std::string, int>, Json> found;
    std::set<std::string> files;
    std::set<std::pair<std::string, int>> wanted;
    for (const Checked& c : checked) files.insert(c.file), wanted.insert({c.file, c.line});
    for (const std::string& file : files)
      each(recordings() / (file + ".jsonl"), [&](int n, const Json& j) {
        if (wanted.contains({file, n})) found[{file, n}] = j;
      });
    return found;
  }();
  return all;
}

TEST(RecordedCosts, AgreeWithTheTableCheckedByHand) {
  NEED_RECORDINGS();
  EXPECT_GE(std::size(checked), 40u);
  for (const Checked& c : checked) {
    const std::string at = std::string(c.file) + ":" + std::to_string(c.line);
    const auto served = served_of(needed().at({c.file, c.line}));
    ASSERT_TRUE(served) << at << " " << served.error().message;
    EXPECT_TRUE(served->usage == c.usage)
        << at << " fresh " << served->usage.fresh << " read " << served->usage.cache_read
        << " written " << served->usage.cache_write_5m << " out " << served->usage.output
        << " reasoning " << served->usage.reasoning;
    EXPECT_EQ(exact_usd(by_hand(c.arithmetic)), c.usd) << at;
    price::Conditions when;
    if (*c.at) when.at = parse_rfc3339(c.at).value();
    const auto cost = price::charge({c.provider, c.model}, served->tier, served->usage, when);
    ASSERT_TRUE(cost) << at << " " << cost.error().message;
    EXPECT_EQ(exact_usd(*cost), c.usd) << at;
  }
}

// OpenRouter says what an answer cost: its own figure is a second hand that checked.
TEST(RecordedCosts, AgreeWithWhatOpenRouterBilled) {
  NEED_RECORDINGS();
  int compared = 0;
  for (const Checked& c : checked) {
    if (std::string_view(c.file) != "openrouter") continue;
    const Json& usage = needed().at({c.file, c.line}).at("response").at("usage");
    ++compared;
    EXPECT_NEAR(usage.at("cost").get<double>(), std::stod(c.usd), 1e-12) << c.line;
  }
  EXPECT_EQ(compared, 5);
}

TEST(RecordedCosts, EveryUsageFoldsIntoOneShape) {
  NEED_RECORDINGS();
  int folded = 0, priced = 0;
  for (const auto& entry : std::filesystem::directory_iterator(recordings())) {
    if (entry.path().extension() != ".jsonl") continue;
    each(entry.path(), [&](int n, const Json& exchange) {
      if (wire::int_at(exchange, "status") != 200 || !exchange.at("response").is_object()) return;
      const Json& response = exchange.at("response");
      const Json* usage = wire::find(response, "usage");
      if (usage == nullptr) usage = wire::find(response, "usageMetadata");
      if (usage == nullptr || !usage->is_object()) return;
      if (wire::string_at(exchange, "path").ends_with("/cachedContents"))
        return;  // the size of a cache, not a call
      const std::string at = entry.path().filename().string() + ":" + std::to_string(n);
      const auto served = served_of(exchange);
      ASSERT_TRUE(served) << at << " " << served.error().message;
      ++folded;
      const Usage& u = served->usage;
      for (const int64_t count :
           {u.fresh, u.cache_read, u.cache_write_5m, u.cache_write_1h, u.output, u.reasoning})
        EXPECT_GE(count, 0) << at;
      EXPECT_LE(u.reasoning, u.output) << at;
      // Nothing is lost and nothing counted twice where the provider says a total.
      for (const char* total : {"total_tokens", "totalTokenCount", "totalTokens"})
        if (const int64_t all = wire::int_at(*usage, total); all > 0)
          EXPECT_EQ(u.input() + u.output, all) << at;
      if (price::charge({"openai", served->model}, ServiceTier::standard, u)) ++priced;
    });
  }
  EXPECT_GT(folded, 700);
  EXPECT_GT(priced, 200);
}

}  // namespace
}  // namespace twolane::app
