// Distributions and distinct counts in a few hundred bytes, whatever their number.
//
// Plain values, mergeable; any thread for reading.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <utility>
#include <vector>

namespace twolane::audit {

// Counts of non-negative whole numbers in logarithmic bins, four to an octave: a quantile is within
// 12.5 % of the value. Below 4 exact; numbers beyond 2^40 count as 2^40.
class LogHistogram {
 public:
  void add(int64_t value, uint32_t times = 1);
  void merge(const LogHistogram& other);
  int64_t count() const { return count_; }
  // The value below which that share (0 to 1) lies; 0 of an empty one.
  int64_t quantile(double share) const;
  // How many lie at or above `value`, to the bin.
  int64_t at_least(int64_t value) const;
  // As pairs of numbers, for who stores it: put() takes back what filled() gave.
  std::vector<std::pair<int64_t, int64_t>> filled() const;
  void put(int64_t bin, int64_t times);

 private:
  static constexpr size_t bins = 160;
  static size_t bin_of(int64_t value);
  static int64_t middle_of(size_t bin);
  std::array<uint32_t, bins> counts_{};
  int64_t count_ = 0;
};

// How many different hashes were seen: linear counting over 1,024 bits, within some 5 % up to 4,000 and
// "at least" beyond.
class DistinctCount {
 public:
  void add(uint64_t hash) { seen_.set((hash * 0x9E3779B97F4A7C15ull) >> 54); }
  void merge(const DistinctCount& other) { seen_ |= other.seen_; }
  int64_t estimate() const;
  std::vector<int64_t> marks() const;
  void put(int64_t mark) { seen_.set(static_cast<size_t>(mark) % seen_.size()); }

 private:
  std::bitset<1024> seen_;
};

}  // namespace twolane::audit
