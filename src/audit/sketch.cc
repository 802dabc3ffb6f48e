// Bins by the position of the highest bit and the two below it.
#include "audit/sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace twolane::audit {

size_t LogHistogram::bin_of(int64_t value) {
  if (value < 4) return value < 0 ? 0 : static_cast<size_t>(value);
  const auto v = static_cast<uint64_t>(std::min<int64_t>(value, int64_t{1} << 40));
  const auto octave = static_cast<size_t>(std::bit_width(v) - 1);
  return 4 * (octave - 1) + ((v >> (octave - 2)) & 3);
}

int64_t LogHistogram::middle_of(size_t bin) {
  if (bin < 4) return static_cast<int64_t>(bin);
  const size_t octave = bin / 4 + 1;
  const int64_t width = int64_t{1} << (octave - 2);
  return (static_cast<int64_t>(bin % 4) + 4) * width + width / 2;
}

void LogHistogram::add(int64_t value, uint32_t times) {
  counts_[bin_of(value)] += times;
  count_ += times;
}

void LogHistogram::merge(const LogHistogram& other) {
  for (size_t i = 0; i < bins; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
}

int64_t LogHistogram::quantile(double share) const {
  const auto wanted = static_cast<int64_t>(share * static_cast<double>(count_));
  int64_t seen = 0;
  size_t last = 0;
  for (size_t i = 0; i < bins; ++i) {
    if (counts_[i] == 0) continue;
    last = i;
    seen += counts_[i];
    if (seen > wanted) break;
  }
  return count_ == 0 ? 0 : middle_of(last);
}

int64_t LogHistogram::at_least(int64_t value) const {
  int64_t sum = 0;
  for (size_t i = bin_of(value); i < bins; ++i) sum += counts_[i];
  return sum;
}

std::vector<std::pair<int64_t, int64_t>> LogHistogram::filled() const {
  std::vector<std::pair<int64_t, int64_t>> out;
  for (size_t i = 0; i < bins; ++i)
    if (counts_[i] > 0) out.emplace_back(static_cast<int64_t>(i), counts_[i]);
  return out;
}

void LogHistogram::put(int64_t bin, int64_t times) {
  if (bin < 0 || bin >= static_cast<int64_t>(bins) || times < 0) return;
  counts_[static_cast<size_t>(bin)] += static_cast<uint32_t>(times);
  count_ += times;
}

std::vector<int64_t> DistinctCount::marks() const {
  std::vector<int64_t> out;
  for (size_t i = 0; i < seen_.size(); ++i)
    if (seen_[i]) out.push_back(static_cast<int64_t>(i));
  return out;
}

int64_t DistinctCount::estimate() const {
  const auto empty = static_cast<double>(seen_.size() - seen_.count());
  const auto size = static_cast<double>(seen_.size());
  return static_cast<int64_t>(std::lround(size * std::log(size / std::max(empty, 0.5))));
}

}  // namespace twolane::audit
