// What an Ending says beyond the job's totals, gathered from the rows.
#pragma once

#include <vector>

#include "app/summary.h"
#include "model/job.h"
#include "store/store.h"

namespace twolane::app {

// Batches that a leaving process leaves behind at the providers.
Result<std::vector<StillRunning>> still_running(store::Store& store, const Job& job);

// What a cap must be so that every open request fits, whatever it costs: all that is booked, reserved and
// unconfirmed, and the bound of each open request on the dearest tier that the job may use.
struct CapNeeded {
  PicoUsd all;
  PicoUsd next_request;  // the smallest of the bounds: less than this is left
};
Result<CapNeeded> cap_needed(store::Store& store, const Job& job);

}  // namespace twolane::app
