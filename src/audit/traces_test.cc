// The public traces of ../shared/data: what is read agrees with independent sums, made here with other code
// or stated by their README.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "audit/prefix_reuse.h"
#include "audit/reading_for_test.h"

namespace twolane::audit {
namespace {

// The file's text, or nothing where the data is absent.
std::optional<std::string> data_file(const std::string& path) {
  std::ifstream in(std::string(TWOLANE_SHARED_DIR "/data/") + path, std::ios::binary);
  if (!in) return {};
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

#define DATA_OR_SKIP(name, path)                                          \
  const auto name##_file = data_file(path);                               \
  if (!name##_file) {                                                     \
    if (std::getenv("CI")) FAIL() << "no data in " TWOLANE_SHARED_DIR;    \
    GTEST_SKIP() << "no data in " TWOLANE_SHARED_DIR;                     \
  }                                                                       \
  const std::string& name = *name##_file

struct Sums : Sink {
  int64_t calls = 0, input = 0, output = 0, buckets = 0, requests = 0, pieces = 0, piece_tokens = 0;
  bool from_zero = false;
  std::optional<Time> first, last;
  std::map<std::string, int64_t> by_user;
  FileRead read;

  void call(const Call& c) override {
    ++calls;
    if (c.usage) input += c.usage->input(), output += c.usage->output;
    from_zero = from_zero || c.clock_from_zero;
    for (const auto& block : c.prefix) ++pieces, piece_tokens += block.tokens;
    if (!c.start) return;
    if (!first) first = c.start;
    last = c.start;
  }
  void bucket(const Bucket& b) override {
    ++buckets;
    requests += b.requests.value_or(0);
    by_user[std::string(b.user)] += b.requests.value_or(0);
    from_zero = from_zero || b.clock_from_zero;
  }
};

Sums sums_of(std::string_view text, Lengths& lengths) {
  Sums sums;
  LogReader reader("trace", nullptr, lengths, sums);
  EXPECT_TRUE(reader.feed(text).has_value());
  EXPECT_TRUE(reader.finish().has_value());
  sums.read = reader.read();
  EXPECT_EQ(sums.read.bad(), 0);
  return sums;
}

Sums sums_of(std::string_view text) {
  Lengths lengths;
  return sums_of(text, lengths);
}

// The sum of a column, cut out by commas alone.
int64_t column_sum(const std::string& csv, int column) {
  std::istringstream lines(csv);
  std::string line, field;
  int64_t sum = 0;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    for (int i = 0; i <= column; ++i) std::getline(fields, field, ',');
    sum += std::atoll(field.c_str());
  }
  return sum;
}

// The sum of a member's numbers, found by its name alone.
int64_t member_sum(const std::string& lines, const std::string& name) {
  int64_t sum = 0;
  const std::string key = '"' + name + "\": ";
  for (size_t at = lines.find(key); at != lines.npos; at = lines.find(key, at + 1))
    sum += std::atoll(lines.c_str() + at + key.size());
  return sum;
}

// CRLF, no line end at the end, seven digits of fractions, no zone.
TEST(Traces, AzureCode) {
  DATA_OR_SKIP(csv, "azure_llm_2023/AzureLLMInferenceTrace_code.csv");
  const Sums s = sums_of(csv);
  EXPECT_EQ(s.calls, 8'819);
  EXPECT_EQ(s.input, column_sum(csv, 1));
  EXPECT_EQ(s.output, column_sum(csv, 2));
  EXPECT_EQ(s.input, 18'059'974);
  EXPECT_EQ(s.first, *parse_rfc3339("2023-11-16T18:17:03.979Z"));
  EXPECT_EQ(s.last, *parse_rfc3339("2023-11-16T19:14:19.928Z"));
}

TEST(Traces, AzureConversation) {
  DATA_OR_SKIP(csv, "azure_llm_2023/AzureLLMInferenceTrace_conv.csv");
  const Sums s = sums_of(csv);
  EXPECT_EQ(s.calls, 19'366);
  EXPECT_EQ(s.input, column_sum(csv, 1));
  EXPECT_EQ(s.output, column_sum(csv, 2));
}

TEST(Traces, MooncakeWithItsBlocks) {
  DATA_OR_SKIP(lines, "mooncake_fast25/conversation_trace.jsonl");
  const Sums s = sums_of(lines);
  EXPECT_EQ(s.calls, 12'031);
  EXPECT_EQ(s.input, member_sum(lines, "input_length"));
  EXPECT_EQ(s.output, member_sum(lines, "output_length"));
  EXPECT_EQ(s.input, 144'793'823);
  EXPECT_EQ(s.piece_tokens, s.input) << "the blocks of a prompt are the prompt";
  EXPECT_TRUE(s.from_zero);
}

TEST(Traces, RagPulseWithTheLengthsOfItsPieces) {
  DATA_OR_SKIP(lines, "ragpulse/0_trace.jsonl");
  Lengths lengths;
  EXPECT_EQ(sums_of(lines, lengths).pieces, 0) << "without lengths no pieces";
  for (const auto* part : {"1_sys_prompt", "2_passages", "3_history", "4_user_input", "5_web_search"}) {
    DATA_OR_SKIP(table, std::string("ragpulse/") + part + ".jsonl");
    EXPECT_TRUE(serves_others(table));
    EXPECT_EQ(sums_of(table, lengths).calls, 0);
  }
  EXPECT_FALSE(serves_others(lines));
  const Sums s = sums_of(lines, lengths);
  EXPECT_EQ(s.calls, 7'106);
  EXPECT_EQ(s.input, member_sum(lines, "input_length"));
  EXPECT_EQ(s.output, member_sum(lines, "output_length"));
  EXPECT_GT(s.pieces, 7'106);
  EXPECT_NEAR(static_cast<double>(s.piece_tokens), static_cast<double>(s.input), 0.01 * static_cast<double>(s.input));
}

// Prefixes that were there within a lifetime, as the rows come.
struct Reused : Sink {
  PrefixReuse reuse;
  Reuse sum;
  int64_t piece_tokens = 0;
  void call(const Call& c) override {
    for (const auto& block : c.prefix) piece_tokens += block.tokens;
    reuse.take(0, *c.start, c.prefix, c.usage->input(), nullptr, sum);
  }
  void bucket(const Bucket&) override {}
  // Of the pieces' tokens, in thousandths.
  int64_t share(size_t lifetime) const { return std::llround(1000.0 * static_cast<double>(sum.read[lifetime]) / static_cast<double>(piece_tokens)); }
};

// The file is two weeks one after the other, whose clocks both begin at zero. The data's README sorted its rows
// by time stamp, which folds the weeks into one, and divides by the tokens of the pieces: its 31.5, 31.2 (1 h) and
// 26.3 % (5 min) are those. Read as it lies there, a piece of the first week is younger than nothing in the second.
TEST(Traces, RagPulseReuseIsItsReadmesOnceItsWeeksAreFolded) {
  DATA_OR_SKIP(lines, "ragpulse/0_trace.jsonl");
  Lengths lengths;
  for (const auto* part : {"1_sys_prompt", "2_passages", "3_history", "4_user_input", "5_web_search"}) {
    DATA_OR_SKIP(table, std::string("ragpulse/") + part + ".jsonl");
    sums_of(table, lengths);
  }
  std::vector<std::pair<int64_t, std::string>> rows;
  std::istringstream all(lines);
  for (std::string line; std::getline(all, line);)
    if (const size_t at = line.find("\"timestamp\": \""); at != line.npos) rows.emplace_back(std::atoll(line.c_str() + at + 14), line + '\n');
  ASSERT_EQ(rows.size(), 7'106u);
  size_t steps_back = 0;
  for (size_t i = 1; i < rows.size(); ++i) steps_back += rows[i].first < rows[i - 1].first ? 1 : 0;
  EXPECT_EQ(steps_back, 1u);
  const auto reuse_of = [&](const std::vector<std::pair<int64_t, std::string>>& of) {
    Reused reused;
    LogReader reader("trace", nullptr, lengths, reused);
    for (const auto& [at, line] : of) EXPECT_TRUE(reader.feed(line).has_value());
    EXPECT_TRUE(reader.finish().has_value());
    return std::array{reused.share(0), reused.share(2), reused.share(4)};
  };
  EXPECT_EQ(reuse_of(rows), (std::array<int64_t, 3>{315, 309, 243}));
  std::ranges::stable_sort(rows, {}, &std::pair<int64_t, std::string>::first);
  EXPECT_EQ(reuse_of(rows), (std::array<int64_t, 3>{315, 312, 263}));
}

TEST(Traces, ServeGenStaysBuckets) {
  DATA_OR_SKIP(csv, "servegen_alibaba/m-large_rates.csv");
  const Sums s = sums_of(csv);
  EXPECT_EQ(s.calls, 0);
  EXPECT_EQ(s.buckets, 99'839);
  EXPECT_EQ(s.by_user.size(), 162u);
  double rates = 0;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const size_t at = line.find(',', line.find(',') + 1) + 1;
    rates += std::atof(line.c_str() + at);
  }
  EXPECT_EQ(s.requests, std::llround(rates * 600));
  EXPECT_EQ(s.requests, 236'892'826);  // 237 M
}

TEST(Traces, VidurHasNoTimes) {
  DATA_OR_SKIP(csv, "vidur_arxiv_summarization/arxiv_summarization_stats_llama2_tokenizer_filtered_v2.csv");
  const Sums s = sums_of(csv);
  EXPECT_EQ(s.calls, 28'257);
  EXPECT_EQ(s.read.without_time, 28'257);
  EXPECT_EQ(s.input, column_sum(csv, 0));
  EXPECT_EQ(s.output, column_sum(csv, 1));
}

}  // namespace
}  // namespace twolane::audit
