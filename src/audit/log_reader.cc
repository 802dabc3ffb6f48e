// From bytes to records: lines of JSON, JSON in any other arrangement, or CSV, by the file's beginning.
#include <algorithm>

#include "audit/columns.h"
#include "audit/json_documents.h"
#include "audit/reader.h"
#include "audit/record_reader.h"
#include "wire/csv.h"
#include "wire/jsonl.h"

namespace twolane::audit {
namespace {

constexpr size_t beginning_bytes = 1 << 20;  // looked at before the framing is chosen
constexpr size_t padding = simdjson::SIMDJSON_PADDING;

enum class Framing : uint8_t { undecided, lines, documents, csv };

std::string_view without_mark(std::string_view bytes) {
  return bytes.starts_with("\xEF\xBB\xBF") ? bytes.substr(3) : bytes;
}

// One object on the first line, and more lines or the end after it.
bool is_lines(std::string_view bytes) {
  const size_t from = bytes.find_first_not_of(" \t\r\n");
  if (from == bytes.npos || bytes[from] != '{') return false;
  const std::string_view line = bytes.substr(from, std::min(bytes.find('\n', from), bytes.size()) - from);
  const std::string copy = std::string(line) + std::string(padding, '\0');
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (!open_json(parser, std::string_view(copy).substr(0, line.size()), document) ||
      document.get_object().get(object) != simdjson::SUCCESS)
    return false;
  return each_member(object, [](std::string_view, ondemand::value&) { return true; });
}

Framing framing_of(std::string_view bytes, bool all) {
  bytes = without_mark(bytes);
  const size_t from = bytes.find_first_not_of(" \t\r\n");
  if (from == bytes.npos) return all ? Framing::lines : Framing::undecided;
  if (bytes[from] != '{' && bytes[from] != '[') {
    // A broken first line does not make a file of JSON lines CSV.
    const size_t next = bytes.find("\n{");
    if (next != bytes.npos && is_lines(bytes.substr(next + 1))) return Framing::lines;
    return Framing::csv;
  }
  if (is_lines(bytes)) return Framing::lines;
  if (bytes[from] == '{' && bytes.find("\n{\"", from) != bytes.npos && bytes.find('\n', from) != bytes.npos &&
      is_lines(bytes.substr(bytes.find("\n{\"", from) + 1)))
    return Framing::lines;
  return Framing::documents;
}

char delimiter_of(std::string_view bytes) {
  const std::string_view header = bytes.substr(0, bytes.find('\n'));
  char best = ',';
  for (const char c : {'\t', ';'})
    if (std::count(header.begin(), header.end(), c) > std::count(header.begin(), header.end(), best)) best = c;
  return best;
}

}  // namespace

class LogReader::Work {
 public:
  Work(std::string name, std::shared_ptr<const Columns> columns, Lengths& lengths, Sink& sink)
      : records_(std::move(columns), lengths, sink, read_) {
    read_.name = std::move(name);
  }

  Status feed(std::string_view piece) {
    read_.bytes += static_cast<int64_t>(piece.size());
    if (framing_ != Framing::undecided) return frame(piece);
    head_.append(piece);
    return head_.size() < beginning_bytes ? Status{} : begin(false);
  }

  Status finish() {
    if (framing_ == Framing::undecided) CHECKED(begin(true));
    CHECKED(finish_frame());
    return records_.finish();
  }

  const FileRead& read() const { return read_; }

 private:
  Status begin(bool all) {
    framing_ = framing_of(head_, all);
    if (framing_ == Framing::undecided) framing_ = Framing::lines;
    if (framing_ == Framing::csv) csv_.emplace(max_record_bytes, delimiter_of(head_));
    const std::string head = std::move(head_);
    head_ = {};
    return frame(framing_ == Framing::documents ? without_mark(head) : std::string_view(head));
  }

  Status frame(std::string_view piece) {
    piece_ = piece;
    if (framing_ == Framing::lines) {
      lines_.feed(piece);
      while (const auto line = lines_.next()) CHECKED(take(*line));
    } else if (framing_ == Framing::documents) {
      documents_.feed(piece);
      while (const auto document = documents_.next()) CHECKED(take(*document));
    } else {
      csv_->feed(piece);
      while (const auto record = csv_->next()) CHECKED(take(*record));
    }
    return {};
  }

  Status finish_frame() {
    piece_ = {};
    if (framing_ == Framing::lines) {
      if (const auto line = lines_.finish()) CHECKED(take(*line));
    } else if (framing_ == Framing::documents) {
      if (const auto document = documents_.finish()) CHECKED(take(*document));
    } else if (const auto record = csv_->finish()) {
      CHECKED(take(*record));
    }
    return {};
  }

  // The text with room behind it: in place, unless it ends near the end of its piece.
  std::string_view padded(std::string_view text) {
    const char* begin = text.data();
    const char* end = begin + text.size();
    if (begin >= piece_.data() && end <= piece_.data() + piece_.size() &&
        static_cast<size_t>(piece_.data() + piece_.size() - end) >= padding)
      return text;
    copy_.assign(text);
    copy_.append(padding, '\0');
    return std::string_view(copy_).substr(0, text.size());
  }

  Status take(const wire::Line& line) {
    if (line.text.find_first_not_of(" \t") == line.text.npos) return {};
    if (line.too_long) return set_aside("too_long", "a record of more than 64 MiB", line.number, line.text);
    return records_.json(padded(line.text), line.number);
  }

  Status take(const JsonDocument& d) {
    if (d.too_long) return set_aside("too_long", "a record of more than 64 MiB", d.line, d.text);
    if (d.cut) return set_aside("cut", "JSON that breaks off, or text that is none", d.line, d.text);
    return records_.json(padded(d.text), d.line);
  }

  Status take(const wire::CsvRecord& r) {
    if (r.fault != nullptr) return set_aside("csv", r.fault->message, r.line, {});
    if (header_read_) {
      records_.row(r.fields, r.line);
      return {};
    }
    header_read_ = true;
    return records_.header(r.fields);
  }

  Status set_aside(std::string_view code, std::string_view reason, int64_t line, std::string_view text) {
    ++read_.records;
    records_.bad(code, reason, line, text);
    return {};
  }

  FileRead read_;
  RecordReader records_;
  Framing framing_ = Framing::undecided;
  std::string head_, copy_;
  std::string_view piece_;
  wire::LineSplitter lines_{max_record_bytes};
  JsonDocuments documents_{max_record_bytes};
  std::optional<wire::CsvReader> csv_;
  bool header_read_ = false;
};

bool serves_others(std::string_view beginning) {
  return without_mark(beginning).substr(0, beginning.find('\n')).find("\"token_length\"") != beginning.npos;
}

LogReader::LogReader(std::string name, std::shared_ptr<const Columns> columns, Lengths& lengths, Sink& sink)
    : work_(std::make_unique<Work>(std::move(name), std::move(columns), lengths, sink)) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;

Status LogReader::feed(std::string_view piece) { return work_->feed(piece); }
Status LogReader::finish() { return work_->finish(); }
const FileRead& LogReader::read() const { return work_->read(); }

}  // namespace twolane::audit
