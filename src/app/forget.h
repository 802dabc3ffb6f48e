// Removing jobs: rows, answers and inputs.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::app {

// Its rows and the payload files that only it needed. Error store.active while attempts run.
Status forget_job(store::Store& store, store::Payloads& payloads, JobId job);

// Jobs that ended more than `retention` before `now`; 0 keeps all. Returns how many.
Result<int64_t> forget_old_jobs(store::Store& store, store::Payloads& payloads, Duration retention, Time now);

// Payload files that no row refers to: leftovers of a crash. Only the owner of the home may do this, and
// only before it begins to work.
Status remove_leftovers(store::Store& store, store::Payloads& payloads);

}  // namespace twolane::app
