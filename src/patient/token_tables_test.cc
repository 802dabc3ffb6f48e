// The exact counter with the real tables, held against npm's tiktoken 1.0.22: totals and hashes of
// all token numbers of three data sets, and hostile strings number by number. The tables are
// optional data, so these tests skip where nobody fetched them (scripts/fetch_token_tables.sh
// build/tokens); bench/tokens.sh compares some 9,000 more hostile strings with the package itself.
#include "patient/token_tables.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "wire/json.h"

namespace twolane::patient {
namespace {

using price::tokens::Counter;
using price::tokens::Encoding;

std::unique_ptr<price::tokens::Vocabulary> table(Encoding encoding) {
  const char* set = std::getenv("TWOLANE_STORE_TOKEN_TABLES");
  auto loaded = load_vocabulary({set ? set : "", TWOLANE_SOURCE_DIR "/build/tokens"}, encoding);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded ? std::move(*loaded) : nullptr;
}

#define TABLE_OR_SKIP(name, encoding) \
  const auto name = table(encoding);  \
  if (!name) GTEST_SKIP() << "no token tables: scripts/fetch_token_tables.sh build/tokens"

struct Sum {
  int64_t tokens = 0;
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a over the numbers
};

Sum sum_of(Counter& counter, const std::vector<std::string>& texts) {
  Sum sum;
  std::vector<uint32_t> ids;
  for (const auto& text : texts) {
    ids.clear();
    counter.encode(text, ids);
    EXPECT_EQ(counter.count(text), static_cast<int64_t>(ids.size()));
    sum.tokens += static_cast<int64_t>(ids.size());
    for (const uint32_t id : ids) sum.hash = (sum.hash ^ id) * 0x100000001b3;
  }
  return sum;
}

// Members of a JSONL file.
std::vector<std::string> members(const std::string& path, const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  std::ifstream file(std::string(TWOLANE_SHARED_DIR "/data/") + path);
  for (std::string line; std::getline(file, line);) {
    const auto row = wire::parse_json(line);
    EXPECT_TRUE(row);
    if (!row) break;
    for (const auto& name : names) texts.push_back((*row)[name].get<std::string>());
  }
  return texts;
}

TEST(TokenTables, GiveTiktokensNumbersForTheDataSets) {
  if (!std::filesystem::exists(TWOLANE_SHARED_DIR "/data/gsm8k/train.jsonl")) {
    if (std::getenv("CI")) FAIL() << "no data in " TWOLANE_SHARED_DIR;
    GTEST_SKIP() << "no data in " TWOLANE_SHARED_DIR;
  }
  TABLE_OR_SKIP(o200k, Encoding::o200k);
  TABLE_OR_SKIP(cl100k, Encoding::cl100k);
  Counter new_one(*o200k), old_one(*cl100k);
  const auto gsm8k = members("gsm8k/train.jsonl", {"question", "answer"});
  const Sum a = sum_of(new_one, gsm8k), b = sum_of(old_one, gsm8k);
  EXPECT_EQ(a.tokens, 1'170'402);
  EXPECT_EQ(a.hash, 0x9807678b9c2cef34u);
  EXPECT_EQ(b.tokens, 1'178'040);
  EXPECT_EQ(b.hash, 0xdfd5f74b8659fe6au);
  const auto peps = members("peps_documents/peps.jsonl", {"text"});
  const Sum c = sum_of(new_one, peps), d = sum_of(old_one, peps);
  EXPECT_EQ(c.tokens, 3'190'272);
  EXPECT_EQ(c.hash, 0x756d21b80438e216u);
  EXPECT_EQ(d.tokens, 3'185'557);
  EXPECT_EQ(d.hash, 0xe0d8503ccb37e4c5u);
}

TEST(TokenTables, GiveTiktokensNumbersForHostileStrings) {
  TABLE_OR_SKIP(o200k, Encoding::o200k);
  TABLE_OR_SKIP(cl100k, Encoding::cl100k);
  using Ids = std::vector<uint32_t>;
  struct Row {
    const char* text;
    Ids o200k, cl100k;
  };
  const Row rows[] = {
      {"", {}, {}},
      {"hello world", {24912, 2375}, {15339, 1917}},
      {"it's I'LL we'Ve '\u017f",
       {64190, 3413, 7454, 581, 6, 27493, 461, 70067},
       {275, 596, 358, 6, 4178, 584, 6, 43712, 364, 129, 123}},
      {"  two\n\n \n  x", {220, 1920, 116650, 220, 1215}, {220, 1403, 271, 720, 220, 865}},
      {"1234567 \u00bd\u0663\u0664\u0665",
       {7633, 19354, 22, 220, 27124, 81473, 98713, 97336},
       {4513, 10961, 22, 220, 27154, 149, 96, 149, 97, 149, 98}},
      {"foo/bar//\n/x", {16660, 106617, 22704, 14, 87}, {8134, 50613, 2341, 11009}},
      {"\u00c0\u00c9\u00ce A\u0300bC",
       {18724, 5859, 15774, 355, 23168, 65, 34},
       {73053, 27887, 72907, 362, 97649, 65, 34}},
      {"\u65e5\u672c\u8a9e\u30a8AB",
       {9048, 40909, 23760, 2912},
       {9080, 22656, 45918, 252, 76739, 1905}},
      {"<|endoftext|>",
       {27, 91, 419, 1440, 919, 91, 29},
       {27, 91, 8862, 728, 428, 91, 29}},  // text, never the special token
      {"a\u0085b\ufeffc", {64, 126, 227, 65, 5574, 66}, {64, 126, 227, 65, 3305, 66}},
      {"\U0001F469\u200d\U0001F469\U0001F3FD",
       {28823, 102, 2524, 28823, 102, 52622, 121},
       {9468, 239, 102, 378, 235, 9468, 239, 102, 9468, 237, 121}},
      {"{\"k\": [1, 2.5e10]}\r\n\r\n\t\t",
       {10848, 74, 1243, 723, 16, 11, 220, 17, 13, 20, 68, 702, 60, 4691, 335},
       {5018, 74, 794, 510, 16, 11, 220, 17, 13, 20, 68, 605, 60, 2634, 298}},
      {"\u01c4abc \u01c5d\u017e",
       {131, 226, 26682, 220, 131, 227, 67, 1018},
       {131, 226, 13997, 220, 131, 227, 67, 12453}},
      {"\u02b0ABC\u02b0def", {134, 108, 44197, 134, 108, 1314}, {134, 108, 26484, 134, 108, 755}},
  };
  Counter new_one(*o200k), old_one(*cl100k);
  for (const Row& row : rows) {
    Ids ids;
    new_one.encode(row.text, ids);
    EXPECT_EQ(ids, row.o200k) << row.text;
    ids.clear();
    old_one.encode(row.text, ids);
    EXPECT_EQ(ids, row.cl100k) << row.text;
  }
}

TEST(TokenTables, AFileThatIsNotThePublishedOneIsRefused) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("twolane-tables-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "o200k_base.tiktoken") << "IQ== 0\nIg== 1\n";
  const auto loaded = load_vocabulary({"/nowhere", folder.string()}, Encoding::o200k);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, "tokens.table");
  const auto absent = load_vocabulary({"/nowhere", folder.string()}, Encoding::cl100k);
  ASSERT_TRUE(absent);
  EXPECT_EQ(*absent, nullptr);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace twolane::patient
