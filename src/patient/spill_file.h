// Scratch bytes on disk: a file without a name, gone when it is closed or the process dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace twolane::patient {

class SpillFile {
 public:
  explicit SpillFile(std::string directory) : directory_(std::move(directory)) {}
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;
  ~SpillFile();

  // Made at the first append. Returns where the bytes begin. Error store.io.
  Result<int64_t> append(const void* bytes, size_t size);
  Status read(int64_t offset, void* to, size_t size) const;
  int64_t size() const { return size_; }

 private:
  Status make();

  std::string directory_;  // empty: the system's
  int file_ = -1;
  int64_t size_ = 0;
};

}  // namespace twolane::patient
