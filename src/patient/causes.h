// Why requests of a job failed, counted by cause.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "store/store.h"

namespace twolane::patient {

// Failures with one cause, counted.
struct Cause {
  std::string code;
  std::string message;   // of the first of them
  int64_t count = 0;
  int64_t first_line = 0;
  bool retry_may_help = false;
};

// Failed and expired requests by cause, most frequent first. Reads the outcomes only if there are any.
Result<std::vector<Cause>> causes_of(store::Store& store, const Job& job);

}  // namespace twolane::patient
