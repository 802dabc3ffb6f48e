// A report for machines: the object of `twolane audit --json` and of the dashboard. Amounts are exact
// decimal strings, times RFC 3339 UTC, unknown is null and never zero. docs/audit.md names the fields.
#pragma once

#include "audit/report.h"
#include "wire/json.h"

namespace twolane::audit {

// At most `most_callers` in "callers"; the rest is summed in "callers_left_out".
wire::Json report_json(const Report& report, size_t most_callers = 1000);

}  // namespace twolane::audit
