// Finding formats, and reading records by them.
#include "audit/record_reader.h"

#include <algorithm>

#include "audit/columns.h"
#include "audit/json_documents.h"
#include "audit/trace_reader.h"
#include "audit/values.h"

namespace twolane::audit {
namespace {

constexpr int64_t patience = 1000;     // records of no known format before giving up
constexpr size_t longest_excerpt = 120;
constexpr size_t names_shown = 12;

std::vector<std::string_view> members_of(ondemand::object object) {
  std::vector<std::string_view> names;
  each_member(object, [&](std::string_view name, ondemand::value&) {
    names.push_back(name);
    return true;
  });
  return names;
}

}  // namespace

int64_t FileRead::bad() const {
  int64_t n = 0;
  for (const Fault& f : faults) n += f.count;
  return n;
}

void RecordReader::bad(std::string_view code, std::string_view reason, int64_t line, std::string_view excerpt) {
  auto found = std::find_if(read_.faults.begin(), read_.faults.end(), [&](const Fault& f) { return f.code == code; });
  if (found == read_.faults.end()) {
    Fault f;
    f.code = code;
    f.reason = reason;
    f.line = line;
    f.excerpt = excerpt.substr(0, longest_excerpt);
    found = read_.faults.insert(read_.faults.end(), std::move(f));
  }
  ++found->count;
}

// --- which format

void RecordReader::use(const FormatSpec& spec) {
  spec_ = &spec;
  read_.format = spec.format;
  if (spec.format == Format::columns) return;
  tree_ = std::make_unique<FieldTree>(spec.fields);
  if (spec.shape == Shape::spans) spans_ = std::make_unique<SpanReader>(spec, *tree_);
  else rows_ = std::make_unique<RowReader>(*tree_);
}

// A user's columns count before what a record looks like, wherever all of them are there.
bool RecordReader::choose(std::span<const std::string_view> names) {
  const auto there = [&](const std::string& wanted) { return std::find(names.begin(), names.end(), wanted) != names.end(); };
  if (columns_ && std::all_of(columns_->wanted.begin(), columns_->wanted.end(), there)) {
    columns_spec_ = spec_of(Format::columns);
    columns_spec_.cached = columns_->cached;
    zone_ = columns_->zone;
    use(columns_spec_);
    rows_ = std::make_unique<RowReader>(columns_->tree);
    return true;
  }
  const FormatSpec* found = recognise(names);
  if (found != nullptr) use(*found);
  return found != nullptr;
}

std::unexpected<Error> RecordReader::unknown() const {
  Error e;
  e.code = "audit.unknown_format";
  e.message = "no log format that is known";
  e.where.file = read_.name;
  if (seen_.empty() || (seen_.size() == 1 && !columns_ && csv_names_.size() == 1)) {
    e.why = seen_.empty() ? "it has no record" : "it is neither JSON, JSON lines, nor CSV with a header";
    e.next = {"give a log or an export: JSON, JSONL or CSV, plain, gzip or zstd"};
    return fail(std::move(e));
  }
  std::string names;
  for (size_t i = 0; i < std::min(seen_.size(), names_shown); ++i) names.append(i > 0 ? ", " : "").append(seen_[i]);
  if (seen_.size() > names_shown) names += ", ...";
  if (columns_) {
    std::string missing;
    for (const auto& wanted : columns_->wanted)
      if (std::find(seen_.begin(), seen_.end(), wanted) == seen_.end())
        missing.append(missing.empty() ? "" : ", ").append(wanted);
    e.code = "audit.columns";
    e.message = "--columns names what is not there: " + missing;
  }
  e.why = "its records have " + names;
  const std::vector<std::string_view> views(seen_.begin(), seen_.end());
  auto suggested = suggested_columns(views);
  if (suggested.empty()) suggested = "time=...,model=...,input=...,output=...";
  e.next = {"say which column holds what: --columns " + suggested};
  return fail(std::move(e));
}

// --- JSON

Status RecordReader::json(std::string_view json, int64_t line) { return json_at(json, line, 0); }

// {"data":[...]} as a record of its own (a page on each line), or CloudWatch's {"message":"{...}"}.
bool RecordReader::open_envelope(std::string_view json, int64_t line, size_t depth, Status& status) {
  ondemand::document document;
  ondemand::object object;
  if (depth + 1 >= parsers_.size() || !open_json(parsers_[depth], json, document) ||
      document.get_object().get(object) != simdjson::SUCCESS)
    return false;
  bool opened = false;
  each_member(object, [&](std::string_view name, ondemand::value& v) {
    ondemand::json_type type;
    if (v.type().get(type) != simdjson::SUCCESS) return false;
    if (name == "message" && type == ondemand::json_type::string) {
      std::string_view text;
      if (v.get_string().get(text) != simdjson::SUCCESS || !looks_like_json(text)) return true;
      opened = true;
      status = json_at(text, line, depth + 1);
      return false;
    }
    ondemand::array array;
    if (!is_envelope(name) || type != ondemand::json_type::array || v.get_array().get(array) != simdjson::SUCCESS)
      return true;
    opened = true;
    each_element(array, [&](ondemand::value& element) {
      const auto raw = raw_of(element);
      if (raw.starts_with('{')) status = json_at(raw, line, depth + 1);
      return status.has_value();
    });
    return false;
  });
  return opened;
}

Status RecordReader::json_at(std::string_view json, int64_t line, size_t depth) {
  Status status;
  if (enveloped_ && depth + 1 < parsers_.size() && open_envelope(json, line, depth, status)) return status;
  ondemand::document document;
  ondemand::object object;
  if (!open_json(parsers_[depth], json, document) || document.get_object().get(object) != simdjson::SUCCESS) {
    ++read_.records;
    bad("json", "not a JSON object", line, json);
    return {};
  }
  if (spec_ == nullptr) {
    const auto names = members_of(object);
    if (names.empty() || !choose(names)) {
      const std::vector<std::string> kept(names.begin(), names.end());
      if (open_envelope(json, line, depth, status)) {
        enveloped_ = true;
        return status;
      }
      ++read_.records;
      if (names.empty()) bad("json", "not a JSON object", line, json);
      else bad("unknown", "a record of no known format", line, json);
      if (seen_.empty()) seen_ = kept;
      return ++strangers_ < patience ? Status{} : Status(unknown());
    }
    if (!open_json(parsers_[depth], json, document) || document.get_object().get(object) != simdjson::SUCCESS)
      return {};
  }
  read_record(document, object, json, line);
  return {};
}

void RecordReader::read_record(ondemand::document& document, ondemand::object object, std::string_view json,
                               int64_t line) {
  FieldFault fault;
  if (spec_->shape == Shape::spans) {
    const bool read = spans_->read(object, json, draft_, [&](Draft&, FieldFault of_span) {
      ++read_.records;
      give(of_span, line, json);
    });
    if (read && document.is_alive()) return;
    ++read_.records;
    return bad("json", "not a JSON object", line, json);
  }
  ++read_.records;
  if (spec_->shape == Shape::buckets) return read_bucket(object, json, line);
  if (spec_->format == Format::ragpulse_lengths) {
    fault = read_length(object, lengths_);
    if (fault) bad(fault.code, fault.reason, line, json);
    else ++read_.passed;
    return;
  }
  draft_.begin(*spec_, zone_);
  fault = spec_->shape == Shape::own ? read_own(object) : rows_->read(object, draft_);
  // An error inside of a record ends the reading of all of it, silently.
  if (!fault && !document.is_alive()) fault = {"json", "not a JSON object"};
  if (!fault && document.current_location().error() == simdjson::SUCCESS) fault = {"json", "more than one JSON value in a record"};
  give(fault, line, json);
}

void RecordReader::read_bucket(ondemand::object object, std::string_view json, int64_t line) {
  int64_t given = 0;
  const bool anthropic = spec_->format == Format::anthropic_usage;
  const auto fault = buckets_.read(object, anthropic, [&](const Bucket& b) {
    ++given;
    read_.format = b.format;
    sink_.bucket(b);
  });
  read_.buckets += given;
  if (fault) bad(fault.code, fault.reason, line, json);
  else if (given > 0) ++read_.bucket_records;
  else ++read_.passed;
}

FieldFault RecordReader::read_own(ondemand::object object) {
  rows_->clear_fault();
  ids_.clear();
  FieldFault ids_fault;
  int64_t input = 0;
  const bool read = each_member(object, [&](std::string_view name, ondemand::value& v) {
    if (name != "hash_ids") {
      if (name == "input_length") input = read_count(token_of(v)).value_or(0);
      rows_->set(name, v, draft_);
    } else if (spec_->format == Format::mooncake) {
      ids_fault = read_mooncake_ids(v, ids_);
    } else {
      ids_fault = read_ragpulse_ids(v, lengths_, draft_.blocks());
    }
    return true;
  });
  if (!read) return {"json", "not a JSON object"};
  if (ids_fault) return ids_fault;
  if (rows_->fault()) return rows_->fault();
  if (spec_->format == Format::mooncake) put_mooncake_blocks(ids_, input, draft_.blocks());
  return {};
}

void RecordReader::give(FieldFault fault, int64_t line, std::string_view excerpt) {
  if (fault) return bad(fault.code, fault.reason, line, excerpt);
  if (!draft_.finish(call_)) {
    ++read_.passed;
    return;
  }
  ++read_.calls;
  if (!call_.start) ++read_.without_time;
  if (!call_.usage) ++read_.without_tokens;
  sink_.call(call_);
}

// --- CSV

Status RecordReader::header(std::span<const std::string_view> names) {
  seen_.assign(names.begin(), names.end());
  csv_names_ = seen_;
  if (!choose(names)) return unknown();
  if (spec_->shape == Shape::own && spec_->format != Format::servegen) return unknown();
  if (spec_->shape == Shape::spans || spec_->shape == Shape::buckets) return unknown();
  rows_->header(names);
  return {};
}

void RecordReader::own_row(std::span<const std::string_view> fields, int64_t line) {
  const auto of = [&](std::string_view name) {
    const auto at = std::find(csv_names_.begin(), csv_names_.end(), name) - csv_names_.begin();
    return static_cast<size_t>(at) < fields.size() ? fields[static_cast<size_t>(at)] : std::string_view{};
  };
  Bucket bucket;
  const auto fault = read_servegen(of("client"), of("start_s"), of("rate_rps"), bucket);
  if (fault) return bad(fault.code, fault.reason, line, fields.empty() ? "" : fields[0]);
  ++read_.bucket_records;
  ++read_.buckets;
  sink_.bucket(bucket);
}

void RecordReader::row(std::span<const std::string_view> fields, int64_t line) {
  ++read_.records;
  if (spec_->shape == Shape::own) return own_row(fields, line);
  draft_.begin(*spec_, zone_);
  const auto fault = rows_->read(fields, draft_);
  give(fault, line, fields.empty() ? std::string_view{} : std::string_view(fields[0]));
}

Status RecordReader::finish() {
  if (spec_ == nullptr) return unknown();
  return {};
}

}  // namespace twolane::audit
