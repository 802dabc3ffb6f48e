// What may be asked of a job as it stands.
//
// Pure. Errors say what can be done instead.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/job.h"

namespace twolane::patient {

// pause, resume, promote and deadline change nothing of a job that has ended or is being cancelled: job.ended,
// job.cancelling. cancel, retry and forget pass.
Status may_be_asked(const Job& job, std::string_view verb);

// A deadline is in the future. Error time.past.
Status may_be_due(Time deadline, Time now);

}  // namespace twolane::patient
