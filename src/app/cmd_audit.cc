// twolane audit: which calls of existing logs had nobody waiting, and what moving them saves.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "app/audit_bills.h"
#include "app/audit_files.h"
#include "app/audit_html.h"
#include "app/audit_merge.h"
#include "app/audit_text.h"
#include "app/commands.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/output_file.h"
#include "app/usage_error.h"
#include "audit/collector.h"
#include "audit/overrules.h"
#include "audit/report.h"
#include "audit/report_json.h"
#include "audit/values.h"
#include "dialect/catalogue.h"

namespace twolane::app {
namespace {

Result<std::vector<audit::Overrule>> read_overrides(const std::string& path) {
  if (path.empty()) return std::vector<audit::Overrule>{};
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  if (in) text << in.rdbuf();
  if (!in || !text) {
    Error e;
    e.code = "audit.overrules";
    e.message = "the file of overrides cannot be read";
    e.where.file = path;
    e.where.field = "--overrides";
    e.next = {"check the path"};
    return fail(std::move(e));
  }
  return audit::parse_overrules(text.str(), path);
}

// Hours and weekdays are judged in one offset: the given one, or this machine's at the time of the log.
Result<audit::Settings> settings_of(const Shell& shell, const std::vector<LogFile>& files) {
  audit::Settings settings;
  const std::string& zone = shell.in.audit.zone;
  if (!zone.empty()) {
    const auto shifted = audit::read_time("2000-01-01 00:00:00 " + zone);
    if (!shifted)
      return fail(no_value("--zone", zone, "it is an offset from UTC, because a log has no place", "--zone +01:00"));
    settings.zone_minutes = static_cast<int>((to_time(Civil{2000, 1, 1}) - *shifted).ms / minutes(1).ms);
  } else if (const auto dated = std::ranges::find_if(files, [](const LogFile& f) { return f.first.has_value(); });
             dated != files.end()) {
    settings.zone_minutes = static_cast<int>(shell.zone.offset(*dated->first) / 60);
  }
  settings.zone = offset_name(settings.zone_minutes);
  return settings;
}

Result<std::optional<audit::ReplaySettings>> replay_of(const std::string& lanes) {
  if (lanes.empty()) return std::nullopt;
  audit::ReplaySettings settings;
  if (const auto kind = trial::kind_of(lanes)) {
    settings.lanes = *kind;
    return settings;
  }
  return fail(no_value("--replay", lanes, "it names simulated lanes: calm, busy, outage, regime or field",
                       "--replay=field"));
}

Error nothing_found(const std::vector<audit::FileRead>& files) {
  Error e;
  e.code = "audit.nothing";
  e.message = "no call to a model was found";
  e.where.file = files.front().name;
  int64_t passed = 0, bad = 0;
  for (const auto& file : files) passed += file.passed, bad += file.bad();
  e.why = counted(passed, "record") + " understood and no call, " + counted(bad, "record") + " not read";
  e.next = {"give the log of the calls themselves, or --columns for a plain one"};
  return e;
}

Status write_html(const std::string& path, const audit::Report& report) {
  if (path.empty()) return {};
  auto file = TRY(OutputFile::create(path));
  CHECKED(file.write(audit_html(report)));
  return file.publish();
}

Error no_logs() {
  Error e;
  e.code = "usage.missing";
  e.message = "LOGS is required";
  e.where.field = "audit";
  e.why = "it cannot start without";
  e.next = {"name logs, or exports of two periods: --before EXPORT... --after EXPORT...", "twolane audit --help"};
  return e;
}

Result<int> run_audit(const Shell& shell) {
  const AuditFlags& flags = shell.in.audit;
  if (!flags.before.empty() || !flags.after.empty() || !flags.promised.empty()) return compare_bills(shell);
  if (flags.logs.empty()) return fail(no_logs());
  std::shared_ptr<const audit::Columns> columns;
  if (!flags.columns.empty()) columns = TRY(audit::parse_columns(flags.columns));
  const auto overrides = TRY(read_overrides(flags.overrides));
  const auto order = TRY(order_logs(flags.logs, columns));
  auto settings = TRY(settings_of(shell, order));
  const auto replay = TRY(replay_of(flags.replay));
  if (!flags.model.empty()) settings.assumed = TRY(dialect::parse_target(flags.model));

  audit::Collector collector(settings);
  audit::Lengths lengths;
  std::vector<audit::FileRead> files = TRY(read_logs(order, columns, lengths, collector));
  int64_t found = 0;
  for (const auto& file : files) found += file.calls + file.buckets;
  show_faults(shell, files);
  if (found == 0) return fail(nothing_found(files));

  const auto report = audit::make_report(collector.finish(), overrides, std::move(files), audit::worth_a_move, replay);
  CHECKED(write_html(flags.html, report));
  if (shell.in.common.json) {
    auto object = good_answer();
    object.update(audit::report_json(report));
    object["html"] = flags.html.empty() ? wire::Json(nullptr) : wire::Json(flags.html);
    object["error"] = nullptr;
    shell.answer(object);
  } else {
    shell.print(audit_text(report, flags.html));
  }
  return 0;
}

}  // namespace

int audit_command(const Shell& shell) {
  const auto done = run_audit(shell);
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app
