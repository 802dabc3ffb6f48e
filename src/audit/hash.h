// A fast 64-bit hash of text, for equality of prompts and answers. Not for adversaries.
//
// The same text gives the same value in every run and on every machine of one byte order; never 0.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace twolane::audit {

namespace hash_detail {
inline uint64_t folded(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
inline uint64_t word(const char* at, size_t n) {
  uint64_t w = 0;
  std::memcpy(&w, at, n);
  return w;
}
}  // namespace hash_detail

inline uint64_t hash_text(std::string_view text, uint64_t seed = 0) {
  using hash_detail::folded;
  using hash_detail::word;
  constexpr uint64_t k0 = 0xD6E8FEB86659FD93ull, k1 = 0xA0761D6478BD642Full, k2 = 0xE7037ED1A0B428DBull;
  uint64_t h = seed ^ k0, g = text.size() ^ k2;
  const char* at = text.data();
  size_t n = text.size();
  for (; n >= 32; n -= 32, at += 32) {  // two lanes, so that the multiplications overlap
    h = folded(word(at, 8) ^ k1, word(at + 8, 8) ^ h);
    g = folded(word(at + 16, 8) ^ k2, word(at + 24, 8) ^ g);
  }
  for (; n >= 8; n -= 8, at += 8) h = folded(word(at, 8) ^ k1, h ^ k2);
  if (n > 0) g = folded(word(at, n) ^ k0, g ^ k1);
  h = folded(h ^ k1, g ^ k0);  // not k2: of no text at all g is k2, and the seed would be lost
  return h != 0 ? h : 1;
}

}  // namespace twolane::audit
