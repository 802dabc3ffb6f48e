// The index of an input while it is being read: rows wait here until the whole of it is known to be
// good, in memory while they are few and on disk when they are many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "patient/spill_file.h"

namespace twolane::patient {

class RowSpool {
 public:
  struct Entry {
    int64_t offset = 0;
    int64_t line = 0;
    int64_t input_bound = 0, output_bound = 0;
    int32_t length = 0;
    int32_t shape = 0;  // -1: the line was set aside, its reason is kept
  };
  explicit RowSpool(std::string spill_directory, size_t entries_in_memory = 1 << 15)
      : most_(entries_in_memory), rows_(spill_directory), reasons_(std::move(spill_directory)) {}

  Status add(const Entry& entry);
  Status set_aside(int64_t offset, int64_t line, std::string_view reason);
  int64_t size() const { return spilled_ + static_cast<int64_t>(entries_.size()); }
  Result<Entry> at(int64_t index) const;

  // Reads forward from the first row; call after the last add().
  class Reader {
   public:
    explicit Reader(const RowSpool& spool) : spool_(spool) {}
    // Requires that there is one. `reason` is filled for rows that were set aside.
    Result<Entry> next(std::string& reason);

   private:
    const RowSpool& spool_;
    int64_t index_ = 0, reason_at_ = 0;
    std::vector<Entry> buffer_;
    int64_t buffer_at_ = 0;
  };

 private:
  size_t most_;
  std::vector<Entry> entries_;  // those after the spilled ones
  int64_t spilled_ = 0;
  SpillFile rows_;
  SpillFile reasons_;  // length and bytes of each, in order
};

}  // namespace twolane::patient
