// The order of things: open, tell the format, check every record into the spool and its row into the
// store's open transaction, find repeated ids, name the job, and only then the copy's fsync and the
// commit. Whatever refuses the input takes the rows back.
#include "patient/intake.h"

#include <algorithm>
#include <map>
#include <optional>

#include "patient/id_set.h"
#include "patient/input_again.h"
#include "patient/input_faults.h"
#include "patient/input_format.h"
#include "patient/input_pump.h"
#include "patient/input_records.h"
#include "patient/input_suits.h"
#include "patient/job_name.h"
#include "patient/line_checker.h"
#include "patient/needs.h"
#include "patient/price_bound.h"
#include "patient/repeated_ids.h"
#include "patient/row_spool.h"
#include "wire/json_fault.h"
#include "wire/utf8.h"

namespace twolane::patient {
namespace {

constexpr int64_t rows_at_once = 4096;

// The error as one line of --skip-invalid keeps it.
std::string reason_json(const Error& e) {
  wire::Json out = {{"code", e.code}, {"message", e.message}};
  if (!e.where.field.empty()) out["field"] = e.where.field;
  if (!e.where.custom_id.empty()) out["custom_id"] = e.where.custom_id;
  out["line"] = e.where.line;
  if (e.where.column > 0) out["column"] = e.where.column;
  if (!e.why.empty()) out["why"] = e.why;
  return wire::dump(out);
}

class Intake {
 public:
  Intake(const std::string& path, const IntakeOptions& options, Job& job, SegmentId segment,
         const std::string& home, store::Store& store, store::Payloads& payloads, bool dry_run)
      : path_(path),
        options_(options),
        job_(job),
        segment_id_(segment),
        home_(home),
        store_(store),
        payloads_(payloads),
        dry_run_(dry_run),
        ids_(home),
        spool_(home),
        repeats_(path_, options_.input, spool_),
        needs_(path_, options_.input, spool_, home_) {}

  Result<Checked> run();
  // A copy on a disk of the store's own making is removed unless the job was committed.
  Status clean_up(bool committed);

 private:
  Status open();
  Status tell_format();
  Status read_columns();
  Status read_records();
  Status take(const Record& record);
  Status refuse(Error error, const Record& record);
  Error placed(Error error, const Record& record) const;
  Error where_not_utf8(Error error, const Record& record) const;
  Result<bool> exists();
  Result<std::optional<Error>> refusal();
  Status total_up();
  int32_t level_of(int32_t shape, int32_t steps_after, std::vector<Shape>& shapes);
  Status commit();
  Status begin_rows();
  Status add_row(int64_t index, const RowSpool::Entry& entry, std::string_view reason);
  Status add_rows_again();
  Status flush_rows();

  // Walks the spool; the reason is empty for good lines.
  Status each_row(
      const std::function<Status(int64_t, const RowSpool::Entry&, std::string_view)>& take);

  const std::string path_;
  IntakeOptions options_;
  Job& job_;
  const SegmentId segment_id_;
  const std::string home_;
  store::Store& store_;
  store::Payloads& payloads_;
  const bool dry_run_;

