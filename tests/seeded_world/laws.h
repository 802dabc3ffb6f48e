// What must hold at the end of a seeded world, whatever happened in it: the store's books held against the
// providers' own account of every charge.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/providers.h"
#include "store/store.h"

namespace twolane::seeded {

// What happened, for a report.
struct Tally {
  int restarts = 0, batches = 0, requests = 0, answered = 0, failed = 0, other = 0;
  int charges = 0, contents = 0, deleted_contents = 0, unheard = 0, paid_twice = 0, unfinished_jobs = 0;
  int cut = 0;  // requests that were cancelled one by one
  int followed = 0;  // answers that another request was asked with, or after
  int flex = 0, shed = 0;  // answers on the flex tier for a deadline, and calls for which it had no capacity
  int compared = 0, in_flight = 0;  // decisions after a kill; with calls in flight
  Time end;
};

struct Laws {
  store::Store& store;
  sim::Providers& providers;
  const std::set<std::string>& deleted;  // cached contents that a stranger removed
  const std::map<std::pair<JobId, int64_t>, Time>& cut;  // requests that were cancelled one by one, and since when
  bool all_done = false;                 // every job was finished
  Time now;

  // Laws that are broken, one sentence each; what was seen is added to `tally`.
  std::vector<std::string> broken_by(const std::vector<Job>& jobs, Tally& tally) const;
};

}  // namespace twolane::seeded
