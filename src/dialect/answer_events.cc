// Events of four chat endpoints from their whole answers.
#include "dialect/answer_events.h"

#include "dialect/translate_answers.h"
#include "wire/json.h"

namespace twolane::dialect {
namespace {

using wire::Json;

const Json none = Json::array();

// A member that is an array, or an empty one.
const Json& list_at(const Json& object, std::string_view key) {
  const Json* list = wire::find(object, key);
  return list && list->is_array() ? *list : none;
}

void append_data(std::string& out, const Json& data) { out.append("data: ").append(wire::dump(data)).append("\n\n"); }

void append_named(std::string& out, const Json& data) {
  out.append("event: ").append(wire::string_at(data, "type")).append("\n");
  append_data(out, data);
}

// --- /v1/chat/completions

class ChatEvents {
 public:
  ChatEvents(const Json& answer, bool with_usage) : with_usage_(with_usage) {
    for (const auto& [key, value] : answer.items())
      if (key != "choices" && key != "usage") head_[key] = value;
    head_["object"] = "chat.completion.chunk";
    for (const Json& choice : list_at(answer, "choices")) add(choice);
    if (with_usage && answer.contains("usage")) {
      Json last = head_;
      last["choices"] = none;
      last["usage"] = answer["usage"];
      append_data(out, last);
    }
    out += "data: [DONE]\n\n";
  }
  std::string out;

 private:
  void chunk(const Json& choice, Json delta, const Json& logprobs, const Json& finish) {
    Json one = {{"index", wire::int_at(choice, "index")}, {"delta", std::move(delta)}};
    one["logprobs"] = logprobs;
    one["finish_reason"] = finish;
    Json all = head_;
    all["choices"] = Json::array({std::move(one)});
    if (with_usage_) all["usage"] = nullptr;
    append_data(out, all);
  }

  void add(const Json& choice) {
    const Json* message = wire::find(choice, "message");
    Json first = {{"role", "assistant"}};
    Json rest = Json::object();
    if (message && message->is_object()) {
      for (const auto& [key, value] : message->items())
        if (key == "role") first[key] = value;
        else if (key == "tool_calls") rest[key] = numbered(value);
        else if (!value.is_null()) rest[key] = value;
    }
    first["content"] = rest.contains("content") ? Json("") : Json(nullptr);
    const Json* logprobs = wire::find(choice, "logprobs");
    chunk(choice, std::move(first), nullptr, nullptr);
    if (!rest.empty()) chunk(choice, std::move(rest), logprobs ? *logprobs : Json(nullptr), nullptr);
    const Json* finish = wire::find(choice, "finish_reason");
    chunk(choice, Json::object(), nullptr, finish ? *finish : Json("stop"));
  }

  static Json numbered(const Json& calls) {
    Json out = Json::array();
    if (!calls.is_array()) return out;
    for (const Json& call : calls) {
      Json one = {{"index", out.size()}};
      if (call.is_object()) one.update(call);
      out.push_back(std::move(one));
    }
    return out;
  }

  Json head_ = Json::object();
  bool with_usage_;
};

// --- /v1/responses

class ResponsesEvents {
 public:
  void queued(Json response) {
    response["status"] = "queued";
    event("response.created", {{"response", response}});
    event("response.queued", {{"response", response}});
  }

  // `begun`: queued() was told before.
  void whole(const Json& answer, bool begun) {
    Json first = answer;
    first["status"] = "in_progress";
    first["output"] = none;
    for (const char* key : {"usage", "incomplete_details", "completed_at"})
      if (first.contains(key)) first[key] = nullptr;
    if (begun) number_ = 2;
    else event("response.created", {{"response", first}});
    event("response.in_progress", {{"response", first}});
    for (const Json& item : list_at(answer, "output")) add(item);
    event("response." + end_of(wire::string_at(answer, "status")), {{"response", answer}});
  }
  std::string out;

 private:
  static std::string end_of(std::string_view status) {
    if (status == "cancelled") return "failed";  // there is no event for it
    return status == "failed" || status == "incomplete" ? std::string(status) : "completed";
  }

  void event(const std::string& type, const Json& members) {
    Json all = {{"type", type}};
    all.update(members);
    all["sequence_number"] = number_++;
    append_named(out, all);
  }
  // An event about the item in hand.
  void say(const std::string& type, const Json& members) {
    Json all = {{"item_id", id_}, {"output_index", item_}};
    all.update(members);
    event(type, all);
  }

  void add(const Json& item) {
    const auto type = wire::string_at(item, "type");
    id_ = wire::string_at(item, "id");
    Json begun = item;
    if (begun.contains("status")) begun["status"] = "in_progress";
    if (type == "message") begun["content"] = none;
    if (type == "reasoning") begun["summary"] = none;
    if (type == "function_call") begun["arguments"] = "";
    if (type == "custom_tool_call") begun["input"] = "";
    event("response.output_item.added", {{"output_index", item_}, {"item", begun}});
    if (type == "message") add_content(list_at(item, "content"));
    if (type == "reasoning") add_summary(list_at(item, "summary"));
    if (type == "function_call") add_text("response.function_call_arguments", item, "arguments");
    if (type == "custom_tool_call") add_text("response.custom_tool_call_input", item, "input");
    event("response.output_item.done", {{"output_index", item_}, {"item", item}});
    ++item_;
  }

