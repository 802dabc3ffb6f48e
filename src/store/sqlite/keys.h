// Keys of the rows that there are millions of: one integer each, so that finding one costs least.
#pragma once

#include <cstdint>

namespace twolane::store::sqlite {

// request = lot * 2^26 + index, attempt = slot * 2^22 + position. Lots and slots are derived from
// ids that come from outside; who writes the first row of one takes the next when it is in use.
inline constexpr int index_bits = 26;     // 67 million requests in a job
inline constexpr int position_bits = 22;  // 4 million requests in a batch
inline constexpr int64_t index_limit = int64_t{1} << index_bits;
inline constexpr int64_t position_limit = int64_t{1} << position_bits;
inline constexpr int64_t lot_limit = int64_t{1} << (63 - index_bits);
inline constexpr int64_t slot_limit = int64_t{1} << (63 - position_bits);

constexpr int64_t request_key(int64_t lot, int64_t index) { return lot << index_bits | index; }
constexpr int64_t index_of(int64_t request) { return request & (index_limit - 1); }
constexpr int64_t attempt_key(int64_t slot, int64_t position) {
  return slot << position_bits | position;
}
constexpr int64_t slot_of(int64_t attempt) { return attempt >> position_bits; }
constexpr int64_t position_of(int64_t attempt) { return attempt & (position_limit - 1); }

// What a request that was never placed has for its attempt: as wide as a real one.
inline constexpr int64_t no_attempt = INT64_MIN;

// Where to look for a free lot or slot first. Spreads ids that are near each other.
constexpr int64_t first_choice(uint64_t id, int64_t limit) {
  const uint64_t mixed = (id ^ (id >> 31)) * 0x9E3779B97F4A7C15u;
  return static_cast<int64_t>((mixed >> 1) % static_cast<uint64_t>(limit));
}
constexpr int64_t next_choice(int64_t choice, int64_t limit) { return (choice + 1) % limit; }

}  // namespace twolane::store::sqlite
