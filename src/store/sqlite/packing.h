// Numbers packed into blobs: who is in a batch, and the usage of an attempt.
//
// Varints are LEB128; amounts are zigzag, so that small negative ones stay small.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/usage.h"

namespace twolane::store::sqlite {

// A member of a batch as place() wrote it. `lot_number` counts the lots within the batch.
struct Placed {
  int64_t idx = 0;
  int64_t reserve = 0;
  int32_t lot_number = 0;
};

std::string packed_members(const Placed* first, size_t count);
// Appends to `to`. Error store.corrupt.
Status unpack_members(std::string_view blob, std::vector<Placed>& to);

// Trailing zeros are not written: an empty usage is an empty blob.
std::string packed_usage(const Usage& usage);
Result<Usage> unpack_usage(std::string_view blob);

// 128-bit sums as decimal text.
std::string decimal(__int128 n);
Result<__int128> from_decimal(std::string_view text);

}  // namespace twolane::store::sqlite
