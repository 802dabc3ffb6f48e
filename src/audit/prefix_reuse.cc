// One look-up for each piece; all lifetimes are answered by the greatest age so far along the prompt.
#include "audit/prefix_reuse.h"

#include <algorithm>

namespace twolane::audit {
namespace {

constexpr int64_t never = INT64_MAX;
constexpr size_t neighbours = 16;

uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

}  // namespace

void Reuse::add(const Reuse& other) {
  calls += other.calls;
  input += other.input;
  for (size_t i = 0; i < read.size(); ++i) read[i] += other.read[i];
  read_5m_from_1024 += other.read_5m_from_1024;
}

PrefixReuse::PrefixReuse() : entries_(size_t{1} << 12) {}

void PrefixReuse::grow() {
  std::vector<Entry> old(entries_.size() * 2);
  old.swap(entries_);
  for (const Entry& e : old) {
    if (e.chain == 0) continue;
    size_t at = e.chain & (entries_.size() - 1);
    while (entries_[at].chain != 0) at = (at + 1) & (entries_.size() - 1);
    entries_[at] = e;
  }
}

PrefixReuse::Entry& PrefixReuse::entry(uint64_t chain) {
  if (used_ * 2 >= entries_.size() && entries_.size() < most_pieces) grow();
  const size_t mask = entries_.size() - 1;
  const bool full = used_ * 4 >= entries_.size() * 3;
  Entry* oldest = nullptr;
  for (size_t i = 0;; ++i) {
    Entry& e = entries_[(chain + i) & mask];
    if (e.chain == chain) return e;
    if (e.chain == 0 && !full) {
      ++used_;
      e = {chain, never};
      return e;
    }
    if (oldest == nullptr || e.last < oldest->last) oldest = &e;
    if (full && i + 1 == neighbours) break;
  }
  if (oldest->chain == 0) ++used_;
  else ++forgotten_;
  *oldest = {chain, never};
  return *oldest;
}

CacheUse PrefixReuse::take(uint64_t scope, Time at, std::span<const PrefixBlock> pieces, int64_t input,
                           const price::Caching* caching, Reuse& sum) {
  Reuse one;
  one.calls = 1, one.input = input;
  CacheUse use;
  const int64_t lifetime =
      caching != nullptr && !caching->lifetimes.empty() ? caching->lifetimes.front().ms : 0;
  int64_t age = 0, tokens = 0, own = 0, first_reads = 0;
  for (const PrefixBlock& piece : pieces) {
    uint64_t chain = mixed(piece.chain ^ scope * 0x9E3779B97F4A7C15ull);
    chain += chain == 0 ? 1 : 0;
    Entry& e = entry(chain);
    age = e.last == never ? never : std::max(age, age == never ? never : std::max<int64_t>(0, at.ms - (e.last >> 1)));
    tokens = std::min<int64_t>(tokens + piece.tokens, input);
    for (size_t i = 0; i < reuse_lifetimes.size(); ++i)
      if (age != never && age <= reuse_lifetimes[i].ms) one.read[i] = tokens;
    const bool read = age != never && age <= lifetime;
    if (read) own = tokens;
    if (read && (e.last & 1) == 0) first_reads += piece.tokens;
    e.last = at.ms * 2 + (read ? 1 : 0);
  }
  constexpr size_t five_minutes = 4;
  static_assert(reuse_lifetimes[five_minutes] == minutes(5));
  if (one.read[five_minutes] >= 1024) one.read_5m_from_1024 = one.read[five_minutes];
  sum.add(one);
  if (caching != nullptr) use.read = price::cacheable(*caching, own);
  if (use.read > 0) use.written = std::min(first_reads, use.read);
  return use;
}

}  // namespace twolane::audit
