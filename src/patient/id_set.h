// Finds ids that occur twice among any number of them, in flat memory.
//
// Keeps a hash of each id with its index, sorted (spilled_sort.h). Equal hashes are candidates only:
// the caller compares the ids.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "patient/spilled_sort.h"

namespace twolane::patient {

class IdSet {
 public:
  struct Entry {
    uint64_t hash;
    int64_t index;
    auto operator<=>(const Entry&) const = default;
  };
  using Walk = SpilledSort<Entry>::Walk;

  explicit IdSet(std::string spill_directory, size_t run_entries = 1 << 17)
      : entries_(std::move(spill_directory), run_entries) {}

  static uint64_t hash_of(std::string_view id) { return std::hash<std::string_view>()(id); }

  Status add(std::string_view id, int64_t index) { return entries_.add({hash_of(id), index}); }
  // Once, at the end: `group` is given the indexes, ascending, of each two or more with equal
  // hashes.
  Status candidates(const std::function<Status(std::span<const int64_t>)>& group);
  // All of them by (hash, index), after candidates().
  Walk walk() const { return Walk(entries_); }

 private:
  SpilledSort<Entry> entries_;
};

}  // namespace twolane::patient
