// Answers of /v1/messages, both ways.
#include "dialect/anthropic/anthropic.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect::anthropic {
namespace {

using Kind = Part::Kind;

void decode_block(const Json& block, ChatChoice& to) {
  const auto type = wire::string_at(block, "type");
  Part part;
  if (type == "text") {
    part.text = wire::string_at(block, "text");
  } else if (type == "thinking") {
    part.kind = Kind::reasoning;
    part.text = wire::string_at(block, "thinking");
  } else if (type == "tool_use") {
    part.kind = Kind::tool_call;
    part.call_id = wire::string_at(block, "id");
    part.name = wire::string_at(block, "name");
    const Json* input = wire::find(block, "input");
    part.arguments = input ? wire::dump(*input) : "{}";
    to.parts.push_back(std::move(part));
    return;
  }
  if (!part.text.empty()) to.parts.push_back(std::move(part));
}

Finish finish_of(std::string_view reason) {
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") return Finish::length;
  if (reason == "stop_sequence") return Finish::stop_sequence;
  if (reason == "tool_use") return Finish::tool_calls;
  if (reason == "refusal") return Finish::filtered;
  return Finish::stop;
}

std::string_view reason_of(const ChatChoice& c) {
  switch (c.finish) {
    case Finish::stop:
      return "end_turn";
    case Finish::stop_sequence:
      return "stop_sequence";
    case Finish::length:
      return "max_tokens";
    case Finish::tool_calls:
      return "tool_use";
    case Finish::refusal:
    case Finish::filtered:
      return "refusal";
  }
  return "end_turn";
}

Json encode_part(const Part& p) {
  switch (p.kind) {
    case Kind::reasoning:
      return object_of({{"type", "thinking"}, {"thinking", p.text}, {"signature", ""}});
    case Kind::tool_call:
      return object_of({{"type", "tool_use"},
                        {"id", p.call_id},
                        {"name", p.name},
                        {"input", arguments_or_text(p.arguments)}});
    default:
      return object_of({{"type", "text"}, {"text", p.text}});
  }
}

Json usage_of(const Served* served) {
  const Usage u = served ? served->usage : Usage{};
  Json out =
      object_of({{"input_tokens", u.fresh},
                 {"cache_creation_input_tokens", u.cache_write_5m + u.cache_write_1h},
                 {"cache_read_input_tokens", u.cache_read},
                 {"cache_creation", object_of({{"ephemeral_5m_input_tokens", u.cache_write_5m},
                                               {"ephemeral_1h_input_tokens", u.cache_write_1h}})},
                 {"output_tokens", u.output},
                 {"output_tokens_details", object_of({{"thinking_tokens", u.reasoning}})}});
  // Its words are standard, priority and batch.
  if (served && served->tier_said && served->tier != ServiceTier::flex &&
      served->tier != ServiceTier::scale)
    out["service_tier"] = name_of(served->tier);
  return out;
}

}  // namespace

Result<ChatAnswer> decode_answer(const Json& body) {
  const Json* content = wire::find(body, "content");
  if (!content || !content->is_array()) return no_answer(body, "content");
  ChatAnswer a;
  a.id = wire::string_at(body, "id");
  a.model = wire::string_at(body, "model");
  ChatChoice& c = a.choices.emplace_back();
  for (const Json& block : *content) decode_block(block, c);
  c.finish = finish_of(wire::string_at(body, "stop_reason"));
  c.stop_sequence = wire::string_at(body, "stop_sequence");
  if (c.finish == Finish::filtered) {
    c.why = "the request was refused";
    if (const Json* details = wire::find(body, "stop_details"))
      if (const auto said = wire::string_at(*details, "explanation"); !said.empty()) c.why = said;
  }
  return a;
}

Json encode_answer(const ChatAnswer& a, const Served* served) {
  static const ChatChoice none;
  const ChatChoice& c = a.choices.empty() ? none : a.choices.front();
  Json content = Json::array();
  for (const Part& p : c.parts) content.push_back(encode_part(p));
  Json out = object_of({{"id", a.id},
                        {"type", "message"},
                        {"role", "assistant"},
                        {"model", a.model},
                        {"content", std::move(content)},
                        {"stop_reason", reason_of(c)},
                        {"stop_sequence", nullptr}});
  if (c.finish == Finish::stop_sequence) out["stop_sequence"] = c.stop_sequence;
  if (!c.why.empty())
    out["stop_details"] = object_of({{"type", "refusal"}, {"explanation", c.why}});
  out["usage"] = usage_of(served);
  return out;
}

}  // namespace twolane::dialect::anthropic
