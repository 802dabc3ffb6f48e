// What people name, found among what is stored: a job by the beginning of its name, a request by its
// custom_id or line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/job.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::patient {

// The one of `jobs` whose name begins so. Errors: usage.job, usage.job_ambiguous.
Result<Job> pick_job(std::vector<Job> jobs, const std::string& prefix);

// The request of a job with that custom_id, or else on that line of its input. Reads the input once.
// Error usage.request.
Result<int64_t> find_request(store::Store& store, store::Payloads& payloads, const Job& job, const std::string& name);

}  // namespace twolane::patient
