// An input cut into its records: lines, CSV records, or the elements of a "requests" array.
//
// Record by record from the pump's blocks; one that is longer than the limit is passed by without
// being gathered. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/job.h"
#include "patient/input_pump.h"

namespace twolane::patient {

struct Record {
  // JSON: without its line end, followed by simdjson::SIMDJSON_PADDING readable bytes. CSV: empty.
  std::string_view text;
  std::span<const std::string_view> fields;  // CSV
  int64_t offset = 0, length = 0;            // in the file
  int64_t line = 0, column = 1;              // 1-based, of its first byte
  bool too_long = false;                     // `text` is only its beginning
  const Error* fault = nullptr;  // where the cutting failed: where.line, where.column, excerpt, why
};

// The blocks of the input, with what was looked at ahead of the records given again.
class InputBlocks {
 public:
  // `tap`, if set, is given every block once, in order.
  explicit InputBlocks(InputPump& pump, std::function<Status(std::string_view)> tap = {})
      : pump_(pump), tap_(std::move(tap)) {}
  Result<std::string_view> next();  // empty at the end
  Result<std::string_view> peek();  // the first block, which next() gives once more
  Status drain();                   // lets the rest pass by, so that it is hashed and copied

 private:
  InputPump& pump_;
  std::function<Status(std::string_view)> tap_;
  std::string_view peeked_;
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // The next record, valid until the next call; nothing at the end. Blank lines are no records.
  virtual Result<std::optional<Record>> next() = 0;
};

std::unique_ptr<RecordReader> record_reader(InputFormat format, InputBlocks& blocks,
                                            int64_t most_bytes);

}  // namespace twolane::patient
