// The bytes of results, wherever among the payload segments they lie.
//
// Keeps a few segments open: the results of a job lie in as many segments as it had batches, and
// come in any order. Where one follows another in its segment, as most do, they are read by the block.
// Threads: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "patient/source_window.h"
#include "store/payloads.h"

namespace twolane::patient {

class ResultReader {
 public:
  explicit ResultReader(store::Payloads& payloads) : payloads_(payloads) {}

  // Error store.corrupt where the segment is shorter than the slice says.
  Status read(const Slice& slice, std::string& to);

 private:
  struct Opened {
    SegmentId segment;
    std::shared_ptr<const wire::ByteSource> source;
    SourceWindow window;
    int64_t end = 0;  // of the slice read last
  };
  Result<Opened*> opened(const Slice& slice);  // valid until the next call

  store::Payloads& payloads_;
  std::vector<Opened> open_;  // last used first
};

}  // namespace twolane::patient
