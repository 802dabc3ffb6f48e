// Events in, steps, events out.
#include "dialect/stream_translation.h"

#include "dialect/translate_answers.h"

namespace twolane::dialect {

StreamTranslation::StreamTranslation(Endpoint from, Endpoint to, std::string_view model,
                                     std::string_view id, bool with_usage)
    : from_(from), reader_(stream_reader(from)), writer_(stream_writer(to, with_usage)) {
  reader_->head.model = model;
  reader_->head.id = id;
}

Status StreamTranslation::feed(std::string_view piece, std::string& out) {
  events_.clear();
  CHECKED(decoder_.feed(piece, events_));
  for (const auto& event : events_) CHECKED(take(event, out));
  return {};
}

Status StreamTranslation::take(const wire::SseEvent& event, std::string& out) {
  if (event.data.empty() || event.data == "[DONE]") return {};
  auto parsed = wire::parse_json(event.data);
  if (!parsed)
    return fail("dialect.line", "an event of the stream is not JSON", parsed.error().message);
  const wire::Tree tree(*std::move(parsed));
  if (auto said = error_in(tree.json))
    return fail("dialect.stream_error", "the stream ended in an error", std::move(*said));
  steps_.clear();
  try {
    CHECKED(reader_->take(tree.json, steps_));
    for (const StreamStep& step : steps_) writer_->put(step, reader_->head, out);
  } catch (const wire::Json::exception& e) {  // see without_throwing() in translate.cc
    return fail("dialect.shape", "an event of the stream has a shape that nobody expected", e.what());
  }
  return {};
}

Status StreamTranslation::finish(std::string& out) {
  events_.clear();
  CHECKED(decoder_.finish(events_));
  for (const auto& event : events_)
    if (event.whole) CHECKED(take(event, out));
  if (const std::string body = reader_->usage_body(); !body.empty())
    if (auto served = read_served(from_, body)) served_ = std::move(*served);
  if (!reader_->complete()) return stream_cut("end");
  writer_->end(reader_->head, served_ ? &*served_ : nullptr, out);
  return {};
}

}  // namespace twolane::dialect
