// Server-sent events as the HTML standard frames them.
//
// Incremental: pieces in, events out, cut anywhere. Lines end with \n, \r\n or \r; comments are
// dropped; several data lines are joined by \n. Memory: one event at most.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace twolane::wire {

struct SseEvent {
  std::string event;  // "message" where the stream names none
  std::string data;
  std::string id;     // the last id seen so far
  bool whole = true;  // false: the stream ended before the blank line that ends the event
  bool operator==(const SseEvent&) const = default;
};

class SseDecoder {
 public:
  static constexpr size_t default_max_event_bytes = 16 << 20;
  explicit SseDecoder(size_t max_event_bytes = default_max_event_bytes) : limit_(max_event_bytes) {}

  // Appends the events that `piece` completes. Error wire.sse: an event is longer than the limit;
  // the stream cannot be read on.
  Status feed(std::string_view piece, std::vector<SseEvent>& out);
  // The stream is over: an event that lacks its blank line is given with whole = false.
  Status finish(std::vector<SseEvent>& out);
  // The server's wish for the pause before a reconnect, in ms; -1 when it said nothing.
  int64_t retry_ms() const { return retry_ms_; }

 private:
  Status take(std::string_view bytes);
  void end_line(std::vector<SseEvent>& out);
  void field(std::string_view name, std::string_view value);
  void dispatch(std::vector<SseEvent>& out, bool whole);

  size_t limit_;
  std::string line_;  // the line so far
  SseEvent event_;    // the event so far
  bool has_data_ = false;
  bool after_cr_ = false;   // a \n now belongs to the \r before
  bool first_line_ = true;  // may begin with a byte order mark
  int64_t retry_ms_ = -1;
};

}  // namespace twolane::wire
