// Whole answers cut into events.
#include "sim/streams.h"

#include <vector>

namespace twolane::sim {
namespace {

using wire::Json;

// A few words each; never within a character.
std::vector<std::string> pieces_of(std::string_view text) {
  constexpr size_t least = 12, most = 48;  // bytes
  std::vector<std::string> pieces;
  while (!text.empty()) {
    size_t n = std::min(least, text.size());
    while (n < text.size() && (n < most || (text[n] & 0xC0) == 0x80) && text[n - 1] != ' ') ++n;
    pieces.emplace_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return pieces;
}

void append_event(std::string& out, const Json& data, bool named) {
  if (named) out.append("event: ").append(wire::string_at(data, "type")).append("\n");
  out.append("data: ").append(wire::dump(data)).append("\n\n");
}

// --- chat completions

class ChatStream {
 public:
  ChatStream(const Json& answer, bool with_usage) : with_usage_(with_usage) {
    for (const char* key : {"id", "object", "created", "model", "service_tier", "system_fingerprint"})
      if (answer.contains(key)) head_[key] = answer[key];
    head_["object"] = "chat.completion.chunk";
    for (const Json& choice : answer["choices"]) add(choice);
    if (with_usage) {
      Json last = head_;
      last["choices"] = Json::array();
      last["usage"] = answer["usage"];
      append_event(out, last, false);
    }
    out += "data: [DONE]\n\n";
  }
  std::string out;

 private:
  void chunk(const Json& index, Json delta, const Json& finish) {
    Json chunk = head_;
    chunk["choices"] = Json::array({Json{{"index", index},
                                         {"delta", std::move(delta)},
                                         {"logprobs", nullptr},
                                         {"finish_reason", finish}}});
    if (with_usage_) chunk["usage"] = nullptr;
    append_event(out, chunk, false);
  }

  void add(const Json& choice) {
    const Json& index = choice["index"];
    const Json& message = choice["message"];
    const bool talks = message["content"].is_string();
    chunk(index,
          {{"role", "assistant"}, {"content", talks ? Json("") : Json(nullptr)}, {"refusal", nullptr}},
          nullptr);
    if (talks)
      for (auto& piece : pieces_of(message["content"].get_ref<const std::string&>()))
        chunk(index, {{"content", std::move(piece)}}, nullptr);
    if (message.contains("tool_calls")) {
      int64_t number = 0;
      for (const Json& call : message["tool_calls"]) add_call(index, number++, call);
    }
    chunk(index, Json::object(), choice["finish_reason"]);
  }

  void add_call(const Json& index, int64_t number, const Json& call) {
    Json first = call;
    first["function"]["arguments"] = "";
    Json numbered = {{"index", number}};
    numbered.update(first);
    chunk(index, {{"tool_calls", Json::array({numbered})}}, nullptr);
    for (auto& piece : pieces_of(call["function"]["arguments"].get_ref<const std::string&>()))
      chunk(index,
            {{"tool_calls", Json::array({Json{{"index", number},
                                              {"function", {{"arguments", std::move(piece)}}}}})}},
            nullptr);
  }

  Json head_;
  bool with_usage_;
};

// --- responses

class ResponseStream {
 public:
  explicit ResponseStream(const Json& answer) {
    Json begun = answer;
    begun["status"] = "in_progress";
    begun["output"] = Json::array();
    begun["usage"] = nullptr;
    begun["incomplete_details"] = nullptr;
    begun.erase("completed_at");
    say("response.created", {{"response", begun}});
    say("response.in_progress", {{"response", begun}});
    int64_t index = 0;
    for (const Json& item : answer["output"]) add(item, index++);
    say("response." + answer["status"].get<std::string>(), {{"response", answer}});
  }
  std::string out;

 private:
  void say(const std::string& type, Json members) {
    Json event = {{"type", type}};
    event.update(members);
    event["sequence_number"] = next_++;
    append_event(out, event, true);
  }

  void add(const Json& item, int64_t index) {
    Json begun = item;
    const auto type = wire::string_at(item, "type");
    if (begun.contains("status")) begun["status"] = "in_progress";
    if (type == "message") begun["content"] = Json::array();
    if (type == "function_call") begun["arguments"] = "";
    say("response.output_item.added", {{"output_index", index}, {"item", begun}});
    if (type == "message") add_text(item, index);
    if (type == "function_call") add_arguments(item, index);
    say("response.output_item.done", {{"output_index", index}, {"item", item}});
  }

  void add_text(const Json& item, int64_t index) {
    const Json place = {{"item_id", item["id"]}, {"output_index", index}, {"content_index", 0}};
    const auto with = [&place](Json members) {
      Json all = place;
      all.update(members);
      return all;
    };
    const Json& part = item["content"][0];
    Json empty = part;
    empty["text"] = "";
    say("response.content_part.added", with({{"part", empty}}));
    for (auto& piece : pieces_of(part["text"].get_ref<const std::string&>()))
      say("response.output_text.delta",
          with({{"delta", std::move(piece)}, {"logprobs", Json::array()}}));
    say("response.output_text.done", with({{"text", part["text"]}, {"logprobs", Json::array()}}));
    say("response.content_part.done", with({{"part", part}}));
  }

  void add_arguments(const Json& item, int64_t index) {
    for (auto& piece : pieces_of(item["arguments"].get_ref<const std::string&>()))
      say("response.function_call_arguments.delta",
          {{"item_id", item["id"]}, {"output_index", index}, {"delta", std::move(piece)}});
    say("response.function_call_arguments.done", {{"item_id", item["id"]},
                                                  {"output_index", index},
                                                  {"name", item["name"]},
                                                  {"arguments", item["arguments"]}});
  }

  int64_t next_ = 0;
};

// --- messages

class MessageStream {
 public:
  explicit MessageStream(const Json& answer) {
    Json begun = answer;
    begun["content"] = Json::array();
    begun["stop_reason"] = nullptr;
    begun["usage"]["output_tokens"] = 1;
    say("message_start", {{"message", begun}});
    say("ping", Json::object());
    int64_t index = 0;
    for (const Json& block : answer["content"]) add(block, index++);
    Json usage = answer["usage"];
    for (const char* key : {"cache_creation", "service_tier", "inference_geo"}) usage.erase(key);
    say("message_delta", {{"delta",
                           {{"stop_reason", answer["stop_reason"]},
                            {"stop_sequence", answer["stop_sequence"]},
                            {"stop_details", answer["stop_details"]}}},
                          {"usage", usage}});
    say("message_stop", Json::object());
  }
  std::string out;

 private:
  void say(const std::string& type, const Json& members) {
    Json event = {{"type", type}};
    event.update(members);
    append_event(out, event, true);
  }

  void deltas(int64_t index, const char* type, const char* key, const std::string& text) {
    for (auto& piece : pieces_of(text))
      say("content_block_delta", {{"index", index}, {"delta", {{"type", type}, {key, piece}}}});
  }

  void add(const Json& block, int64_t index) {
    const auto type = wire::string_at(block, "type");
    Json begun = block;
    if (type == "text") begun["text"] = "";
    if (type == "thinking") begun["thinking"] = begun["signature"] = "";
    if (type == "tool_use") begun["input"] = Json::object();
    say("content_block_start", {{"index", index}, {"content_block", begun}});
    if (type == "text") deltas(index, "text_delta", "text", block["text"]);
    if (type == "thinking") {
      deltas(index, "thinking_delta", "thinking", block["thinking"]);
      say("content_block_delta",
          {{"index", index},
           {"delta", {{"type", "signature_delta"}, {"signature", block["signature"]}}}});
    }
    if (type == "tool_use")
      deltas(index, "input_json_delta", "partial_json", wire::dump(block["input"]));
    say("content_block_stop", {{"index", index}});
  }
};

// --- generateContent

std::vector<Json> chunks_of(const Json& answer) {
  std::vector<Json> chunks;
  const auto add = [&](const Json& candidate, Json part, bool last) {
    Json shown = {{"content", {{"parts", Json::array({std::move(part)})}, {"role", "model"}}}};
    if (last) shown["finishReason"] = candidate["finishReason"];
    shown["index"] = candidate["index"];
    Json chunk = answer;
    chunk["candidates"] = Json::array({std::move(shown)});
    chunks.push_back(std::move(chunk));
  };
  for (const Json& candidate : answer["candidates"]) {
    const Json& part = candidate["content"]["parts"][0];
    if (!part.contains("text")) {
      add(candidate, part, true);
      continue;
    }
    const auto pieces = pieces_of(part["text"].get_ref<const std::string&>());
    for (size_t i = 0; i < pieces.size(); ++i)
      add(candidate, {{"text", pieces[i]}}, i + 1 == pieces.size());
  }
  return chunks;
}

}  // namespace

std::string sse_of(Endpoint endpoint, const Json& answer, bool with_usage) {
  switch (endpoint) {
    case Endpoint::responses:
      return ResponseStream(answer).out;
    case Endpoint::messages:
      return MessageStream(answer).out;
    case Endpoint::generate_content: {
      std::string out;
      for (const Json& chunk : chunks_of(answer)) append_event(out, chunk, false);
      return out;
    }
    default:
      return ChatStream(answer, with_usage).out;
  }
}

std::string array_of_chunks(const Json& answer) {
  std::string out = "[";
  for (const Json& chunk : chunks_of(answer)) {
    if (out.size() > 1) out += ",\r\n";
    out += wire::dump(chunk);
  }
  return out + "]";
}

}  // namespace twolane::sim
