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
// The same of many, in one pass; the error tells of the first that is not there.
Result<IndexRanges> find_requests(store::Store& store, store::Payloads& payloads, const Job& job,
                                  const std::vector<std::string>& names);
// The requests on these lines of the input, as errors and `promote` count them: "5001-10000,12000", "9001-" to
// the end. Errors usage.rows, and usage.request where there is none.
Result<IndexRanges> requests_on(store::Store& store, const Job& job, std::string_view rows);

}  // namespace twolane::patient
