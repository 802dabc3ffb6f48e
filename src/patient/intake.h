// From an input file to an accepted, durable job: read, check, index, bound in price, commit.
//
// One pass over the bytes: a reader thread copies them to the job's input segment (large aligned
// writes beside the page cache where the file system allows it) and hashes them, while the caller's
// thread checks every line and adds rows to the store. Memory is flat; ids that repeat are found by
// sorted runs of hashes that spill to disk.
// Every refusal names file, line, column, field, reason and what to do next. Nothing of a refused
// input remains.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/job.h"
#include "patient/line_checker.h"
#include "patient/request_text.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::patient {

struct IntakeOptions {
  InputOptions input;  // format and columns are detected and filled in unless fixed
  bool format_fixed = false;
  bool sealed = false;        // the file never changes: what is kept of it may be the same file by another name
  bool skip_invalid = false;  // bad lines become failed requests instead of refusing the file
  int64_t limit = -1;         // the first N requests only
  int64_t max_line_bytes = 64 << 20;
  std::string salt;  // --again: makes another job of the same bytes
  SeeRequest see;    // is shown every request that passes, in input order
};

struct Checked {
  JobId id;
  int64_t requests = 0;
  int64_t invalid = 0;  // set aside by skip_invalid
  Error first_invalid;  // meaningful when invalid > 0
  int64_t input_bytes = 0;
  int64_t input_tokens_estimated = 0;
  PicoUsd batch_bound, list_bound;  // of all requests, first target each; nothing without a price
  bool price_known = false;         // both bounds hold
  std::vector<Shape> shapes;
  bool existed = false;  // the store has this job already: nothing was added
};

// Commits `job` with the rows of `path`; id, input, requests, format and options of `job` are
// filled in. With dry_run nothing is stored. `fresh_segment` names the new payload segment.
Result<Checked> take_in(const std::string& path, const IntakeOptions& options, Job& job,
                        SegmentId fresh_segment, const std::string& home, store::Store& store,
                        store::Payloads& payloads, bool dry_run);

// --skip-invalid: bad lines are rows with length 0 and state failed whose error is written with
// them.

}  // namespace twolane::patient
