// Cuts JSON that is not one record a line into records: an array's elements, the objects of the list in an
// envelope ({"data":[...]}, {"resourceSpans":[...]}), or objects one after another, on any number of lines.
//
// Incremental as wire::LineSplitter is: feed() a piece, next() until it has none, finish(). Looks at
// brackets and quotes only; what is inside of a record is not checked. Memory: one record at most, and only
// where it crosses pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twolane::audit {

// Names of lists whose elements are records when they stand in an outermost object.
bool is_envelope(std::string_view member);

struct JsonDocument {
  std::string_view text;  // valid until the next call
  int64_t line = 1;       // 1-based, of its first byte
  bool too_long = false;  // longer than the limit: `text` is only its beginning
  bool cut = false;       // the stream ended before it did, or nothing of JSON stood here
};

class JsonDocuments {
 public:
  explicit JsonDocuments(size_t max_bytes) : limit_(max_bytes) {}

  // `piece` must stay where it is until next() has returned nothing.
  void feed(std::string_view piece) {
    piece_ = piece;
    at_ = begin_ = 0;
  }
  std::optional<JsonDocument> next();
  std::optional<JsonDocument> finish();

 private:
  enum class State : uint8_t {
    between,   // outside of every record
    record,    // inside of one
    envelope,  // in the outer object, after its list
    lost,      // something that is no JSON: until the next line
  };

  void begin_record();
  void leave_for_list();
  std::optional<JsonDocument> end_record(size_t end);
  std::optional<JsonDocument> lose();
  void carry(size_t end);
  bool skip_string();
  void key_byte(char c);

  size_t limit_;
  std::string_view piece_;
  size_t at_ = 0, begin_ = 0;
  State state_ = State::between;
  bool list_ = false;      // records are elements of a list
  bool wrapped_ = false;   // ... which is a member of an outer object
  int64_t depth_ = 0;
  bool quoted_ = false, escaped_ = false;
  std::string name_;       // the last text at the depth of members of the outer object
  bool naming_ = false, named_ = false;
  int64_t line_ = 1, record_line_ = 1;
  std::string carried_;
  bool carried_given_ = false, too_long_ = false;
};

}  // namespace twolane::audit
