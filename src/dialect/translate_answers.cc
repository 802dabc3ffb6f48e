// Common parts of reading answers: their errors, ids of calls, recorded streams.
#include "dialect/translate_answers.h"

#include <cstdio>

#include "dialect/stream_steps.h"
#include "dialect/translate_fields.h"
#include "dialect/translate_scan.h"
#include "wire/sse.h"

namespace twolane::dialect {

std::unexpected<Error> no_answer(const wire::Json& body, std::string_view lacking) {
  std::string why = "it has no " + std::string(lacking);
  if (const wire::Json* error = wire::find(body, "error"))
    if (const auto said = wire::string_at(*error, "message"); !said.empty())
      why = "the provider says: " + std::string(said.substr(0, 500));
  return fail("dialect.no_answer", "the body is no answer", std::move(why));
}

std::string_view openai_tier(const Served& served) {
  if (!served.tier_said) return {};
  switch (served.tier) {
    case ServiceTier::standard:
      return "default";
    case ServiceTier::flex:
      return "flex";
    case ServiceTier::priority:
      return "priority";
    case ServiceTier::scale:
      return "scale";
    case ServiceTier::batch:
      break;
  }
  return {};
}

std::string derived_call_id(std::string_view answer_id, size_t position) {
  char text[32];
  std::snprintf(text, sizeof text, "call_%016llx",
                static_cast<unsigned long long>(hash_bytes(answer_id, position + 1)));
  return text;
}

wire::Json arguments_or_text(std::string_view arguments) {
  if (auto object = arguments_object(arguments)) return std::move(*object);
  return object_of({{"INVALID_JSON", arguments}});
}

// Errors come as {"error": {...}} and, at OpenAI's responses, also as {"type":"error","message"}.
std::optional<std::string> error_in(const wire::Json& event) {
  if (const wire::Json* error = wire::find(event, "error");
      error && error->is_object() && !error->empty()) {
    const auto said = wire::string_at(*error, "message");
    return std::string(said.empty() ? wire::string_at(*error, "type") : said);
  }
  if (wire::string_at(event, "type") == "error")
    return std::string(wire::string_at(event, "message"));
  return std::nullopt;
}

Result<std::vector<wire::Json>> stream_events(std::string_view sse) {
  std::vector<wire::SseEvent> events;
  wire::SseDecoder decoder;
  CHECKED(decoder.feed(sse, events));
  CHECKED(decoder.finish(events));
  std::vector<wire::Json> out;
  for (const wire::SseEvent& e : events) {
    if (e.data.empty() || e.data == "[DONE]") continue;
    auto parsed = wire::parse_json(e.data);
    if (!parsed && !e.whole) break;  // cut off: what is missing is found by who needs it
    if (!parsed)
      return fail("dialect.line", "an event of the stream is not JSON", parsed.error().message);
    if (auto said = error_in(*parsed))
      return fail("dialect.stream_error", "the stream ended in an error", std::move(*said));
    out.push_back(std::move(*parsed));
  }
  return out;
}

std::unexpected<Error> stream_cut(std::string_view lacking) {
  return fail("dialect.stream_cut", "the stream ended before its answer did",
              "it has no " + std::string(lacking));
}

}  // namespace twolane::dialect
