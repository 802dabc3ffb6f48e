// Most pieces of a text are tokens as they stand; the others are merged, always the pair of lowest
// rank first, the leftmost of equal ones. Short pieces look for it in a row, long ones in a heap.
#include "price/tokens/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>

namespace twolane::price::tokens {
namespace {

template <class T>
uint64_t load(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// Multiply and fold, eight bytes at a time; the last step overlaps.
uint64_t hash_of(std::string_view s) {
  const auto fold = [](uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  constexpr uint64_t k1 = 0x9E3779B97F4A7C15ull, k2 = 0xD1B54A32D192ED03ull;
  const size_t n = s.size();
  const char* p = s.data();
  uint64_t a = 0, b = 0, h = k2 ^ n;
  if (n >= 8) {
    for (size_t at = 0; at + 16 < n; at += 8) h = fold(h ^ load<uint64_t>(p + at), k1);
    a = n >= 16 ? load<uint64_t>(p + n - 16) : load<uint64_t>(p);
    b = load<uint64_t>(p + n - 8);
  } else if (n >= 4) {
    a = load<uint32_t>(p);
    b = load<uint32_t>(p + n - 4);
  } else if (n > 0) {
    a = static_cast<uint64_t>(static_cast<uint8_t>(p[0])) << 16 |
        static_cast<uint64_t>(static_cast<uint8_t>(p[n / 2])) << 8 | static_cast<uint8_t>(p[n - 1]);
  }
  return fold(a ^ k1, b ^ h);
}

constexpr size_t few = 64;  // bytes

}  // namespace

uint32_t Vocabulary::rank(std::string_view s) const {
  if (s.size() > longest_) return no_rank;
  const uint64_t hash = hash_of(s);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash >> 32;; ++at) {
    const Slot& slot = slots_[at & mask];
    if (slot.rank == no_rank) return no_rank;
    if (slot.hash == static_cast<uint32_t>(hash) && slot.length == s.size() &&
        std::memcmp(bytes_.data() + slot.offset, s.data(), s.size()) == 0)
      return slot.rank;
  }
}

void VocabularyBuilder::add(std::string_view bytes, uint32_t rank) {
  Vocabulary::Slot slot;
  slot.offset = static_cast<uint32_t>(vocabulary_.bytes_.size());
  slot.length = static_cast<uint32_t>(bytes.size());
  slot.rank = rank;
  vocabulary_.bytes_ += bytes;
  vocabulary_.longest_ = std::max(vocabulary_.longest_, bytes.size());
  entries_.push_back(slot);
}

Result<Vocabulary> VocabularyBuilder::build() && {
  Vocabulary& v = vocabulary_;
  v.slots_.assign(std::bit_ceil(entries_.size() * 2 + 2), {});
  const size_t mask = v.slots_.size() - 1;
  for (Vocabulary::Slot& entry : entries_) {
    const std::string_view bytes(v.bytes_.data() + entry.offset, entry.length);
    if (entry.rank == Vocabulary::no_rank || v.rank(bytes) != Vocabulary::no_rank)
      return fail("tokens.table", "the table of tokens has an entry twice",
                  "it is damaged, or of another format");
    const uint64_t hash = hash_of(bytes);
    entry.hash = static_cast<uint32_t>(hash);
    size_t at = hash >> 32;
    while (v.slots_[at & mask].rank != Vocabulary::no_rank) ++at;
    v.slots_[at & mask] = entry;
  }
  v.count_ = entries_.size();
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (v.rank({&c, 1}) == Vocabulary::no_rank)
      return fail("tokens.table", "the table of tokens is incomplete",
                  "a single byte has no rank in it");
  }
  return std::move(vocabulary_);
}

// Leaves the parts in starts_.
void Counter::merge_few(std::string_view piece) {
  const auto n = static_cast<uint32_t>(piece.size());
  std::array<uint32_t, few + 1> start;
  std::array<uint32_t, few + 1> rank;  // of the part here and the next one together
  uint32_t parts = n;
  for (uint32_t i = 0; i <= n; ++i) start[i] = i;
  const auto joined = [&](uint32_t i) {
    if (i + 2 > parts) return Vocabulary::no_rank;
    return vocabulary_.rank(piece.substr(start[i], start[i + 2] - start[i]));
  };
  for (uint32_t i = 0; i < n; ++i) rank[i] = joined(i);
  while (parts > 1) {
    const auto* best = std::min_element(rank.begin(), rank.begin() + parts - 1);
    if (*best == Vocabulary::no_rank) break;
    const auto i = static_cast<uint32_t>(best - rank.begin());
    std::copy(start.begin() + i + 2, start.begin() + parts + 1, start.begin() + i + 1);
    std::copy(rank.begin() + i + 2, rank.begin() + parts, rank.begin() + i + 1);
    --parts;
    rank[i] = joined(i);
    if (i > 0) rank[i - 1] = joined(i - 1);
  }
  starts_.assign(start.begin(), start.begin() + parts + 1);
}

// The parts are a list in next_ and before_; a pair that is no longer one is found out when it
// comes to the top of the heap.
void Counter::merge_many(std::string_view piece) {
  const auto n = static_cast<uint32_t>(piece.size());
  constexpr uint32_t gone = 0xFFFFFFFF;
  next_.resize(n + 1);
  before_.resize(n + 1);
  for (uint32_t i = 0; i <= n; ++i) next_[i] = i + 1, before_[i] = i - 1;
  next_[n] = n;
  pairs_.clear();
  const auto pair_at = [&](uint32_t i) -> Pair {
    const uint32_t middle = next_[i], end = middle < n ? next_[middle] : n;
    return {middle < n ? vocabulary_.rank(piece.substr(i, end - i)) : Vocabulary::no_rank, i, end};
  };
  for (uint32_t i = 0; i < n; ++i)
    if (const Pair p = pair_at(i); p.rank != Vocabulary::no_rank) pairs_.push_back(p);
  const std::greater<> later;
  std::make_heap(pairs_.begin(), pairs_.end(), later);
  const auto push = [&](uint32_t i) {
    const Pair p = pair_at(i);
    if (p.rank == Vocabulary::no_rank) return;
    pairs_.push_back(p);
    std::push_heap(pairs_.begin(), pairs_.end(), later);
  };
  while (!pairs_.empty()) {
    std::pop_heap(pairs_.begin(), pairs_.end(), later);
    const Pair p = pairs_.back();
    pairs_.pop_back();
    const uint32_t middle = next_[p.start];
    if (middle == gone || middle >= n || next_[middle] != p.end) continue;
    next_[middle] = gone;
    next_[p.start] = p.end;
    before_[p.end] = p.start;
    push(p.start);
    if (p.start > 0) push(before_[p.start]);
  }
  starts_.clear();
  for (uint32_t i = 0; i < n; i = next_[i]) starts_.push_back(i);
  starts_.push_back(n);
}

template <class Sink>
void Counter::merge(std::string_view piece, Sink&& sink) {
  if (piece.size() <= few)
    merge_few(piece);
  else
    merge_many(piece);
  sink(piece);
}

template <class Sink>
void Counter::each_token(std::string_view text, Sink&& sink) {
  Pieces pieces(vocabulary_.encoding(), text);
  for (std::string_view piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
    const uint32_t whole = vocabulary_.rank(piece);
    if (whole != Vocabulary::no_rank) {
      sink.whole(whole);
      continue;
    }
    for (; piece.size() > longest_piece; piece.remove_prefix(longest_piece))
      merge(piece.substr(0, longest_piece), sink);
    merge(piece, sink);
  }
}

int64_t Counter::count(std::string_view text) {
  struct Sink {
    const Counter& counter;
    int64_t tokens = 0;
    void whole(uint32_t) { ++tokens; }
    void operator()(std::string_view) {
      tokens += static_cast<int64_t>(counter.starts_.size()) - 1;
    }
  } sink{*this};
  each_token(text, sink);
  return sink.tokens;
}

void Counter::encode(std::string_view text, std::vector<uint32_t>& to) {
  struct Sink {
    const Counter& counter;
    std::vector<uint32_t>& to;
    void whole(uint32_t rank) { to.push_back(rank); }
    void operator()(std::string_view piece) {
      const auto& starts = counter.starts_;
      for (size_t i = 0; i + 1 < starts.size(); ++i)
        to.push_back(counter.vocabulary_.rank(piece.substr(starts[i], starts[i + 1] - starts[i])));
    }
  } sink{*this, to};
  each_token(text, sink);
}

}  // namespace twolane::price::tokens
