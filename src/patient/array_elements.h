// The elements of {"requests":[...]}, cut out of a stream of bytes by their braces alone.
//
// Incremental as wire::LineSplitter is: feed() a piece, next() until it has none, finish(). What is
// inside of an element is not looked at further. Memory: one element at most, and only where it
// crosses pieces; at most the limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::patient {

struct ArrayElement {
  std::string_view text;  // valid until the next call
  int64_t offset = 0;     // of its first byte in the stream
  int64_t line = 1;       // 1-based, of its first byte
  int64_t column = 1;
  bool too_long = false;  // longer than the limit: `text` is only its beginning
  const Error* fault =
      nullptr;  // the array is broken here (where.line, where.column); nothing follows
};

class ArrayElements {
 public:
  explicit ArrayElements(size_t max_element_bytes) : limit_(max_element_bytes) {}

  // `piece` must stay where it is until next() has returned nothing.
  void feed(std::string_view piece) { piece_ = piece; }
  std::optional<ArrayElement> next();
  std::optional<ArrayElement> finish();

 private:
  enum class State : uint8_t {
    file,  // before the outer brace; the next five are before what they are called
    key,
    colon,
    array,
    first_element,
    next_element,
    in_key,
    in_element,
    after_element,  // a comma or the end of the array
    after_array,    // the outer brace
    end,            // nothing may follow
    broken,
  };

  std::optional<ArrayElement> step(char c, size_t at);
  std::optional<ArrayElement> inside(char c, size_t at);
  std::optional<ArrayElement> broken(size_t at, std::string_view expected);
  void newline(size_t at) {
    ++line_;
    line_begin_ = piece_offset_ + static_cast<int64_t>(at) + 1;
  }

  size_t limit_;
  std::string_view piece_;
  size_t at_ = 0;             // looked at so far, in the piece
  int64_t piece_offset_ = 0;  // of the piece in the stream
  State state_ = State::file;
  std::string key_;
  int64_t line_ = 1, line_begin_ = 0;

  ArrayElement element_;  // the one that began
  size_t begin_ = 0;      // of it in the piece; 0 when it began before
  int64_t depth_ = 0;
  bool quoted_ = false, escaped_ = false;
  std::string carried_;
  bool carried_given_ = false;
  Error fault_;
};

}  // namespace twolane::patient
