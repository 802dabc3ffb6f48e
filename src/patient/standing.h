// What is kept of a job beside its rows: the terms under which it was given, how it stands with the planner, and
// what was cut out of it.
//
// All are facts in the store, so the next process plans as this one did, and other processes can show
// what was promised and what is foreseen. Times in ms; Threads: the store's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "plan/planner.h"
#include "store/store.h"
#include "wire/json.h"

namespace twolane::patient {

// Set by who accepts the job, before the engine takes it up.
struct Terms {
  std::string owner;      // the key it came with; empty: the owner of the home
  double weight = 1;      // of that owner, where there is not enough for all
  double on_time = 0.99;  // wanted probability of keeping the deadline; from 0.999 on nothing is gambled
  int32_t steps_after = 0;  // of its chain: they wait for this job and need their share of its time
  bool operator==(const Terms&) const = default;
};

// A miss of the deadline that is foreseen.
struct Miss {
  Time at;                 // when it was foreseen
  Time finish;             // when the live lane alone would be done; 0: it may not go on at all
  double probability = 1;  // that batches do not return in time what the live lane cannot take
  bool operator==(const Miss&) const = default;
};

// Written by the engine.
struct Standing {
  bool rush = false;            // promoted by its user
  int32_t restarts = 0;         // batches given up for being slow
  std::vector<Time> returned;   // by shape: since when requests that were placed before are open; 0: none is
  std::vector<Time> opened;     // of a job with chains, by steps after: when the first of them was open; 0: none was
  Time deadline;                // that the next two are about
  bool kept = false;
  std::optional<plan::Verdict> promise;
  std::optional<Miss> miss;
  Time takeover;                // when what is unfinished must go live, as of some minutes ago at most; 0: never
};

// Errors: the store's. What was never remembered, or cannot be read, is as a new job's.
Status remember(store::Store& store, JobId job, const Terms& terms);
Result<Terms> recall_terms(store::Store& store, JobId job);
Status remember(store::Store& store, JobId job, const Standing& standing);
Result<Standing> recall_standing(store::Store& store, JobId job);

// Requests that the job's user has cancelled one by one; all of them are in no batch to come. Those that lie
// in batches stay batched until the batch says what became of them. What cannot be read: store.corrupt.
Status remember_cut(store::Store& store, JobId job, const IndexRanges& cut);
Result<IndexRanges> recall_cut(store::Store& store, JobId job);

// For those who ask: {"verdict","on_time","earliest"}, {"at","finish","probability"}; null where there is nothing to say.
wire::Json promise_json(const std::optional<plan::Verdict>& promise);
wire::Json miss_json(const std::optional<Miss>& miss);
// And back; nothing where it is something else.
std::optional<plan::Verdict> promise_of(const wire::Json& json);
std::optional<Miss> miss_of(const wire::Json& json);

// What the planner calls an owner: the same number in every process.
uint32_t tenant_of(const std::string& owner);

}  // namespace twolane::patient
