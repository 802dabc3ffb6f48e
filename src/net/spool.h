// Where a body goes while it arrives: memory first, an unlinked temporary file once it is large.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"

namespace twolane::net {

class Spool {
 public:
  // `directory` empty: TMPDIR or /tmp.
  Spool(int64_t spool_above, std::string directory)
      : spool_above_(spool_above), directory_(std::move(directory)) {}

  Status append(std::string_view piece);  // error: net.spool, the file cannot be made or written
  int64_t size() const { return size_; }
  // All that was appended; a source of the file stays valid as long as it is held.
  wire::Body take();

 private:
  class File;
  Status move_to_file();

  int64_t spool_above_;
  std::string directory_;
  std::string text_;
  std::shared_ptr<File> file_;
  int64_t size_ = 0;
};

}  // namespace twolane::net
