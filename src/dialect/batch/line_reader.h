// Reading result lines in place: simdjson's on-demand parser with memory that is kept from line to
// line. Values are read as they come; nothing is built.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string_view>

#include "base/result.h"

namespace twolane::dialect::batch {

// Threads: outer() and inner() belong to their thread. A document and its views hold until the next
// open() of the same reader; in_line() leads back to the caller's own bytes, which hold longer.
class LineReader {
 public:
  static LineReader& outer();
  static LineReader& inner();  // for a piece of what outer() is reading

  simdjson::error_code open(std::string_view line, simdjson::ondemand::document& document);

  // The same bytes in the line that was opened.
  std::string_view in_line(std::string_view parsed) const {
    return line_.substr(static_cast<size_t>(parsed.data() - buffer_.get()), parsed.size());
  }
  // The text of an object, as in_line; empty where the value is none.
  simdjson::error_code object_text(simdjson::simdjson_result<simdjson::ondemand::value> value,
                                   std::string_view& text) const;

 private:
  static constexpr size_t kept = 1 << 20;  // memory for longer lines is given back

  simdjson::ondemand::parser parser_;
  std::unique_ptr<char[]> buffer_;  // simdjson reads a little past the end
  size_t capacity_ = 0;
  std::string_view line_;
};

// After the last member: an error if anything but white space follows.
simdjson::error_code at_end(simdjson::ondemand::document& document);

// A string's text, unescaped; unchanged where the value is none.
simdjson::error_code read_string(simdjson::simdjson_result<simdjson::ondemand::value> value,
                                 std::string& text);

// The object under `key` of the object `json`, as a view into it; empty where there is none.
std::string_view member_text(std::string_view json, const char* key);

// Error dialect.line.
std::unexpected<Error> corrupt_line(std::string_view line, std::string_view why);

}  // namespace twolane::dialect::batch
