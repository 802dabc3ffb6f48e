// Answers of /v1/chat/completions, both ways.
#include "dialect/openai/openai.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect::openai {
namespace {

using Kind = Part::Kind;

void add(std::vector<Part>& to, Kind kind, std::string text) {
  if (text.empty()) return;
  Part part;
  part.kind = kind;
  part.text = std::move(text);
  to.push_back(std::move(part));
}

// Content is text; neighbours of OpenAI also give parts, some of them thoughts.
void add_content(std::vector<Part>& to, const Json* content) {
  if (!content) return;
  if (content->is_string()) return add(to, Kind::text, content->get<std::string>());
  if (!content->is_array()) return;
  for (const Json& part : *content) {
    const Json* thinking = wire::find(part, "thinking");
    if (thinking && thinking->is_array())
      for (const Json& t : *thinking)
        add(to, Kind::reasoning, std::string(wire::string_at(t, "text")));
    else
      add(to, Kind::text, std::string(wire::string_at(part, "text")));
  }
}

void add_call(std::vector<Part>& to, std::string id, const Json* function) {
  if (!function) return;
  Part part;
  part.kind = Kind::tool_call;
  part.call_id = std::move(id);
  part.name = wire::string_at(*function, "name");
  part.arguments = wire::string_at(*function, "arguments");
  to.push_back(std::move(part));
}

Finish finish_of(std::string_view reason) {
  if (reason == "length" || reason == "model_length") return Finish::length;
  if (reason == "tool_calls" || reason == "function_call") return Finish::tool_calls;
  if (reason == "content_filter") return Finish::filtered;
  return Finish::stop;
}

ChatChoice decode_choice(const Json& raw) {
  ChatChoice c;
  c.finish = finish_of(wire::string_at(raw, "finish_reason"));
  if (const Json* logprobs = wire::find(raw, "logprobs"))
    if (const Json* content = wire::find(*logprobs, "content"); content && content->is_array())
      c.logprobs = *content;
  const Json* message = wire::find(raw, "message");
  if (!message) return c;
  auto thoughts = wire::string_at(*message, "reasoning_content");
  if (thoughts.empty()) thoughts = wire::string_at(*message, "reasoning");
  add(c.parts, Kind::reasoning, std::string(thoughts));
  add_content(c.parts, wire::find(*message, "content"));
  const std::string refusal(wire::string_at(*message, "refusal"));
  add(c.parts, Kind::refusal, refusal);
  if (!refusal.empty() && c.finish == Finish::stop) {
    c.finish = Finish::refusal;
    c.why = refusal;
  }
  if (const Json* calls = wire::find(*message, "tool_calls"); calls && calls->is_array())
    for (const Json& call : *calls)
      add_call(c.parts, std::string(wire::string_at(call, "id")), wire::find(call, "function"));
  if (const Json* call = wire::find(*message, "function_call"); call && call->is_object())
    add_call(c.parts, "", call);
  return c;
}

std::string_view reason_of(const ChatChoice& c) {
  switch (c.finish) {
    case Finish::length:
      return "length";
    case Finish::tool_calls:
      return "tool_calls";
    case Finish::filtered:
      return "content_filter";
    case Finish::refusal:  // said in message.refusal
    case Finish::stop:
    case Finish::stop_sequence:
      break;
  }
  return "stop";
}

Json encode_choice(const ChatChoice& c, size_t index) {
  std::string text, refusal, thoughts;
  Json calls = Json::array();
  for (const Part& p : c.parts) {
    if (p.kind == Kind::text) text += p.text;
    if (p.kind == Kind::refusal) refusal += p.text;
    if (p.kind == Kind::reasoning) thoughts += p.text;
    if (p.kind == Kind::tool_call)
      calls.push_back(
          object_of({{"id", p.call_id},
                     {"type", "function"},
                     {"function", object_of({{"name", p.name}, {"arguments", p.arguments}})}}));
  }
  if (refusal.empty()) refusal = c.why;
  const bool says_nothing = text.empty() && (!calls.empty() || !refusal.empty());
  Json message = object_of({{"role", "assistant"},
                            {"content", says_nothing ? Json() : Json(std::move(text))},
                            {"refusal", refusal.empty() ? Json() : Json(std::move(refusal))},
                            {"annotations", Json::array()}});
  if (!thoughts.empty()) message["reasoning_content"] = thoughts;
  if (!calls.empty()) message["tool_calls"] = std::move(calls);
  Json logprobs =
      c.logprobs.is_null() ? Json() : object_of({{"content", c.logprobs}, {"refusal", nullptr}});
  return object_of({{"index", index},
                    {"message", std::move(message)},
                    {"logprobs", std::move(logprobs)},
                    {"finish_reason", reason_of(c)}});
}

}  // namespace

Result<ChatAnswer> decode_chat_answer(const Json& body) {
  const Json* choices = wire::find(body, "choices");
  if (!choices || !choices->is_array()) return no_answer(body, "choices");
  ChatAnswer a;
  a.id = wire::string_at(body, "id");
  a.model = wire::string_at(body, "model");
  a.created = wire::int_at(body, "created");
  for (const Json& choice : *choices) a.choices.push_back(decode_choice(choice));
  return a;
}

Json encode_chat_answer(const ChatAnswer& a, const Served* served) {
  Json choices = Json::array();
  for (size_t i = 0; i < a.choices.size(); ++i) choices.push_back(encode_choice(a.choices[i], i));
  Json out = object_of({{"id", a.id},
                        {"object", "chat.completion"},
                        {"created", a.created},
                        {"model", a.model},
                        {"choices", std::move(choices)}});
  if (!served) return out;
  const Usage& u = served->usage;
  out["usage"] =
      object_of({{"prompt_tokens", u.input()},
                 {"completion_tokens", u.output},
                 {"total_tokens", u.input() + u.output},
                 {"prompt_tokens_details", object_of({{"cached_tokens", u.cache_read}})},
                 {"completion_tokens_details", object_of({{"reasoning_tokens", u.reasoning}})}});
  if (const int64_t written = u.cache_write_5m + u.cache_write_1h; written > 0)
    out["usage"]["prompt_tokens_details"]["cache_write_tokens"] = written;
  if (const auto tier = openai_tier(*served); !tier.empty()) out["service_tier"] = tier;
  return out;
}

}  // namespace twolane::dialect::openai
