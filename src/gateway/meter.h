// What an answer used, read beside its bytes as they pass: whole JSON bodies and event streams.
//
// Pure. Costs a search per piece of a stream and keeps only the events that speak of usage. Memory:
// a whole body up to `most`, one event of a stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect/translate.h"
#include "model/endpoint.h"

namespace twolane::gateway {

class Meter {
 public:
  // `events`: the answer is text/event-stream. `gather`: of a chat, whose text is kept for text().
  void start(Endpoint endpoint, bool events, bool gather = false);
  void take(std::string_view piece);
  // Nothing where the answer did not say, or was too large to be kept.
  std::optional<dialect::Served> served() const;
  // Whether text() has all of it.
  bool has_text() const { return !lost_ && (!events_ || gathers_); }
  // What the model wrote, for who must estimate it: of a stream only where it was gathered.
  std::string text() const;
  std::string response_id() const;  // of a stream whose text was gathered

  static constexpr size_t most = 32 << 20;  // bytes

 private:
  void take_event(std::string_view event);
  void gather(std::string_view events);

  Endpoint endpoint_ = Endpoint::chat_completions;
  bool events_ = false;
  bool lost_ = false, gathers_ = false;
  std::string kept_;   // the body, or the beginning of an event
  std::string first_;  // Anthropic's message_start; of a chat that is gathered, its first event
  std::string last_;   // the last event that spoke of usage
  std::string told_;   // texts of deltas, as they stand in JSON
};

}  // namespace twolane::gateway
