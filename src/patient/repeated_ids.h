// The lines of an input whose custom_id was used before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "patient/id_set.h"
#include "patient/request_text.h"
#include "patient/row_spool.h"

namespace twolane::patient {

class RepeatedIds {
 public:
  // All are kept by reference. Lines are read again from the file at `path`.
  RepeatedIds(const std::string& path, const InputOptions& options, const RowSpool& spool)
      : path_(path), options_(options), spool_(spool) {}

  // Once, when all ids were added. With `set_aside` every repeat has to be remembered: more than a
  // million of them are refused (input.duplicate_id).
  Status find(IdSet& ids, bool set_aside);

  bool any() const { return !repeats_.empty(); }
  Result<int64_t> first_line() const;  // of the repeat that comes first in the file
  // That repeat, with both places and how many ids there are in all.
  Result<Error> report() const;
  // Why the row at `index` is set aside, if it repeats an id. Ask in rising order.
  Result<std::optional<Error>> of(int64_t index);
  bool has(int64_t index);  // whether the row at `index` repeats an id; in rising order too
  void rewind() { at_ = 0; }

 private:
  struct Repeat {
    int64_t index, first;
    auto operator<=>(const Repeat&) const = default;
  };
  Result<std::vector<std::string>> ids_of(std::span<const int64_t> indexes) const;
  Status add(std::span<const int64_t> indexes, const std::vector<std::string>& ids, bool set_aside);

  const std::string& path_;
  const InputOptions& options_;
  const RowSpool& spool_;
  std::vector<Repeat> repeats_;  // by index, once found
  size_t at_ = 0;
  int64_t ids_ = 0;
};

}  // namespace twolane::patient
