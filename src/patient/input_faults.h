// What is wrong with an input, said once: the first fault in file order, and how often it occurs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace twolane::patient {

// "13,083"
std::string grouped(int64_t n);

class InputFaults {
 public:
  void add(Error error);
  bool any() const { return first_.has_value(); }
  int64_t first_line() const { return first_ ? first_->where.line : 0; }
  int64_t lines() const { return lines_; }  // with a fault
  const Error& first() const { return *first_; }

  // The first, with its count; `records` is how many there were in all.
  Error report(int64_t records) const;

 private:
  std::optional<Error> first_;
  std::string first_cause_;
  int64_t same_ = 0, lines_ = 0;
};

}  // namespace twolane::patient
