// Randomness without state: every draw is a hash of the seed and of what it is drawn for, so that a
// replay, a restart or another order of looking sees the same world.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <string_view>

namespace twolane::sim {

constexpr uint64_t mix(uint64_t x) {  // the finisher of splitmix64
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}
constexpr uint64_t mix(uint64_t a, uint64_t b) { return mix(mix(a) ^ b); }

inline uint64_t hash_text(std::string_view text, uint64_t start = 0) {
  uint64_t h = mix(start, text.size());
  const char* p = text.data();
  size_t n = text.size();
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = (h ^ word) * 0x9E3779B97F4A7C15ull;
    h ^= h >> 32;
  }
  uint64_t rest = 0;
  if (n > 0) std::memcpy(&rest, p, n);
  return mix(h, rest);
}

// What a draw decides. Numbers are part of the world of a seed: append, never reorder.
enum class Chance : uint64_t {
  completion,
  stuck,
  stuck_pending,
  slow_day,
  cancel_lag,
  finish,
  request_error,
  server_error,
  billed,
  billed_usage,
  expired,
  duplicate,
  missing,
  foreign,
  corrupt,
  cut_at,
  call_too_many,
  call_server_error,
  call_after,
  call_lost,
  call_lost_after,
  call_refused,
  call_unreadable,
  poll_state,
  poll_counts,
  download,
  download_at,
  latency,
  flex,
  cache,
  thought,
  wording,
  response_id,
  retry_after,
  shuffle,
  error_kind,
};

// The draws for one thing: a call, a batch, a line of a batch.
struct Draw {
  uint64_t base = 0;

  uint64_t bits(Chance what) const { return mix(base, static_cast<uint64_t>(what)); }
  double uniform(Chance what) const {  // [0, 1)
    return static_cast<double>(bits(what) >> 11) * 0x1.0p-53;
  }
  bool hits(double probability, Chance what) const {
    return probability > 0 && uniform(what) < probability;
  }
  double normal(Chance what) const {
    const uint64_t b = bits(what);
    const double u = (static_cast<double>(b >> 11) + 1) * 0x1.0p-53;
    const double v = static_cast<double>(mix(b) >> 11) * 0x1.0p-53;
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }
};

}  // namespace twolane::sim
