// Which lines of an input come after which: ids to places, and how long the chains are.
//
// Memory is flat: needs are sorted on disk and joined with the ids once the whole input was read; two
// bytes are kept for each request, and nothing in an input without `after`. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "patient/id_set.h"
#include "patient/line_checker.h"
#include "patient/repeated_ids.h"
#include "patient/request_text.h"
#include "patient/row_spool.h"
#include "patient/spilled_sort.h"
#include "store/store.h"

namespace twolane::patient {

class Needs {
 public:
  static constexpr int32_t longest_chain = 1000;  // steps that may follow a request

  // All are kept by reference. Lines are read again from the file at `path`.
  Needs(const std::string& path, const InputOptions& options, const RowSpool& spool,
        const std::string& spill_directory)
      : path_(path), options_(options), spool_(spool), named_(spill_directory),
        found_(spill_directory), good_(spill_directory) {}

  // What the line at `index` comes after.
  Status add(int64_t index, std::span<const CheckedLine::After> after);
  bool any() const { return named_.size() > 0; }

  // Once, when all was read and the repeated ids were found. Lines that come after nothing good are
  // faults; with `set_aside` what comes after them is one too, and more than a million are refused.
  Status resolve(const IdSet& ids, RepeatedIds& repeats, int64_t requests, bool set_aside);

  int64_t faults() const { return static_cast<int64_t>(faults_.size()); }
  Result<int64_t> first_line() const;  // of the fault that comes first in the file
  Result<Error> report() const;        // that fault, and how many there are
  // Why the row at `index` is set aside, if it is. Ask in rising order.
  Result<std::optional<Error>> of(int64_t index);
  void rewind() { at_ = 0; }

  bool waits(int64_t index) const { return any() && (state_[static_cast<size_t>(index)] & has_needs) != 0; }
  int32_t steps_after(int64_t index) const {
    return any() ? state_[static_cast<size_t>(index)] & steps : 0;
  }
  // All needs of good requests, some at a time, in the order of the requests.
  Status each(const std::function<Status(std::span<const store::Need>)>& take) const;
  // The answers that go into bodies, likewise: whose, into whose, and how often.
  Status each_use(const std::function<Status(int64_t needed, int64_t index, int32_t uses)>& take) const;

 private:
  struct Named {  // an id, as its hash
    uint64_t hash;
    int64_t index;
    int32_t place, uses;
    auto operator<=>(const Named&) const = default;
  };
  struct Found {
    int64_t index;
    int32_t place;
    int32_t uses;
    int64_t needed;  // -1: no good line has that id
    auto operator<=>(const Found&) const = default;
  };
  struct Fault {
    int64_t index;
    int32_t place;
    int64_t needed;
  };

  Status join(const IdSet& ids);
  Result<int64_t> find(const Named& named, std::span<const int64_t> candidates) const;
  Status judge(RepeatedIds& repeats, bool set_aside);
  Status judge_one(std::span<const Found> needs, bool set_aside);
  Status each_found(const std::function<Status(std::span<const Found>)>& take) const;
  Status count_steps();
  Result<RequestText> request(int64_t index, std::string& line) const;
  Result<Error> error_of(const Fault& fault) const;

  static constexpr uint16_t has_needs = 0x8000, aside = 0x4000, steps = 0x3fff;

  const std::string& path_;
  const InputOptions& options_;
  const RowSpool& spool_;
  SpilledSort<Named> named_;
  SpilledSort<Found> found_;
  SpillFile good_;               // Found of good requests, ascending
  int64_t good_count_ = 0;
  std::vector<Found> unwritten_;  // the last of them
  std::vector<uint16_t> state_;  // by request
  std::vector<Fault> faults_;    // by index
  size_t at_ = 0;
};

}  // namespace twolane::patient
