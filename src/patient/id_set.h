// Finds ids that occur twice among any number of them, in flat memory.
//
// Keeps a hash of each id with its index; sorts some at a time and lets the sorted runs go to disk,
// where they are merged at the end. Equal hashes are candidates only: the caller compares the ids.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "patient/spill_file.h"

namespace twolane::patient {

class IdSet {
 public:
  explicit IdSet(std::string spill_directory, size_t run_entries = 1 << 17)
      : run_entries_(run_entries), spill_(std::move(spill_directory)) {}

  Status add(std::string_view id, int64_t index);
  // Once, at the end: `group` is given the indexes, ascending, of each two or more with equal
  // hashes.
  Status candidates(const std::function<Status(std::span<const int64_t>)>& group);

 private:
  struct Entry {
    uint64_t hash;
    int64_t index;
    auto operator<=>(const Entry&) const = default;
  };
  struct Run {
    int64_t offset, entries;
  };
  class Cursor;
  Status end_run();

  size_t run_entries_;
  std::vector<Entry> entries_;
  std::vector<Run> runs_;
  SpillFile spill_;
};

}  // namespace twolane::patient
