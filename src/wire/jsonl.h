// Cuts a stream of bytes into lines, with the number and offset of each.
//
// Incremental: feed() a piece, take lines with next() until it has none, feed the next piece, and
// take the line without an end with finish(). Memory: one line at most, and only where it crosses
// pieces; at most the limit of a line. A line ends with \n or \r\n. A byte order mark before the
// first line is skipped. Empty lines are lines. What is in a line (JSON or not) is not looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twolane::wire {

struct Line {
  std::string_view
      text;  // without its end; valid until the next call of the splitter or its piece ends
  int64_t number = 0;     // 1-based
  int64_t offset = 0;     // of its first byte in the stream
  int64_t length = 0;     // of the whole line without its end
  bool ended = true;      // false: the stream ended before the line did
  bool too_long = false;  // longer than the limit: `text` is only its beginning
};

class LineSplitter {
 public:
  explicit LineSplitter(size_t max_line_bytes) : limit_(max_line_bytes) {}

  // `piece` must stay where it is until next() has returned nothing.
  void feed(std::string_view piece) { piece_ = piece; }
  std::optional<Line> next();
  // The last line, when it had no end. Nothing after a final \n.
  std::optional<Line> finish();

  int64_t lines() const { return lines_; }  // given so far

 private:
  void carry(std::string_view bytes);
  Line make_line(std::string_view text, int64_t length, bool ended);

  size_t limit_;
  std::string_view piece_;      // not yet looked at
  std::string carried_;         // beginning of the line that crosses pieces, cut at the limit
  int64_t carried_length_ = 0;  // of that beginning, uncut
  char carried_last_ = 0;       // its last byte, which the cut may have dropped
  bool carried_given_ = false;  // `carried_` was handed out: forget it at the next call
  int64_t offset_ = 0;          // of the line to come
  int64_t lines_ = 0;
};

}  // namespace twolane::wire
