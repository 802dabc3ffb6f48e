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
  // `events`: the answer is text/event-stream.
  void start(Endpoint endpoint, bool events);
  void take(std::string_view piece);
  // Nothing where the answer did not say, or was too large to be kept.
  std::optional<dialect::Served> served();

  static constexpr size_t most = 32 << 20;  // bytes

 private:
  void take_event(std::string_view event);

  Endpoint endpoint_ = Endpoint::chat_completions;
  bool events_ = false;
  bool lost_ = false;
  std::string kept_;   // the body, or the beginning of an event
  std::string first_;  // Anthropic's message_start
  std::string last_;   // the last event that spoke of usage
};

}  // namespace twolane::gateway
