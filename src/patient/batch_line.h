// One line of a batch input taken apart: which request it is, and where its body lies.
//
// The formats differ in the names of their members only. Pure; views point into the line, or into
// the reader for ids that were written with escapes. Threads: one reader each.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "model/job.h"

namespace twolane::patient {

struct BatchLine {
  enum class Is : uint8_t { absent, text, object, other };
  struct Member {
    Is is = Is::absent;
    std::string_view text;  // a string's characters, otherwise the JSON as written
  };
  Member custom_id, method, url, body;
  Member model;              // the body's
  Member after;              // what the line comes after; an array as written
  Member contents, content;  // the body's, in the Gemini format: what tells generate from embed
  bool strange = false;      // members beside the format's own, which nobody looked into
};

// What the format calls its members, for reading and for error messages.
std::string_view id_member(InputFormat format);    // "custom_id", "key"
std::string_view body_member(InputFormat format);  // "body", "params", "request"

class BatchLineReader {
 public:
  // For lines written the usual way: short members in plain ASCII, then the body, which is last.
  // The body is not looked into, nor its model read: where it turns out to be no JSON by itself, or
  // where this returns false, read() has the word. Not for Gemini, where the body says which
  // endpoint it is.
  static bool read_usual(InputFormat format, std::string_view line, BatchLine& to);

  // `line` must be followed by simdjson::SIMDJSON_PADDING readable bytes. The line's own members
  // are checked to be JSON; what lies deeper is skipped over, not validated.
  simdjson::error_code read(InputFormat format, std::string_view line, BatchLine& to);

 private:
  simdjson::error_code take(simdjson::ondemand::value value, BatchLine::Member& to,
                            std::string& owned);
  simdjson::error_code take_body(InputFormat format, simdjson::ondemand::value value,
                                 BatchLine& to);

  simdjson::ondemand::parser parser_;
  std::string id_, method_, url_, model_, after_;  // unescaped where that was needed
};

// A copy of a line with the bytes behind it that simdjson wants, kept for the next one.
class PaddedLine {
 public:
  std::string_view hold(std::string_view line);

 private:
  std::string bytes_;
};

}  // namespace twolane::patient
