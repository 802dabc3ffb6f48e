// What users call their requests, for listings that go through a job in order.
//
// Read from the inputs by pages of rows, so that a listing costs no lookup per request. Threads: one.
// Memory: one page and one window of the input.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "patient/job_input.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::patient {

class CustomIds {
 public:
  CustomIds(store::Store& store, store::Payloads& payloads) : store_(store), payloads_(payloads) {}

  // Empty where the request has no name of its own, or its line is no request.
  Result<std::string> of(const Job& job, int64_t index);

 private:
  store::Store& store_;
  store::Payloads& payloads_;
  JobId job_;
  JobInput input_;
  std::vector<store::OutcomeRow> page_;
};

}  // namespace twolane::patient
