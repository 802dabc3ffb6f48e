// CSV as RFC 4180 has it: records of fields, quoted where they hold a comma, a quote or a line
// break.
//
// The reader is incremental like LineSplitter: feed() a piece, next() until it has none, finish().
// Tolerated beyond the RFC: \n as a line end, a byte order mark, a last record without a line end,
// quotes inside a field that does not begin with one, records of different widths. Blank lines are
// skipped. Memory: one record at most.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace twolane::wire {

struct CsvRecord {
  std::span<const std::string_view> fields;  // unquoted; empty where there is a fault
  int64_t row = 0;                           // 1-based; a header is row 1
  int64_t line = 0;    // 1-based line where it begins; a quoted field may hold line breaks
  int64_t offset = 0;  // of its first byte in the stream
  int64_t length = 0;  // of its bytes, without the line end
  // Error wire.csv with where.line and where.column. The reader goes on with the next record,
  // except after a quote that is never closed: that swallows the rest of the file.
  const Error* fault = nullptr;
};

class CsvReader {
 public:
  explicit CsvReader(size_t max_record_bytes, char delimiter = ',')
      : limit_(max_record_bytes), delimiter_(delimiter) {}

  // `piece` must stay where it is until next() has returned nothing. A record and its fields are
  // valid until the next call.
  void feed(std::string_view piece) { piece_ = piece; }
  std::optional<CsvRecord> next();
  std::optional<CsvRecord> finish();

 private:
  enum class State : uint8_t { field_start, plain, quoted, quote_in_quoted };

  std::optional<size_t> find_end();
  void carry(std::string_view bytes);
  std::optional<CsvRecord> make_record(std::string_view bytes, bool crossed, bool ended);

  size_t limit_;
  char delimiter_;
  std::string_view piece_;
  State state_ = State::field_start;
  std::string carried_;         // beginning of the record that crosses pieces, cut at the limit
  int64_t carried_length_ = 0;  // uncut
  char carried_last_ = 0;       // its last byte, which the cut may have dropped
  bool carried_given_ = false;
  int64_t offset_ = 0;        // of the record to come
  int64_t line_ = 1;          // where it begins
  int64_t lines_inside_ = 0;  // line breaks seen in it
  int64_t rows_ = 0;
  std::vector<std::string_view> fields_;
  std::string unquoted_;
  Error fault_;
};

// The fields of one record, given without its line end. `unquoted` holds the text of fields whose
// quotes were doubled, so `fields` are valid as long as `record` and `unquoted` are.
// Error wire.csv, with where.line (1-based) and where.column within the record.
Status split_csv_record(std::string_view record, char delimiter,
                        std::vector<std::string_view>& fields, std::string& unquoted);

// One record with its line end (\n), quoted where needed. Reads back as the same fields.
void append_csv_record(std::string& out, std::span<const std::string_view> fields,
                       char delimiter = ',');

}  // namespace twolane::wire
