// Gemini's long-running operations: what a reply about a batch says, in every spelling seen.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::dialect::batch {

// Views point into the text that was read.
struct Operation {
  std::string name;  // "batches/..."
  std::string display_name;
  std::string state;  // without its prefix: "SUCCEEDED"
  bool done = false;
  std::string_view error;   // the object, or empty
  std::string file;         // "files/batch-..."
  bool has_inline = false;  // results stand in this reply
  int64_t total = -1, succeeded = 0, failed = 0;
};

// Inline results are passed over, or appended to `lines` as they stand, one line each.
// Error wire.json.
Result<Operation> read_operation(std::string_view text, std::string* lines = nullptr);

}  // namespace twolane::dialect::batch
