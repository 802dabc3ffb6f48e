// A segment may have grown since it was opened: then it is opened again.
#include "patient/result_reader.h"

#include <algorithm>

namespace twolane::patient {
namespace {

constexpr size_t most_open = 16;
constexpr int64_t block_bytes = 64 << 10;
constexpr int64_t between = 4 << 10;  // bytes of a line around its result, at most

}  // namespace

Result<ResultReader::Opened*> ResultReader::opened(const Slice& slice) {
  const auto known = std::ranges::find(open_, slice.segment, &Opened::segment);
  if (known != open_.end()) {
    std::rotate(open_.begin(), known, known + 1);
    if (slice.offset + slice.length <= open_.front().source->size()) return &open_.front();
    open_.erase(open_.begin());
  }
  const auto source = TRY(payloads_.source(slice.segment));
  if (open_.size() == most_open) open_.pop_back();
  open_.insert(open_.begin(), {slice.segment, source, SourceWindow(source, block_bytes)});
  return &open_.front();
}

Status ResultReader::read(const Slice& slice, std::string& to) {
  Opened& from = *TRY(opened(slice));
  if (slice.offset + slice.length > from.source->size())
    return fail("store.corrupt", "payload " + slice.segment.hex() + " is too short",
                "a result was stored there and is gone");
  const bool follows = slice.offset >= from.end && slice.offset <= from.end + between;
  from.end = slice.offset + slice.length;
  if (follows) {
    to = TRY(from.window.slice(slice.offset, slice.length));
    return {};
  }
  to.resize(static_cast<size_t>(slice.length));
  for (size_t got = 0; got < to.size();) {
    const size_t n =
        TRY(from.source->read(slice.offset + static_cast<int64_t>(got), to.data() + got, to.size() - got));
    if (n == 0) return fail("store.corrupt", "payload " + slice.segment.hex() + " became shorter");
    got += n;
  }
  return {};
}

}  // namespace twolane::patient
