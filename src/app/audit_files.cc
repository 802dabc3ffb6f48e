// Log files.
#include "app/audit_files.h"

#include <algorithm>

#include "app/escape.h"
#include "app/figures.h"

namespace twolane::app {
namespace {

constexpr size_t looked_at = 128 << 10;

// The first time that a log tells.
class FirstTime final : public audit::Sink {
 public:
  std::optional<Time> first;
  void call(const audit::Call& c) override {
    if (!first && c.start) first = c.start;
  }
  void bucket(const audit::Bucket& b) override {
    if (!first) first = b.start;
  }
};

Result<LogFile> look_at(const std::string& path, const std::shared_ptr<const audit::Columns>& columns) {
  LogFile file;
  file.path = path;
  if (path == "-") return file;
  const auto source = TRY(LogSource::open(path));
  auto head = source->next();
  if (!head) return file;  // said again, with its place, when the file is read
  const std::string_view beginning = head->substr(0, looked_at);
  file.serves = audit::serves_others(beginning);
  FirstTime sink;
  audit::Lengths none;
  audit::LogReader reader(path, columns, none, sink);
  // Only the time is wanted: a beginning cut in the middle of a record has faults of its own.
  if (reader.feed(beginning)) (void)reader.finish().has_value();
  file.first = sink.first;
  return file;
}

constexpr size_t faults_shown = 5;  // without --bad-lines

}  // namespace

Result<std::vector<LogFile>> order_logs(const std::vector<std::string>& paths,
                                        const std::shared_ptr<const audit::Columns>& columns) {
  std::vector<LogFile> files;
  for (const auto& path : paths) files.push_back(TRY(look_at(path, columns)));
  std::stable_sort(files.begin(), files.end(), [](const LogFile& a, const LogFile& b) {
    if (a.serves != b.serves) return a.serves;
    if (a.first.has_value() != b.first.has_value()) return a.first.has_value();
    return a.first && b.first && *a.first < *b.first;
  });
  return files;
}

Result<std::unique_ptr<LogFeed>> LogFeed::open(const LogFile& file, const std::shared_ptr<const audit::Columns>& columns,
                                               audit::Lengths& lengths, audit::Sink& sink) {
  auto source = TRY(LogSource::open(file.path));
  return std::unique_ptr<LogFeed>(new LogFeed(std::move(source), audit::LogReader(file.path, columns, lengths, sink)));
}

LogFeed::LogFeed(std::unique_ptr<LogSource> source, audit::LogReader reader) : source_(std::move(source)), reader_(std::move(reader)) {}
LogFeed::~LogFeed() = default;

Result<bool> LogFeed::next() {
  const auto piece = source_->next();
  if (piece && !piece->empty()) {
    CHECKED(reader_.feed(*piece));
    return true;
  }
  if (!piece && piece.error().code != "audit.compression") return fail(piece.error());
  if (!piece) damage_ = piece.error();
  if (auto ended = reader_.finish(); !ended) return fail(damage_ ? *damage_ : std::move(ended).error());
  return false;
}

audit::FileRead LogFeed::read() const {
  audit::FileRead read = reader_.read();
  if (!damage_) return read;
  audit::Fault fault;
  fault.code = "compression";
  fault.reason = damage_->message + ": " + damage_->why;
  fault.count = 1;
  read.faults.push_back(std::move(fault));
  ++read.records;
  return read;
}

Result<audit::FileRead> read_log(const LogFile& file, const std::shared_ptr<const audit::Columns>& columns,
                                 audit::Lengths& lengths, audit::Sink& sink) {
  const auto feed = TRY(LogFeed::open(file, columns, lengths, sink));
  while (TRY(feed->next())) {}
  return feed->read();
}

void show_faults(const Shell& shell, const std::vector<audit::FileRead>& files) {
  size_t shown = 0, kinds = 0;
  std::string text;
  for (const auto& file : files) {
    for (const auto& fault : file.faults) {
      if (++kinds > faults_shown && !shell.in.audit.bad_lines) continue;
      ++shown;
      text += "bad    " + escaped(file.name) + (fault.line > 0 ? ":" + std::to_string(fault.line) : "") + ": " +
              escaped(fault.reason) + (fault.count > 1 ? ", " + counted(fault.count, "record") + " in all" : "") + '\n';
      if (!fault.excerpt.empty()) text += "       " + escaped(fault.excerpt, 72) + '\n';
    }
  }
  if (shown < kinds) text += "bad    " + counted(static_cast<int64_t>(kinds - shown), "more kind") + ": --bad-lines\n";
  shell.remark(text);
}

}  // namespace twolane::app
