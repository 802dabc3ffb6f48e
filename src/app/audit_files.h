// The log files of an audit, from the disk into a sink, in the order in which they were written.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/log_source.h"
#include "app/shell.h"
#include "audit/reader.h"
#include "base/result.h"

namespace twolane::app {

struct LogFile {
  std::string path;
  bool serves = false;              // its rows are needed by others
  std::optional<Time> first;        // time of the first record that has one
};

// Looks at the beginning of each file: those that serve others come first, then by time, then as named.
// Rotated logs (x.1, x.2.gz) so come in the order of their calls. Error of the first file that cannot be
// opened.
Result<std::vector<LogFile>> order_logs(const std::vector<std::string>& paths,
                                        const std::shared_ptr<const audit::Columns>& columns);

// One file on its way into a sink, a block at a time. A damaged end of a compressed file is a fault of the file,
// "compression"; files that are no log at all are errors, see audit/reader.h and log_source.h.
class LogFeed {
 public:
  // `sink` and `lengths` outlive it.
  static Result<std::unique_ptr<LogFeed>> open(const LogFile& file, const std::shared_ptr<const audit::Columns>& columns,
                                               audit::Lengths& lengths, audit::Sink& sink);
  ~LogFeed();
  Result<bool> next();  // false: the file is over
  audit::FileRead read() const;

 private:
  LogFeed(std::unique_ptr<LogSource> source, audit::LogReader reader);
  std::unique_ptr<LogSource> source_;
  audit::LogReader reader_;
  std::optional<Error> damage_;
};

// All of one file.
Result<audit::FileRead> read_log(const LogFile& file, const std::shared_ptr<const audit::Columns>& columns,
                                 audit::Lengths& lengths, audit::Sink& sink);

// Lines that were not read: some of each kind on stderr, all of them with --bad-lines.
void show_faults(const Shell& shell, const std::vector<audit::FileRead>& files);

}  // namespace twolane::app
