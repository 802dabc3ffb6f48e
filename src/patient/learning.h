// What the lanes have taught, as the store keeps it from process to process.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/events.h"
#include "store/store.h"

namespace twolane::patient {

// A lane of one world (accounts, or a simulator) with what was learned of it, for plan::State::learn.
struct KnownLane {
  std::string world;
  plan::Lane lane;
  std::string learned;
};

Result<std::vector<KnownLane>> known_lanes(store::Store& store);

}  // namespace twolane::patient