  void add_content(const Json& content) {
    int64_t index = 0;
    for (const Json& part : content) {
      const bool refusal = wire::string_at(part, "type") == "refusal";
      const char* const key = refusal ? "refusal" : "text";
      const std::string name = refusal ? "response.refusal" : "response.output_text";
      Json empty = part;
      empty[key] = "";
      if (!refusal) empty["annotations"] = none;
      const Json place = {{"content_index", index++}};
      say("response.content_part.added", with(place, {{"part", empty}}));
      Json delta = {{"delta", wire::string_at(part, key)}};
      if (!refusal) delta["logprobs"] = list_at(part, "logprobs");
      say(name + ".delta", with(place, delta));
      int64_t number = 0;
      for (const Json& annotation : list_at(part, "annotations"))
        say(name + ".annotation.added", with(place, {{"annotation_index", number++}, {"annotation", annotation}}));
      Json done = {{key, wire::string_at(part, key)}};
      if (!refusal) done["logprobs"] = list_at(part, "logprobs");
      say(name + ".done", with(place, done));
      say("response.content_part.done", with(place, {{"part", part}}));
    }
  }

  void add_summary(const Json& summary) {
    const std::string name = "response.reasoning_summary_";
    int64_t index = 0;
    for (const Json& part : summary) {
      const Json place = {{"summary_index", index++}};
      const auto text = wire::string_at(part, "text");
      say(name + "part.added", with(place, {{"part", {{"type", "summary_text"}, {"text", ""}}}}));
      say(name + "text.delta", with(place, {{"delta", text}}));
      say(name + "text.done", with(place, {{"text", text}}));
      say(name + "part.done", with(place, {{"part", part}}));
    }
  }

  void add_text(const std::string& name, const Json& item, const char* key) {
    const auto text = wire::string_at(item, key);
    say(name + ".delta", {{"delta", text}});
    Json done = {{key, text}};
    if (item.contains("name")) done["name"] = item["name"];
    say(name + ".done", done);
  }

  static Json with(Json members, const Json& more) {
    members.update(more);
    return members;
  }

  std::string id_;
  int64_t item_ = 0, number_ = 0;
};

// --- /v1/messages

class MessageEvents {
 public:
  explicit MessageEvents(const Json& answer) {
    Json begun = answer;
    begun["content"] = none;
    begun["stop_reason"] = begun["stop_sequence"] = nullptr;
    append_named(out, {{"type", "message_start"}, {"message", begun}});
    for (const Json& block : list_at(answer, "content")) add(block);
    Json end = {{"stop_reason", nullptr}, {"stop_sequence", nullptr}};
    for (const char* key : {"stop_reason", "stop_sequence", "stop_details"})
      if (const Json* value = wire::find(answer, key)) end[key] = *value;
    Json last = {{"type", "message_delta"}, {"delta", end}};
    if (const Json* usage = wire::find(answer, "usage"); usage && usage->is_object()) {
      last["usage"] = *usage;
      for (const char* key : {"cache_creation", "service_tier", "inference_geo"}) last["usage"].erase(key);
    }
    append_named(out, last);
    append_named(out, {{"type", "message_stop"}});
  }
  std::string out;

 private:
  void delta(const char* type, const char* key, const Json& value) {
    append_named(out, {{"type", "content_block_delta"}, {"index", block_}, {"delta", {{"type", type}, {key, value}}}});
  }

  void add(const Json& block) {
    const auto type = wire::string_at(block, "type");
    const bool call = type == "tool_use" || type == "server_tool_use" || type == "mcp_tool_use";
    Json begun = block;
    if (type == "text") begun["text"] = "";
    if (begun.contains("citations")) begun["citations"] = none;
    if (type == "thinking") begun["thinking"] = begun["signature"] = "";
    if (call) begun["input"] = Json::object();
    append_named(out, {{"type", "content_block_start"}, {"index", block_}, {"content_block", begun}});
    for (const Json& citation : list_at(block, "citations")) delta("citations_delta", "citation", citation);
    if (type == "text") delta("text_delta", "text", wire::string_at(block, "text"));
    if (type == "thinking") {
      delta("thinking_delta", "thinking", wire::string_at(block, "thinking"));
      delta("signature_delta", "signature", wire::string_at(block, "signature"));
    }
    const Json* input = call ? wire::find(block, "input") : nullptr;
    if (input) delta("input_json_delta", "partial_json", wire::dump(*input));
    append_named(out, {{"type", "content_block_stop"}, {"index", block_++}});
  }

  int64_t block_ = 0;
};

}  // namespace

Result<std::string> response_begun(std::string_view body) {
  ResponsesEvents events;
  events.queued(TRY(wire::parse_json(body)));
  return std::move(events.out);
}

Result<std::string> answer_events(Endpoint endpoint, std::string_view body, bool with_usage, bool begun) {
  const Json answer = TRY(wire::parse_json(body));
  if (!answer.is_object()) return no_answer(answer, "an object");
  switch (endpoint) {
    case Endpoint::chat_completions: return ChatEvents(answer, with_usage).out;
    case Endpoint::responses: {
      ResponsesEvents events;
      events.whole(answer, begun);
      return std::move(events.out);
    }
    case Endpoint::messages: return MessageEvents(answer).out;
    case Endpoint::generate_content: return "data: " + wire::dump(answer) + "\n\n";
    default: return no_answer(answer, "a stream");
  }
}

}  // namespace twolane::dialect
