// Multipart bodies (RFC 2046, form-data as of RFC 7578): written around sources, read in pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"

namespace twolane::wire {

// Builds a multipart/form-data body; contents are referred to, not copied.
// The boundary must not occur in any content: take one from at least 96 random bits.
class MultipartForm {
 public:
  explicit MultipartForm(std::string boundary) : boundary_(std::move(boundary)) {}

  void field(std::string_view name, std::string_view value);
  void file(std::string_view name, std::string_view filename, std::string_view content_type,
            Body content);

  std::string content_type() const { return "multipart/form-data; boundary=" + boundary_; }
  Body finish() &&;

 private:
  void head(std::string_view name, const std::string_view* filename, std::string_view content_type);

  std::string boundary_;
  std::string text_;  // written, not yet a piece of the body
  Body body_;
};

// The boundary of a Content-Type value. Error wire.multipart.
Result<std::string> multipart_boundary(std::string_view content_type);

struct Part {
  Headers headers;
  std::string name;                     // of Content-Disposition, may be empty
  std::optional<std::string> filename;  // set: it is a file
};

// What a parser calls. An error that they return ends the parse with it.
struct PartSink {
  std::function<Status(const Part& part)> begin;
  std::function<Status(std::string_view bytes)> data;  // any number of times, in any pieces
  std::function<Status()> end;
};

// Reads a multipart body piece by piece; contents are never gathered, headers of a part up to a
// limit.
class MultipartParser {
 public:
  static constexpr size_t max_header_bytes = 16 << 10;  // of one part
  static constexpr int max_parts = 1000;

  MultipartParser(std::string_view boundary, PartSink sink);
  // Error wire.multipart: not a multipart body of this boundary, or over a limit.
  Status feed(std::string_view piece);
  // Error wire.multipart: the closing boundary never came.
  Status finish();

 private:
  enum class State : uint8_t { preamble, body, after_delimiter, headers, epilogue };

  Result<size_t> scan_content(std::string_view piece);
  Status content(std::string_view bytes);
  Status after_delimiter(char c);
  Status header_byte(char c);

  std::string delimiter_;  // CR LF -- boundary
  PartSink sink_;
  State state_ = State::preamble;
  size_t matched_ = 2;  // bytes of the delimiter seen; the start of the body counts as a line start
  std::string tail_;    // what followed the delimiter on its line so far
  std::string headers_;  // of the part that begins
  int parts_ = 0;
};

}  // namespace twolane::wire
