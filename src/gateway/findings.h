// What `serve` finds about its own traffic of the last seven days: who could have waited, and what that was.
//
// The same findings as `twolane audit` of its access log gives. Costs the relay nothing but a note of each call
// in its thread's books; here they are folded, on the keeper's thread. HOME/doors/findings.json holds them
// across restarts: rewritten every five minutes and at the end, so that a crash loses five minutes of
// findings, never more. Threads: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/rolling.h"
#include "base/result.h"
#include "wire/json.h"

namespace twolane::gateway {

class Books;

class Findings {
 public:
  // `zone_minutes`: where the callers work, east of UTC.
  Findings(std::string path, int zone_minutes, std::string zone);
  // What an earlier process left. Error audit.saved: it is begun anew.
  Status load();
  void follow(std::vector<Books*> books) { books_ = std::move(books); }  // which outlive look()
  // Folds what was seen since, and saves now and then. Errors of the disk.
  Status look(Time now);
  Status save();

  // For GET /twolane/v1/findings. `key`: of this key only. `whole`: with the report, as `audit --json` has it.
  wire::Json told(Time now, std::optional<std::string_view> key, bool whole);

 private:
  std::string path_;
  audit::Rolling rolling_;
  std::vector<Books*> books_;
  std::vector<std::string> bytes_;  // memory that goes back and forth, one for each thread
  int64_t saved_calls_ = 0;
  Time saved_;
};

}  // namespace twolane::gateway
