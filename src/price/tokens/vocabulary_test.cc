// Merging, held against the definition written out naively; the real tables are tested in
// patient/token_tables_test.cc.
#include "price/tokens/vocabulary.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace twolane::price::tokens {
namespace {

using Ranks = std::map<std::string, uint32_t>;

// All bytes, and merges that overlap and compete.
Ranks small_table() {
  Ranks ranks;
  for (int byte = 0; byte < 256; ++byte)
    ranks.emplace(std::string(1, static_cast<char>(byte)), static_cast<uint32_t>(byte));
  uint32_t next = 256;
  for (const char* merge : {"ab", "bc", "aa", "abc", "aab", "bb", "aaaa", "abab", "cab", "bbbb"})
    ranks.emplace(merge, next++);
  return ranks;
}

Vocabulary vocabulary_of(const Ranks& ranks) {
  VocabularyBuilder builder(Encoding::o200k);
  for (const auto& [bytes, rank] : ranks) builder.add(bytes, rank);
  auto built = std::move(builder).build();
  EXPECT_TRUE(built);
  return std::move(*built);
}

// The pair of lowest rank first, the leftmost of equal ones.
std::vector<uint32_t> defined(const Ranks& ranks, const std::string& piece) {
  std::vector<std::string> parts;
  for (const char c : piece) parts.emplace_back(1, c);
  for (;;) {
    auto best = ranks.end();
    size_t where = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ranks.find(parts[i] + parts[i + 1]);
      if (found != ranks.end() && (best == ranks.end() || found->second < best->second))
        best = found, where = i;
    }
    if (best == ranks.end()) break;
    parts[where] += parts[where + 1];
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(where) + 1);
  }
  std::vector<uint32_t> ids;
  for (const auto& part : parts) ids.push_back(ranks.at(part));
  return ids;
}

TEST(Counter, MergesAsDefinedInShortAndLongPieces) {
  const Ranks ranks = small_table();
  const Vocabulary vocabulary = vocabulary_of(ranks);
  Counter counter(vocabulary);
  std::mt19937 dice(3);
  for (int round = 0; round < 600; ++round) {
    const size_t length = 1 + dice() % (round % 3 == 0 ? 300 : 66);
    std::string word;
    while (word.size() < length) word += static_cast<char>('a' + dice() % 3);
    std::vector<uint32_t> ids;
    counter.encode(word, ids);
    ASSERT_EQ(ids, defined(ranks, word)) << word;
    ASSERT_EQ(counter.count(word), static_cast<int64_t>(ids.size()));
  }
}

TEST(Counter, AVeryLongPieceIsCutIntoBlocks) {
  const Vocabulary vocabulary = vocabulary_of(small_table());
  Counter counter(vocabulary);
  const int64_t bytes = static_cast<int64_t>(Counter::longest_piece) * 5 / 2;
  EXPECT_EQ(counter.count(std::string(static_cast<size_t>(bytes), 'a')), bytes / 4);
}

TEST(VocabularyBuilder, RefusesTablesThatLackAByteOrRepeatAnEntry) {
  Ranks ranks = small_table();
  VocabularyBuilder twice(Encoding::cl100k);
  for (const auto& [bytes, rank] : ranks) twice.add(bytes, rank);
  twice.add("ab", 900);
  EXPECT_EQ(std::move(twice).build().error().code, "tokens.table");
  ranks.erase("x");
  VocabularyBuilder lacking(Encoding::cl100k);
  for (const auto& [bytes, rank] : ranks) lacking.add(bytes, rank);
  EXPECT_EQ(std::move(lacking).build().error().code, "tokens.table");
}

}  // namespace
}  // namespace twolane::price::tokens
