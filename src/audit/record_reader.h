// From records to calls and buckets: finds the format by the first records, then reads every record by it.
//
// Pure. Records come one by one, as JSON objects or as rows of CSV; envelopes around them (pages of an
// export, CloudWatch's messages) are opened.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/bucket_reader.h"
#include "audit/draft.h"
#include "audit/reader.h"
#include "audit/row_reader.h"
#include "audit/span_reader.h"

namespace twolane::audit {

class RecordReader {
 public:
  RecordReader(std::shared_ptr<const Columns> columns, Lengths& lengths, Sink& sink, FileRead& read)
      : columns_(std::move(columns)), lengths_(lengths), sink_(sink), read_(read) {}

  // `json` is padded (json.h). Error audit.unknown_format when enough was seen to give up.
  Status json(std::string_view json, int64_t line);
  Status header(std::span<const std::string_view> names);
  void row(std::span<const std::string_view> fields, int64_t line);
  // For records that the framing could not cut out.
  void bad(std::string_view code, std::string_view reason, int64_t line, std::string_view excerpt);
  // Error audit.unknown_format where no record was understood.
  Status finish();

 private:
  void use(const FormatSpec& spec);
  bool choose(std::span<const std::string_view> names);
  bool open_envelope(std::string_view json, int64_t line, size_t depth, Status& status);
  Status json_at(std::string_view json, int64_t line, size_t depth);
  void read_record(ondemand::document& document, ondemand::object object, std::string_view json, int64_t line);
  void read_bucket(ondemand::object object, std::string_view json, int64_t line);
  FieldFault read_own(ondemand::object object);
  void own_row(std::span<const std::string_view> fields, int64_t line);
  void give(FieldFault fault, int64_t line, std::string_view excerpt);
  std::unexpected<Error> unknown() const;

  std::shared_ptr<const Columns> columns_;
  Lengths& lengths_;
  Sink& sink_;
  FileRead& read_;

  const FormatSpec* spec_ = nullptr;
  FormatSpec columns_spec_{};
  Duration zone_;
  std::unique_ptr<FieldTree> tree_;
  std::unique_ptr<RowReader> rows_;
  std::unique_ptr<SpanReader> spans_;
  BucketReader buckets_;
  Draft draft_;
  Call call_;
  std::vector<uint64_t> ids_;
  std::array<ondemand::parser, 3> parsers_;  // by depth of envelopes
  bool enveloped_ = false;                   // records lie in envelopes
  std::vector<std::string> seen_;            // names of the first record, for the error
  std::vector<std::string> csv_names_;
  int64_t strangers_ = 0;                    // records before the format was found
};

}  // namespace twolane::audit
