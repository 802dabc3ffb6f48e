// How much of the prompts a prefix cache could have served, measured from the chain hashes of their pieces.
//
// A piece is a hit when it and all before it were seen within the lifetime, by any call of the same scope
// (provider and model); every use refreshes all pieces of the prompt, as providers' caches do. Flat memory:
// a table of at most `most_pieces`; when it is full the oldest nearby is forgotten, and what is measured
// from then on is a lower bound (forgotten() > 0 says so).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "audit/call.h"
#include "base/time.h"
#include "price/book.h"

namespace twolane::audit {

// The lifetimes that are reported, longest first; the first is "no expiry".
inline constexpr std::array<Duration, 6> reuse_lifetimes{Duration{INT64_MAX}, hours(24), hours(1),
                                                         minutes(10), minutes(5), minutes(1)};

// Input tokens of prompts whose pieces are known, and how many of them could have been read from a cache.
struct Reuse {
  int64_t calls = 0;
  int64_t input = 0;
  std::array<int64_t, reuse_lifetimes.size()> read{};
  int64_t read_5m_from_1024 = 0;  // 5 minutes, only prefixes of 1,024 tokens and more
  void add(const Reuse& other);
};

// What the model's own cache could have done for one call.
struct CacheUse {
  int64_t read = 0;
  int64_t written = 0;  // tokens whose write a later read paid for, counted at that first read
};

class PrefixReuse {
 public:
  static constexpr size_t most_pieces = size_t{1} << 21;

  PrefixReuse();
  // `input`: tokens of the whole prompt; the pieces never count for more. `caching` may be null: no rule is
  // known, and the result is zero.
  CacheUse take(uint64_t scope, Time at, std::span<const PrefixBlock> pieces, int64_t input,
                const price::Caching* caching, Reuse& sum);
  int64_t forgotten() const { return forgotten_; }

 private:
  struct Entry {
    uint64_t chain = 0;  // 0: empty
    int64_t last = 0;    // ms; lowest bit: it was read since it was written
  };
  Entry& entry(uint64_t chain);
  void grow();

  std::vector<Entry> entries_;  // open addressing, a power of two
  size_t used_ = 0;
  int64_t forgotten_ = 0;
};

}  // namespace twolane::audit