  std::unique_ptr<InputPump> pump_;
  std::unique_ptr<store::Segment> segment_;  // the copy, where `home` names no directory
  std::unique_ptr<InputBlocks> blocks_;
  std::unique_ptr<RecordReader> records_;
  std::unique_ptr<LineChecker> checker_;
  std::unique_ptr<store::Acceptance> acceptance_;  // null once the rows are known to be in vain
  std::vector<RequestRow> rows_;                    // not yet in it
  IdSet ids_;
  RowSpool spool_;
  InputFaults faults_;
  RepeatedIds repeats_;
  Needs needs_;
  std::map<std::pair<int32_t, int32_t>, int32_t> levels_;  // shapes where lines come after others, by
                                                           // the checker's and their steps after
  int64_t count_ = 0;  // records so far
  bool stop_ = false;  // what follows cannot be read
  bool adds_levels_ = false;  // rows are added whose chains are known
  Checked out_;
};

Status Intake::open() {
  if (path_ == "-")
    return fail(input_error("input.file", "standard input cannot be a job's input",
                            "the same command must find the same bytes again to go on",
                            "write it to a file first"));
  std::string copy_to;
  if (!dry_run_) CHECKED(payloads_.prepare());
  if (!dry_run_ && !home_.empty()) copy_to = home_ + "/payloads/" + segment_id_.hex();
  pump_ = TRY(InputPump::open(path_, copy_to, options_.sealed));
  std::function<Status(std::string_view)> tap;
  if (!dry_run_ && home_.empty()) {
    segment_ = TRY(payloads_.create(segment_id_));
    tap = [this](std::string_view block) -> Status {
      CHECKED(segment_->append(block));
      return {};
    };
  }
  blocks_ = std::make_unique<InputBlocks>(*pump_, std::move(tap));
  return {};
}

Status Intake::tell_format() {
  const std::string_view beginning = TRY(blocks_->peek());
  const bool prompt = !options_.input.prompt.empty();
  if (!options_.format_fixed) options_.input.format = TRY(detect_format(beginning, path_, prompt));
  if (options_.format_fixed && beginning.empty())
    CHECKED(detect_format(beginning, path_, prompt));  // empty, and says so
  records_ = record_reader(options_.input.format, *blocks_, options_.max_line_bytes);
  options_.input.columns.clear();
  if (options_.input.format == InputFormat::jsonl_rows) CHECKED(read_columns());
  if (options_.input.format == InputFormat::csv_rows) {
    const auto header = TRY(records_->next());
    if (!header)
      return fail(input_error("input.empty", "the input is empty", "it holds no request",
                              "check the path, and whatever writes the file"));
    if (header->fault) {
      Error e = *header->fault;
      e.code = "input.format";
      return fail(std::move(e));
    }
    options_.input.columns.assign(header->fields.begin(), header->fields.end());
    for (const std::string& column : options_.input.columns)
      if (!wire::is_utf8(column))
        return fail(input_error("input.utf8", "the header is not UTF-8",
                                "its bytes are no characters",
                                "convert it: iconv -f LATIN1 -t UTF-8 FILE > FILE.utf8"));
  }
  CHECKED(suits_format(options_.input));
  checker_ = std::make_unique<LineChecker>(options_.input, options_.see);
  return dry_run_ ? Status() : begin_rows();
}

// The members of the first row stand for the columns of all; a row with others is nothing special.
Status Intake::read_columns() {
  std::string_view line = TRY(blocks_->peek());
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r\n"), line.size()));
  line = line.substr(0, line.find('\n'));
  Row row;
  if (row.read_json(line)) options_.input.columns = row.names();
  return {};
}

Error Intake::placed(Error e, const Record& record) const {
  e.where.file = path_;
  if (e.where.line > 0) {
    if (e.where.line == 1 && e.where.column > 0) e.where.column += record.column - 1;
    e.where.line += record.line - 1;
  } else {
    e.where.line = record.line;
  }
  if (e.code == "input.json" || e.code == "input.utf8" || e.code == "input.too_long") {
    const std::string_view the_line = is_rows(options_.input.format) ? "the row" : "the line";
    if (e.message.starts_with(the_line) || e.message.starts_with("the line"))
      e.message = "line " + grouped(e.where.line) + e.message.substr(e.message.find(' ', 4));
    if (e.why.empty()) e.why = "one bad line sinks a whole provider batch";
  }
  return e;
}

// The fields of a CSV record do not tell which of the file's bytes they came from.
Error Intake::where_not_utf8(Error error, const Record& record) const {
  if (error.where.column > 0) return error;
  const auto bytes = read_again(path_, record.offset, record.length);
  const auto fault = bytes ? wire::find_utf8_fault(*bytes) : std::nullopt;
  if (!fault) return error;
  Error e = wire::error_at(error.code, error.message, *bytes, *fault, error.why);
  e.next = std::move(error.next);
  return e;
}

Status Intake::refuse(Error error, const Record& record) {
  const std::string reason = options_.skip_invalid ? reason_json(error) : std::string();
  RowSpool::Entry entry;
  entry.offset = record.offset;
  entry.line = error.where.line;
  faults_.add(std::move(error));
  if (options_.skip_invalid)
    CHECKED(add_row(count_ - 1, entry, reason));
  else
    acceptance_.reset();
  return spool_.set_aside(entry.offset, entry.line, reason);
}

Status Intake::take(const Record& record) {
  const int64_t index = count_++;
  if (record.too_long) {
    stop_ = !options_.skip_invalid;
    return refuse(
        placed(input_error(
                   "input.too_long",
                   "the line is longer than " + grouped(options_.max_line_bytes >> 20) + " MB",
                   stop_ ? "no provider takes a request of that size; nothing behind it was read"
                         : "no provider takes a request of that size",
                   "check whether a line break is missing"),
               record),
        record);
  }
  if (record.fault) {
    Error e = *record.fault;  // its place is in the file already
    e.where.file = path_;
    if (options_.input.format == InputFormat::csv_rows) {
      e.code = record.length > options_.max_line_bytes ? "input.too_long" : "input.format";
    } else {
      e.code = "input.json";
      e.message = "line " + grouped(e.where.line) + " is not JSON";
      stop_ = true;  // where the next element would begin is anybody's guess
    }
    if (e.next.empty()) e.next = {"fix it, or add --skip-invalid"};
    return refuse(std::move(e), record);
  }
  auto checked = checker_->check(record);
  if (!checked && checked.error().code == "input.utf8" && !faults_.any())
    checked = fail(where_not_utf8(std::move(checked).error(), record));
  if (!checked) return refuse(placed(std::move(checked).error(), record), record);
  if (!checked->custom_id.empty()) CHECKED(ids_.add(checked->custom_id, index));
  if (!checked->after.empty()) CHECKED(needs_.add(index, checked->after));
  RowSpool::Entry entry;
  entry.offset = record.offset;
  entry.length = static_cast<int32_t>(record.length);
  entry.line = record.line;
  entry.shape = checked->shape;
  entry.input_bound = checked->input_bound;
  entry.output_bound = checked->output_bound;
  CHECKED(add_row(index, entry, {}));
  return spool_.add(entry);
}

Status Intake::read_records() {
  while (!stop_ && (options_.limit < 0 || count_ < options_.limit)) {
    const auto record = TRY(records_->next());
    if (!record) break;
    CHECKED(take(*record));
  }
  if (stop_) return fail(faults_.report(count_));
  CHECKED(blocks_->drain());
  if (count_ > 0) return {};
  const bool header = options_.input.format == InputFormat::csv_rows;
  return fail(input_error(
      "input.empty", header ? "the input has a header and no rows" : "the input is empty",
      options_.limit == 0 ? "--limit 0 takes none of it" : "it holds no request",
      "check the path, and whatever writes the file"));
}

Status Intake::each_row(
    const std::function<Status(int64_t, const RowSpool::Entry&, std::string_view)>& take) {
  RowSpool::Reader reader(spool_);
  std::string reason;
  repeats_.rewind();
  needs_.rewind();
  for (int64_t index = 0; index < spool_.size(); ++index) {
    const RowSpool::Entry entry = TRY(reader.next(reason));
    if (entry.shape >= 0) {
      if (const auto repeat = TRY(repeats_.of(index))) reason = reason_json(*repeat);
      else if (const auto fault = TRY(needs_.of(index))) reason = reason_json(*fault);
    }
    CHECKED(take(index, entry, reason));
  }
  return {};
}

// Requests with more steps behind them are more urgent, and a shape is what is placed together: where
// lines come after others, each length of chain has shapes of its own.
int32_t Intake::level_of(int32_t shape, int32_t steps_after, std::vector<Shape>& shapes) {
  if (!needs_.any()) return shape;
  const auto next = static_cast<int32_t>(shapes.size());
  const auto [known, fresh] = levels_.try_emplace({shape, steps_after}, next);
  if (fresh) {
    Shape level = checker_->book().shapes()[static_cast<size_t>(shape)];
    level.number = next;
    level.steps_after = steps_after;
    level.requests = 0;
    shapes.push_back(std::move(level));
  }
  return known->second;
}

Status Intake::total_up() {
  PriceBound bound;
  std::vector<Shape> shapes;
  if (!needs_.any()) shapes = checker_->book().shapes();
  for (Shape& s : shapes) s.requests = 0;
  const auto count = [&](int64_t index, const RowSpool::Entry& row, std::string_view reason) -> Status {
    if (!reason.empty()) {
      ++out_.invalid;
      return {};
    }
    const int32_t shape = level_of(row.shape, needs_.steps_after(index), shapes);
    ++shapes[static_cast<size_t>(shape)].requests;
    bound.add(shape, row.input_bound, row.output_bound);
    return {};
  };
  CHECKED(each_row(count));
  // An answer is no longer than its request's limit, wherever it goes.
  CHECKED(needs_.each_use([&](int64_t needed, int64_t index, int32_t uses) -> Status {
    const RowSpool::Entry from = TRY(spool_.at(needed)), to = TRY(spool_.at(index));
    bound.add(level_of(to.shape, needs_.steps_after(index), shapes), uses * from.output_bound, 0);
    return {};
  }));
  out_.requests = count_;
  out_.input_bytes = pump_->bytes();
  out_.input_tokens_estimated = checker_->input_tokens_estimated();
  out_.shapes = shapes;
  auto batch = bound.sum(shapes, ServiceTier::batch, job_.accepted),
       list = bound.sum(shapes, ServiceTier::standard, job_.accepted);
  if (job_.cap && !batch) return fail(batch.error());
  out_.batch_bound = batch.value_or(PicoUsd{});
  out_.list_bound = list.value_or(PicoUsd{});
  out_.price_known = batch && list;
  return {};
}

Result<bool> Intake::exists() {
  out_.id = name_job(job_.world, pump_->digest(), options_.input, options_.salt, options_.limit);
  job_.id = out_.id;
  out_.existed = TRY(store_.job(out_.id)).has_value();
  return out_.existed;
}

Status Intake::begin_rows() {
  acceptance_ = TRY(store_.accept(JobId{segment_id_.n}));  // its name is not known yet
  rows_.reserve(rows_at_once);
  return {};
}

Status Intake::add_row(int64_t index, const RowSpool::Entry& entry, std::string_view reason) {
  if (!acceptance_) return {};
  RequestRow row;
  row.index = index;
  row.offset = entry.offset;
  row.line = entry.line;
  if (!reason.empty()) {
    row.state = RequestState::failed;
    return acceptance_->add_refused(row, reason);
  }
  row.length = entry.length;
  row.shape = entry.shape;
  if (adds_levels_) {
    row.shape = levels_.at({entry.shape, needs_.steps_after(index)});
    if (needs_.waits(index)) row.state = RequestState::waiting;
  }
  row.input_bound = entry.input_bound;
  row.output_bound = entry.output_bound;
  rows_.push_back(row);
  return static_cast<int64_t>(rows_.size()) < rows_at_once ? Status() : flush_rows();
}

Status Intake::flush_rows() {
  CHECKED(acceptance_->add(rows_));
  rows_.clear();
  return {};
}

// Repeated ids, and what comes after what, are known only when all were read.
Status Intake::add_rows_again() {
  acceptance_.reset();
  rows_.clear();
  adds_levels_ = needs_.any();
  CHECKED(begin_rows());
  CHECKED(each_row([this](int64_t index, const RowSpool::Entry& entry, std::string_view reason) {
    return add_row(index, entry, reason);
  }));
  if (!needs_.any()) return {};
  return needs_.each([this](std::span<const store::Need> needs) { return acceptance_->add(needs); });
}

// Rows name bytes, so the bytes are durable first.
Status Intake::commit() {
  if (repeats_.any() || needs_.any()) CHECKED(add_rows_again());
  CHECKED(flush_rows());
  CHECKED(segment_ ? segment_->sync() : pump_->sync_copy());
  CHECKED(acceptance_->commit(job_, out_.shapes));
  pump_->keep_copy();
  return {};
}

// Of the whole input: the fault that comes first in it, unless bad lines are set aside and some are good.
Result<std::optional<Error>> Intake::refusal() {
  std::optional<Error> first;
  int64_t first_line = 0;
  const auto consider = [&](int64_t line, auto&& report) -> Status {
    if (first && first_line <= line) return {};
    first_line = line;
    first = TRY(report());
    return {};
  };
  const bool nothing_good = faults_.lines() + needs_.faults() == count_;
  if (options_.skip_invalid && !nothing_good) return first;
  if (faults_.any())
    CHECKED(consider(faults_.first_line(), [&]() -> Result<Error> { return faults_.report(count_); }));
  if (needs_.faults() > 0)
    CHECKED(consider(TRY(needs_.first_line()), [&] { return needs_.report(); }));
  if (repeats_.any() && !options_.skip_invalid)
    CHECKED(consider(TRY(repeats_.first_line()), [&] { return repeats_.report(); }));
  return first;
}

Result<Checked> Intake::run() {
  CHECKED(open());
  CHECKED(tell_format());
  CHECKED(read_records());
  CHECKED(repeats_.find(ids_, options_.skip_invalid));
  CHECKED(needs_.resolve(ids_, repeats_, count_, options_.skip_invalid));
  job_.input = segment_id_;
  job_.requests = count_;
  job_.format = options_.input.format;
  job_.options = to_json(options_.input);
  // What was accepted before is not judged again by other rules.
  const bool known = TRY(exists());
  if (!known)
    if (auto refused = TRY(refusal())) return fail(*std::move(refused));
  CHECKED(total_up());
  if (out_.invalid > 0)
    out_.first_invalid = faults_.any()      ? faults_.report(count_)
                         : repeats_.any()   ? TRY(repeats_.report())
                                            : TRY(needs_.report());
  if (!known && !dry_run_) CHECKED(commit());
  return out_;
}

Status Intake::clean_up(bool committed) {
  if (!segment_ || committed) return {};
  segment_.reset();
  return payloads_.remove(segment_id_);
}

}  // namespace

Result<Checked> take_in(const std::string& path, const IntakeOptions& options, Job& job,
                        SegmentId fresh_segment, const std::string& home, store::Store& store,
                        store::Payloads& payloads, bool dry_run) {
  Intake intake(path, options, job, fresh_segment, home, store, payloads, dry_run);
  auto checked = intake.run();
  CHECKED(intake.clean_up(checked && !checked->existed && !dry_run));
  if (checked) return checked;
  Error e = std::move(checked).error();
  if (e.where.file.empty() && e.code != "store.io") e.where.file = path;
  return fail(std::move(e));
}

}  // namespace twolane::patient
