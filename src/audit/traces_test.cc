// The public traces of ../shared/data: what is read agrees with independent sums, made here with other code
// or stated by their README.
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

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
