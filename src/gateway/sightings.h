// Model calls as findings see them, on their way from the threads that relay to the one that folds them.
//
// A call is some 200 bytes behind one another in a buffer that is swapped, not copied: nothing is allocated
// once it is warm. Nothing of prompts or answers is in it. Threads: whoever owns it locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/call.h"

namespace twolane::gateway {

struct Record;

class Sightings {
 public:
  static constexpr size_t most_bytes = 8 << 20;  // some 40,000 calls; what comes beyond is left out

  // Live calls to a model; others are passed over.
  void add(const Record& record);
  // What was added since. `into` gives its memory for what comes next.
  void take(std::string& into);

 private:
  std::string bytes_;
};

// The calls in what take() gave, one after the other, as the audit's reader would read their lines in the
// access log.
class SightingReader {
 public:
  explicit SightingReader(std::string_view bytes) : rest_(bytes) {}
  bool next();  // whether there is another one
  const audit::Call& call() const { return call_; }
  Time end() const { return end_; }

 private:
  std::string_view rest_;
  audit::Call call_;
  Time end_;
};

}  // namespace twolane::gateway
