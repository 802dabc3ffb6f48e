// Random numbers without a state: each is a function of what it is for.
//
// So every policy of a cell sees the same days, however many numbers it asks for, and a single day can be
// looked at without those before it.
#pragma once

#include <cmath>
#include <cstdint>

namespace twolane::trial {

constexpr uint64_t mixed(uint64_t x) {  // the finaliser of SplitMix64
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// What a number is for.
enum class Stream : uint8_t { day, state, batch, death, rate, cancel, blackout, flex, load };

struct Draw {
  uint64_t seed = 1, scenario = 0, day = 0, ordinal = 0;

  uint64_t bits(Stream stream) const {
    return mixed(mixed(mixed(mixed(seed * 16 + scenario) ^ day) ^ (ordinal * 0x2545F4914F6CDD1Dull)) ^
                 static_cast<uint64_t>(stream));
  }
  // In (0, 1).
  double uniform(Stream stream) const {
    return (static_cast<double>(bits(stream) >> 11) + 0.5) * 0x1.0p-53;
  }
  double normal(Stream stream) const;
  double exponential(Stream stream) const { return -std::log(uniform(stream)); }
};

// The standard normal distribution and its inverse (Acklam's rational approximation, 1e-9).
double normal_below(double x);
double normal_at(double share);

inline double Draw::normal(Stream stream) const { return normal_at(uniform(stream)); }

}  // namespace twolane::trial
