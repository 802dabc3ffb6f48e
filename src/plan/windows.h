// Hours that are cheaper than others: when the work of a drain should run.
//
// Drain work is divisible, so it belongs into the cheapest minutes that are left before the deadline, as long
// as all of it fits (section 2, P6, of ../shared/reference/scheduling.md). Pure.
#pragma once

#include <span>

#include "base/time.h"

namespace twolane::plan {

// Prices repeat every day, in UTC: `price` holds from `from` after midnight until the next step.
struct PriceStep {
  Duration from;
  double price = 1;
};

struct RunsNow {
  bool runs = true;
  Time until;  // the answer holds until then
};

// Whether a drain that needs `need` of live time by `due` runs now. `steps` are in order and begin at midnight;
// the latest of equally cheap minutes come first, since waiting is free.
RunsNow runs_now(Time now, Time due, Duration need, std::span<const PriceStep> steps);

}  // namespace twolane::plan
