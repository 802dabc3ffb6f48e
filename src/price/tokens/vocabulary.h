// Exact token counts: byte pair encoding over a loaded table of ranks.
//
// Pure. The tables are data (OpenAI publishes cl100k_base and o200k_base); whoever reads them from
// a file hands their entries to a VocabularyBuilder. Counts and token numbers equal those of
// tiktoken's encode_ordinary: text that looks like a special token is text. Limit: a single piece
// (a run of letters without a blank) longer than `longest_piece` is merged in blocks of that size,
// so that memory stays flat; each cut may count one token too many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "price/tokens/pieces.h"

namespace twolane::price::tokens {

// Bytes to ranks. Never changed once built; any number of threads may read it.
class Vocabulary {
 public:
  static constexpr uint32_t no_rank = 0xFFFFFFFF;

  Encoding encoding() const { return encoding_; }
  size_t size() const { return count_; }
  uint32_t rank(std::string_view bytes) const;

 private:
  friend class VocabularyBuilder;
  struct Slot {
    uint32_t hash = 0, offset = 0, length = 0, rank = no_rank;
  };
  explicit Vocabulary(Encoding encoding) : encoding_(encoding) {}

  Encoding encoding_;
  size_t count_ = 0;
  size_t longest_ = 0;
  std::vector<Slot> slots_;  // open addressing, a power of two
  std::string bytes_;        // of all entries
};

class VocabularyBuilder {
 public:
  explicit VocabularyBuilder(Encoding encoding) : vocabulary_(encoding) {}
  void add(std::string_view bytes, uint32_t rank);
  // Error tokens.table: a single byte without a rank, so that some text would have no tokens; or an
  // entry that stands twice.
  Result<Vocabulary> build() &&;

 private:
  Vocabulary vocabulary_;
  std::vector<Vocabulary::Slot> entries_;
};

// Counts with one vocabulary. Threads: one each.
class Counter {
 public:
  static constexpr size_t longest_piece = 1 << 16;

  explicit Counter(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  int64_t count(std::string_view text);
  void encode(std::string_view text, std::vector<uint32_t>& to);  // appends

 private:
  template <class Sink>
  void each_token(std::string_view text, Sink&& sink);
  template <class Sink>
  void merge(std::string_view piece, Sink&& sink);
  void merge_few(std::string_view piece);
  void merge_many(std::string_view piece);

  const Vocabulary& vocabulary_;
  std::vector<uint32_t> starts_;  // of the parts that a piece is merged to, and its end
  struct Pair {
    uint32_t rank, start, end;
    bool operator>(const Pair& b) const { return rank != b.rank ? rank > b.rank : start > b.start; }
  };
  std::vector<uint32_t> next_, before_;
  std::vector<Pair> pairs_;
};

}  // namespace twolane::price::tokens
