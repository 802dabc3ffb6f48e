// The bytes of results, wherever among the payload segments they lie.
//
// Keeps a few segments open: the results of a job lie in as many segments as it had batches, and
// come in any order. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "store/payloads.h"

namespace twolane::patient {

class ResultReader {
 public:
  explicit ResultReader(store::Payloads& payloads) : payloads_(payloads) {}

  // Error store.corrupt where the segment is shorter than the slice says.
  Status read(const Slice& slice, std::string& to);

 private:
  using Source = std::shared_ptr<const wire::ByteSource>;
  Result<Source> source(const Slice& slice);

  store::Payloads& payloads_;
  std::vector<std::pair<SegmentId, Source>> open_;  // last used first
};

}  // namespace twolane::patient
