// What people name on a command line, found in the home: a job by the beginning of its name, a request by
// its custom_id or line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/job.h"
#include "store/home.h"

namespace twolane::app {

// The home as its owner if nobody else is, beside its owner otherwise.
Result<std::unique_ptr<store::Home>> own_or_look(const std::string& directory);

// Errors: usage.job, usage.job_ambiguous.
Result<Job> find_job(store::Store& store, const std::string& prefix);

// The request of a job with that custom_id, or else on that line of its input. Reads the input once.
// Error usage.request.
Result<int64_t> find_request(store::Home& home, const Job& job, const std::string& name);

}  // namespace twolane::app
