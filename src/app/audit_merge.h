// Logs of one traffic in several files, as one stream by time.
//
// Files that follow one another (rotated logs) are read one by one; files that overlap (several gateways, several
// days written side by side) are read together, the earliest call first. Within a file calls keep their order.
// Memory: a block of each file that overlaps another.
#pragma once

#include "app/audit_files.h"

namespace twolane::app {

// `order`: of order_logs. What each file gave, in that order. Errors: those of read_log.
Result<std::vector<audit::FileRead>> read_logs(const std::vector<LogFile>& order,
                                               const std::shared_ptr<const audit::Columns>& columns,
                                               audit::Lengths& lengths, audit::Sink& sink);

}  // namespace twolane::app
