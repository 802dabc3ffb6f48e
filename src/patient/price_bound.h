// Sums of what requests may cost at most, without a look into the price table for each of them.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "model/job.h"

namespace twolane::patient {

// Requests of one shape are counted by the size of their input; each size class is priced at the
// rates of its largest request, so that the sum is exact where a class does not straddle two price
// bands and too high, never too low, where it does.
class PriceBound {
 public:
  void add(int32_t shape, int64_t input_tokens, int64_t output_tokens);
  // Of all that was added, at the first target of each shape, when bought at `at`. Error money.unknown_price.
  Result<PicoUsd> sum(const std::vector<Shape>& shapes, ServiceTier tier, Time at) const;

 private:
  struct Class {
    int64_t largest = 0;
    __int128 input = 0, output = 0;
  };
  std::map<int64_t, Class> classes_;  // by shape and size class
  int64_t last_ = -1;
  Class* last_class_ = nullptr;
};

}  // namespace twolane::patient
