// A segment may have grown since it was opened: then it is opened again.
#include "patient/result_reader.h"

#include <algorithm>

namespace twolane::patient {
namespace {

constexpr size_t most_open = 16;

}  // namespace

Result<ResultReader::Source> ResultReader::source(const Slice& slice) {
  const auto known = std::ranges::find(open_, slice.segment, &std::pair<SegmentId, Source>::first);
  if (known != open_.end()) {
    std::rotate(open_.begin(), known, known + 1);
    if (slice.offset + slice.length <= open_.front().second->size()) return open_.front().second;
    open_.erase(open_.begin());
  }
  Source opened = TRY(payloads_.source(slice.segment));
  if (open_.size() == most_open) open_.pop_back();
  open_.emplace(open_.begin(), slice.segment, opened);
  return opened;
}

Status ResultReader::read(const Slice& slice, std::string& to) {
  const Source from = TRY(source(slice));
  to.resize(static_cast<size_t>(slice.length));
  for (size_t got = 0; got < to.size();) {
    const size_t n =
        TRY(from->read(slice.offset + static_cast<int64_t>(got), to.data() + got, to.size() - got));
    if (n == 0)
      return fail("store.corrupt", "payload " + slice.segment.hex() + " is too short",
                  "a result was stored there and is gone");
    got += n;
  }
  return {};
}

}  // namespace twolane::patient
