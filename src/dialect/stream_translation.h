// A streamed answer of one chat endpoint as the stream of another, event by event.
//
// Pure. Every event of the provider is told on as soon as it is whole, except what the other side
// cannot say in pieces (Gemini's calls of tools). Ids, usage and finish reasons are those that
// translate_answer gives of the whole answer. Memory: one event, and for /v1/responses the answer
// itself, which the end of its stream repeats.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dialect/stream_steps.h"
#include "wire/sse.h"

namespace twolane::dialect {

class StreamTranslation {
 public:
  // `model` and `id` are shown where the provider names none. `with_usage`: see stream_writer().
  StreamTranslation(Endpoint from, Endpoint to, std::string_view model, std::string_view id, bool with_usage);

  // Appends to `out` what `piece` of the provider's stream says. Errors, after which nothing more is
  // to be fed: wire.sse, dialect.line, dialect.shape, dialect.stream_error with the provider's words.
  Status feed(std::string_view piece, std::string& out);
  // The provider's stream is over: appends the end. Error dialect.stream_cut: it was not whole.
  Status finish(std::string& out);
  // What was used, as far as the stream said.
  const std::optional<Served>& served() const { return served_; }

 private:
  Status take(const wire::SseEvent& event, std::string& out);

  Endpoint from_;
  std::unique_ptr<StreamReader> reader_;
  std::unique_ptr<StreamWriter> writer_;
  wire::SseDecoder decoder_;
  std::vector<wire::SseEvent> events_;
  std::vector<StreamStep> steps_;
  std::optional<Served> served_;
};

}  // namespace twolane::dialect
