// One block is kept; a slice outside of it moves it.
#include "patient/source_window.h"

#include <algorithm>

namespace twolane::patient {
namespace {

constexpr int64_t block_bytes = 1 << 20;

}  // namespace

Result<std::string_view> SourceWindow::up_to(int64_t offset, int64_t most) {
  const auto held = static_cast<int64_t>(window_.size());
  if (offset < at_ || offset + most > at_ + held) {
    if (static_cast<int64_t>(window_.capacity()) > 8 * block_bytes && most < block_bytes)
      std::string().swap(window_);  // a single large slice does not keep its memory
    window_.resize(static_cast<size_t>(std::max(block_bytes, most)));
    size_t got = 0;
    while (got < window_.size()) {
      const size_t n = TRY(source_->read(offset + static_cast<int64_t>(got), window_.data() + got,
                                         window_.size() - got));
      if (n == 0) break;
      got += n;
    }
    window_.resize(got);
    at_ = offset;
  }
  return std::string_view(window_).substr(static_cast<size_t>(offset - at_),
                                          static_cast<size_t>(most));
}

Result<std::string_view> SourceWindow::slice(int64_t offset, int64_t length) {
  const std::string_view bytes = TRY(up_to(offset, length));
  if (static_cast<int64_t>(bytes.size()) < length)
    return fail("store.corrupt", "a job's input is shorter than its index says");
  return bytes;
}

}  // namespace twolane::patient
