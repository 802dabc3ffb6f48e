// The home, and what people name on a command line, found in it.
#pragma once

#include <memory>
#include <string>

#include "model/job.h"
#include "patient/find.h"
#include "store/home.h"

namespace twolane::app {

// The home as its owner if nobody else is, beside its owner otherwise.
Result<std::unique_ptr<store::Home>> own_or_look(const std::string& directory);

// Errors: usage.job, usage.job_ambiguous.
Result<Job> find_job(store::Store& store, const std::string& prefix);

}  // namespace twolane::app
