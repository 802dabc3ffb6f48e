// How owners share a batch that cannot hold everything that waits: by weight, and nobody more than they want.
#pragma once

#include <cstdint>
#include <map>

#include "base/result.h"
#include "patient/core.h"

namespace twolane::patient {

// What still fits: requests, and estimated prompt tokens as quotas count them.
struct Room {
  int64_t requests = 0, tokens = 0;
};

// Estimated from the bound that no tokenizer exceeds.
inline int64_t quota_tokens(int64_t input_bound) {
  constexpr int64_t bytes_per_token = 4;
  return input_bound / bytes_per_token + 1;
}

// The share of each tenant (plan::JobView::tenant). Empty where one has it all, or everything fits.
Result<std::map<uint32_t, Room>> shares_of(Engine::Core& core, const plan::Pack& pack, Room room);

}  // namespace twolane::patient
