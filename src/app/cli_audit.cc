// Flags of `twolane audit`.
#include "app/cli_audit.h"

#include <CLI/CLI.hpp>

namespace twolane::app {

void declare_audit(CLI::App* audit, AuditFlags& f) {
  audit->add_option("LOGS", f.logs, "logs and exports: JSON, JSONL or CSV, plain, gzip or zstd; - for stdin");
  audit->add_option("--columns", f.columns, "of plain files: time=ts,model=m,input=tokens_in,output=tokens_out,...")
      ->type_name("NAME=COLUMN,...");
  audit->add_option("--overrides", f.overrides, "verdicts that a person knows better")->type_name("FILE");
  audit->add_option("--model", f.model, "as which calls are priced where the log names no model")
      ->type_name("PROVIDER/MODEL");
  audit->add_option("--html", f.html, "the report as one file for a browser")->type_name("FILE");
  audit->add_option("--zone", f.zone, "where the callers work: +01:00 (default: that of this machine)")->type_name("OFFSET");
  audit->add_flag("--replay{busy}", f.replay, "drives the log's arrivals through the planner and simulated lanes: calm, busy, outage, regime or field");
  audit->add_option("--before", f.before, "instead of LOGS: usage and cost exports of a period before a switch")->type_name("EXPORT...");
  audit->add_option("--after", f.after, "and of a period after it: what was saved, and why the bills differ")->type_name("EXPORT...");
  audit->add_option("--promised", f.promised, "with these: what an earlier `audit --json` promised")->type_name("FILE");
  audit->add_flag("--bad-lines", f.bad_lines, "every kind of line that could not be read, by file");
}

}  // namespace twolane::app
