// How long the answers to such requests were before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "store/store.h"

namespace twolane::patient {

// The mean number of output tokens of the answers in finished jobs of this world, of those jobs
// whose requests are, nine in ten, of the same shapes as these. Nothing where there are none.
Result<std::optional<int64_t>> output_seen(store::Store& store, const std::string& world,
                                           const std::vector<Shape>& shapes);

}  // namespace twolane::patient
