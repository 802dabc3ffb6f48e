// The reader frames records first (where does this one end?) and splits them into fields after; the
// second half also reads single records that were found again by their offset.
#include "wire/csv.h"

#include <algorithm>

#include "wire/json_fault.h"

namespace twolane::wire {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
}  // namespace

std::optional<CsvRecord> CsvReader::next() {
  if (carried_given_) {
    carried_.clear();
    carried_given_ = false;
  }
  while (!piece_.empty()) {
    const auto end = find_end();
    if (!end) {
      carry(piece_);
      piece_ = {};
      return std::nullopt;
    }
    const std::string_view bytes = piece_.substr(0, *end);
    piece_.remove_prefix(*end + 1);
    const bool crossed = carried_length_ > 0;
    if (crossed) carry(bytes);
    if (auto record = make_record(crossed ? carried_ : bytes, crossed, true)) return record;
  }
  return std::nullopt;
}

std::optional<CsvRecord> CsvReader::finish() {
  if (carried_given_ || carried_length_ == 0) return std::nullopt;
  return make_record(carried_, true, false);
}

// The index in `piece_` of the line end that ends the record.
std::optional<size_t> CsvReader::find_end() {
  for (size_t i = 0; i < piece_.size(); ++i) {
    const char c = piece_[i];
    if (state_ == State::quoted) {
      if (c == '"') state_ = State::quote_in_quoted;
      if (c == '\n') ++lines_inside_;
    } else if (c == '\n') {
      state_ = State::field_start;
      return i;
    } else if (c == delimiter_) {
      state_ = State::field_start;
    } else if (c == '"' && state_ != State::plain) {
      state_ = State::quoted;  // an opening quote, or the second of a doubled one
    } else if (rows_ == 0 && state_ == State::field_start &&
               static_cast<unsigned char>(c) >= 0x80) {
      // Perhaps the byte order mark, which does not end the beginning of the first field.
      const int64_t place = carried_length_ + static_cast<int64_t>(i);
      if (place > 2 || c != byte_order_mark[static_cast<size_t>(place)]) state_ = State::plain;
    } else {
      state_ = State::plain;
    }
  }
  return std::nullopt;
}

void CsvReader::carry(std::string_view bytes) {
  const size_t room = limit_ + 1 + byte_order_mark.size() - carried_.size();
  if (bytes.empty()) return;
  carried_.append(bytes.substr(0, room));
  carried_length_ += static_cast<int64_t>(bytes.size());
  carried_last_ = bytes.back();
}

std::optional<CsvRecord> CsvReader::make_record(std::string_view bytes, bool crossed, bool ended) {
  CsvRecord record;
  record.line = line_;
  record.offset = offset_;
  const int64_t whole = crossed ? carried_length_ : static_cast<int64_t>(bytes.size());
  record.length = whole;
  const char last = crossed ? carried_last_ : (bytes.empty() ? '\0' : bytes.back());
  const bool unclosed = !ended && state_ == State::quoted;
  offset_ += whole + (ended ? 1 : 0);
  line_ += lines_inside_ + (ended ? 1 : 0);
  lines_inside_ = 0;
  carried_given_ = crossed;
  carried_length_ = 0;

  if (rows_ == 0 && bytes.starts_with(byte_order_mark)) {
    bytes.remove_prefix(byte_order_mark.size());
    record.offset += static_cast<int64_t>(byte_order_mark.size());
    record.length -= static_cast<int64_t>(byte_order_mark.size());
  }
  if (last == '\r' && !unclosed) {
    --record.length;
    bytes = bytes.substr(0, static_cast<size_t>(record.length));
  }
  if (record.length == 0) {  // a blank line
    carried_.clear();
    carried_given_ = false;
    return std::nullopt;
  }
  record.row = ++rows_;
  if (record.length > static_cast<int64_t>(limit_)) {
    fault_ = error_at("wire.csv", "this record is too long", bytes, 0,
                      "longer than " + std::to_string(limit_) + " bytes");
  } else if (auto split = split_csv_record(bytes, delimiter_, fields_, unquoted_); !split) {
    fault_ = std::move(split).error();
  } else {
    record.fields = fields_;
    return record;
  }
  fault_.where.line += record.line - 1;
  record.fault = &fault_;
  return record;
}

Status split_csv_record(std::string_view record, char delimiter,
                        std::vector<std::string_view>& fields, std::string& unquoted) {
  fields.clear();
  unquoted.clear();
  unquoted.reserve(record.size());  // never grows below, so views into it hold
  size_t at = 0;
  while (true) {
    if (at == record.size() || record[at] != '"') {
      const size_t end = std::min(record.find(delimiter, at), record.size());
      fields.push_back(record.substr(at, end - at));
      at = end;
    } else {
      const size_t open = at++;
      const size_t start = unquoted.size();
      size_t from = at;
      while (true) {
        const size_t quote = record.find('"', at);
        if (quote == record.npos)
          return fail(
              error_at("wire.csv", "a quoted field is never closed", record, open, "opens here"));
        at = quote + 1;
        if (at == record.size() || record[at] != '"') break;
        unquoted.append(record, from, at - from);  // with one of the two quotes
        from = ++at;
      }
      if (from == open + 1) {
        fields.push_back(record.substr(from, at - 1 - from));
      } else {
        unquoted.append(record, from, at - 1 - from);
        fields.push_back(std::string_view(unquoted).substr(start));
      }
      if (at < record.size() && record[at] != delimiter)
        return fail(error_at("wire.csv", "text follows a closing quote", record, at,
                             "expected a separator or the end of the line"));
    }
    if (at == record.size()) return {};
    ++at;  // the delimiter
  }
}

void append_csv_record(std::string& out, std::span<const std::string_view> fields, char delimiter) {
  const char special[] = {delimiter, '"', '\r', '\n'};
  bool first = true;
  for (std::string_view field : fields) {
    if (!first) out.push_back(delimiter);
    // A lone empty field would be a blank line, and a leading mark would be taken for a byte order
    // mark.
    const bool quote =
        field.find_first_of(std::string_view(special, sizeof special)) != field.npos ||
        (fields.size() == 1 && field.empty()) || (first && field.starts_with(byte_order_mark));
    first = false;
    if (!quote) {
      out += field;
      continue;
    }
    out.push_back('"');
    for (char c : field) {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back('\n');
}

}  // namespace twolane::wire
