// A log file as a stream of its bytes, decompressed: plain, gzip or zstd, by its first bytes.
//
// Memory: two blocks. Files of several gzip members or zstd frames are read through. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::app {

class LogSource {
 public:
  // "-" is standard input. Errors: audit.file (cannot be opened or read, is a directory), audit.container
  // (Parquet, zip and other containers: says what to export instead).
  static Result<std::unique_ptr<LogSource>> open(const std::string& path);
  virtual ~LogSource() = default;

  // The next block, valid until the next call; empty at the end. Error audit.file; audit.compression where
  // the compressed bytes are damaged or cut: what came before is good.
  virtual Result<std::string_view> next() = 0;
  // Bytes taken from the file so far, compressed as they lie there.
  virtual int64_t taken() const = 0;
};

}  // namespace twolane::app
