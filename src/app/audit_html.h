// The audit's report as one HTML file: no script, no request, under 1 MB whatever the log's size.
//
// Pure. The 200 dearest callers open to their evidence, the rest is one row. Text from logs is escaped and
// cut. Reads in light and dark, on a phone, and on paper, where everything is open.
#pragma once

#include <string>

#include "audit/report.h"

namespace twolane::app {

std::string audit_html(const audit::Report& report);

}  // namespace twolane::app
