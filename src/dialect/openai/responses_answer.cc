// Answers of /v1/responses, both ways.
#include "dialect/openai/openai.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect::openai {
namespace {

using Kind = Part::Kind;

void add(std::vector<Part>& to, Kind kind, std::string_view text) {
  if (text.empty()) return;
  Part part;
  part.kind = kind;
  part.text = text;
  to.push_back(std::move(part));
}

void add_texts(std::vector<Part>& to, Kind kind, const Json* list) {
  if (list && list->is_array())
    for (const Json& part : *list) add(to, kind, wire::string_at(part, "text"));
}

void decode_message(const Json& item, ChatChoice& to) {
  const Json* content = wire::find(item, "content");
  if (!content || !content->is_array()) return;
  for (const Json& part : *content) {
    if (wire::string_at(part, "type") == "refusal") {
      to.why = wire::string_at(part, "refusal");
      to.finish = Finish::refusal;
      add(to.parts, Kind::refusal, to.why);
      continue;
    }
    add(to.parts, Kind::text, wire::string_at(part, "text"));
    if (const Json* logprobs = wire::find(part, "logprobs");
        logprobs && logprobs->is_array() && !logprobs->empty())
      to.logprobs = *logprobs;
  }
}

void decode_item(const Json& item, ChatChoice& to) {
  const auto type = wire::string_at(item, "type");
  if (type == "message") return decode_message(item, to);
  if (type == "reasoning") {
    add_texts(to.parts, Kind::reasoning, wire::find(item, "summary"));
    add_texts(to.parts, Kind::reasoning, wire::find(item, "content"));
  } else if (type == "function_call") {
    Part part;
    part.kind = Kind::tool_call;
    part.call_id = wire::string_at(item, "call_id");
    part.name = wire::string_at(item, "name");
    part.arguments = wire::string_at(item, "arguments");
    to.parts.push_back(std::move(part));
    to.finish = Finish::tool_calls;
  }
}

struct ItemWriter {
  const ChatAnswer& answer;
  std::string_view status;
  Json out = Json::array();
  Json content = Json::array();

  std::string id(std::string_view prefix) const {
    return std::string(prefix) + answer.id + "_" + std::to_string(out.size());
  }
  void end_message() {
    if (content.empty()) return;
    Json item = object_of(
        {{"id", id("msg_")}, {"type", "message"}, {"status", status}, {"role", "assistant"}});
    item["content"] = std::move(content);
    content = Json::array();
    out.push_back(std::move(item));
  }
  void put(const Part& p, const Json& logprobs) {
    if (p.kind == Kind::text) {
      content.push_back(object_of({{"type", "output_text"},
                                   {"text", p.text},
                                   {"annotations", Json::array()},
                                   {"logprobs", logprobs.is_null() ? Json::array() : logprobs}}));
    } else if (p.kind == Kind::refusal) {
      content.push_back(object_of({{"type", "refusal"}, {"refusal", p.text}}));
    } else if (p.kind == Kind::reasoning) {
      end_message();
      out.push_back(object_of(
          {{"id", id("rs_")},
           {"type", "reasoning"},
           {"summary", Json::array({object_of({{"type", "summary_text"}, {"text", p.text}})})}}));
    } else if (p.kind == Kind::tool_call) {
      end_message();
      out.push_back(object_of({{"id", id("fc_")},
                               {"type", "function_call"},
                               {"status", "completed"},
                               {"call_id", p.call_id},
                               {"name", p.name},
                               {"arguments", p.arguments}}));
    }
  }
};

}  // namespace

Result<ChatAnswer> decode_responses_answer(const Json& body) {
  const Json* output = wire::find(body, "output");
  if (!output || !output->is_array()) return no_answer(body, "output");
  const auto status = wire::string_at(body, "status");
  if (status == "failed" || status == "cancelled") {
    const Json* error = wire::find(body, "error");
    return fail("dialect.failed_answer", "the response " + std::string(status),
                error ? std::string(wire::string_at(*error, "message")) : "");
  }
  ChatAnswer a;
  a.id = wire::string_at(body, "id");
  a.model = wire::string_at(body, "model");
  a.created = wire::int_at(body, "created_at");
  ChatChoice& c = a.choices.emplace_back();
  for (const Json& item : *output) decode_item(item, c);
  if (const Json* why = wire::find(body, "incomplete_details"); status == "incomplete" && why)
    c.finish =
        wire::string_at(*why, "reason") == "content_filter" ? Finish::filtered : Finish::length;
  return a;
}

Json encode_responses_answer(const ChatAnswer& a, const Served* served) {
  static const ChatChoice none;
  const ChatChoice& c = a.choices.empty() ? none : a.choices.front();
  const bool cut = c.finish == Finish::length || c.finish == Finish::filtered;
  ItemWriter items{a, cut ? "incomplete" : "completed"};
  bool refused = false;
  for (const Part& p : c.parts) {
    items.put(p, c.logprobs);
    refused |= p.kind == Kind::refusal;
  }
  if (!refused && !c.why.empty()) {
    Part p;
    p.kind = Kind::refusal;
    p.text = c.why;
    items.put(p, Json());
  }
  items.end_message();
  Json out = object_of({{"id", a.id},
                        {"object", "response"},
                        {"created_at", a.created},
                        {"status", cut ? "incomplete" : "completed"},
                        {"background", false},
                        {"error", nullptr},
                        {"incomplete_details", nullptr},
                        {"instructions", nullptr},
                        {"max_output_tokens", nullptr},
                        {"model", a.model},
                        {"output", std::move(items.out)},
                        {"parallel_tool_calls", true},
                        {"previous_response_id", nullptr},
                        {"temperature", nullptr},
                        {"text", object_of({{"format", object_of({{"type", "text"}})}})},
                        {"tool_choice", "auto"},
                        {"tools", Json::array()},
                        {"top_p", nullptr},
                        {"metadata", Json::object()}});
  if (cut)
    out["incomplete_details"] = object_of(
        {{"reason", c.finish == Finish::length ? "max_output_tokens" : "content_filter"}});
  if (!served) return out;
  const Usage& u = served->usage;
  out["usage"] =
      object_of({{"input_tokens", u.input()},
                 {"input_tokens_details",
                  object_of({{"cached_tokens", u.cache_read},
                             {"cache_write_tokens", u.cache_write_5m + u.cache_write_1h}})},
                 {"output_tokens", u.output},
                 {"output_tokens_details", object_of({{"reasoning_tokens", u.reasoning}})},
                 {"total_tokens", u.input() + u.output}});
  if (const auto tier = openai_tier(*served); !tier.empty()) out["service_tier"] = tier;
  return out;
}

}  // namespace twolane::dialect::openai
