// Reads slices of one source that come mostly in rising order, with one call per large block.
//
// Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"

namespace twolane::patient {

class SourceWindow {
 public:
  explicit SourceWindow(std::shared_ptr<const wire::ByteSource> source)
      : source_(std::move(source)) {}

  // Valid until the next call. Error store.corrupt where the source ends before the slice does.
  Result<std::string_view> slice(int64_t offset, int64_t length);
  // From `offset` on, as much as there is up to `most` bytes.
  Result<std::string_view> up_to(int64_t offset, int64_t most);

 private:
  std::shared_ptr<const wire::ByteSource> source_;
  std::string window_;
  int64_t at_ = 0;  // of window_ in the source
};

}  // namespace twolane::patient
