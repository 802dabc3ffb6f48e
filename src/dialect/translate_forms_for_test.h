// For tests: when two bodies mean the same, spelled out.
//
// normal_form: the same request in one dialect, whichever of its spellings was used.
// meaning: what of a request both sides of a translation can say.
#pragma once

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "dialect/translate_fields.h"
#include "model/chat.h"
#include "wire/json.h"

namespace twolane::dialect {

// Values that are the user's own: never touched.
inline bool is_opaque(std::string_view key) {
  return is_one_of(
      key, {"parameters", "schema", "input_schema", "arguments", "args", "parametersJsonSchema",
            "parameters_json_schema", "responseJsonSchema", "responseSchema", "response"});
}

// A null says as much as a missing member.
inline Json without_nulls(const Json& v) {
  if (v.is_array()) {
    Json out = Json::array();
    for (const Json& e : v) out.push_back(without_nulls(e));
    return out;
  }
  if (!v.is_object()) return v;
  Json out = Json::object();
  for (const auto& [key, value] : v.items())
    if (!value.is_null()) out[key] = is_opaque(key) ? value : without_nulls(value);
  return out;
}

inline Json sorted(const Json& v) {  // by name, since order of members means nothing
  return Json::parse(nlohmann::json::parse(v.dump()).dump());
}

inline Json text_parts(const Json& content, std::string_view type) {
  return content.is_string() ? Json::array({Json{{"type", type}, {"text", content}}}) : content;
}

inline Json normal_chat(Json b) {
  for (Json& m : b["messages"]) {
    if (m.contains("content")) m["content"] = text_parts(m["content"], "text");
    if (m.contains("content") && m["content"].empty() && m["role"] == "assistant")
      m.erase("content");
    if (m.contains("tool_calls") && m["tool_calls"].empty()) m.erase("tool_calls");
    if (m.contains("refusal") && m["refusal"] == "") m.erase("refusal");
  }
  if (b.contains("tools") && b["tools"].empty()) b.erase("tools");
  if (b.contains("tools"))
    for (Json& t : b["tools"])
      if (t.contains("function")) t["type"] = "function";
  if (b.contains("tool_choice") && b["tool_choice"].contains("function"))
    b["tool_choice"]["type"] = "function";
  if (b.contains("stop") && b["stop"].is_string()) b["stop"] = Json::array({b["stop"]});
  return b;
}

inline Json normal_responses(Json b) {
  if (b.contains("input") && b["input"].is_string())
    b["input"] = Json::array({Json{{"role", "user"}, {"content", b["input"]}}});
  if (b.contains("input"))
    for (Json& item : b["input"]) {
      if (item.contains("role") && item.contains("content")) item["type"] = "message";
      for (const char* key : {"content", "output"})
        if (item.contains(key)) {
          item[key] = text_parts(item[key], "text");
          if (item[key].is_array())
            for (Json& p : item[key])
              if (p.contains("text") && (p["type"] == "input_text" || p["type"] == "output_text"))
                p["type"] = "text";
        }
    }
  if (b.contains("tools") && b["tools"].empty()) b.erase("tools");
  if (b.contains("include")) {
    std::set<std::string> names;
    for (const Json& name : b["include"]) names.insert(name.get<std::string>());
    b["include"] = names;
  }
  return b;
}

inline void normal_blocks(Json& blocks) {
  blocks = text_parts(blocks, "text");
  if (!blocks.is_array()) return;
  for (Json& block : blocks)
    if (block.is_object() && block.contains("type") && block["type"] == "tool_result" &&
        block.contains("content"))
      normal_blocks(block["content"]);
}

inline Json normal_messages(Json b) {
  if (b.contains("system")) normal_blocks(b["system"]);
  for (Json& m : b["messages"])
    if (m.contains("content")) normal_blocks(m["content"]);
  if (b.contains("tools"))
    for (Json& t : b["tools"])
      if (t.contains("type") && t["type"] == "custom") t.erase("type");
  return b;
}

inline std::string camel_case(std::string_view key) {
  std::string out;
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '_' && i + 1 < key.size())
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(key[++i])));
    else
      out += key[i];
  }
  return out;
}

inline Json camel(const Json& v) {
  if (v.is_array()) {
    Json out = Json::array();
    for (const Json& e : v) out.push_back(camel(e));
    return out;
  }
  if (!v.is_object()) return v;
  Json out = Json::object();
  for (const auto& [key, value] : v.items())
    out[camel_case(key)] = is_opaque(key) ? value : camel(value);
  return out;
}

inline Json as_array(const Json& v) { return v.is_object() ? Json::array({v}) : v; }

// Ids that stand for none are left out, for they are made up from the order of the calls.
inline void drop_made_up_id(Json& call) {
  if (call.contains("id") && call["id"].get<std::string>().starts_with("call_") &&
      call["id"].get<std::string>().size() < 8)
    call.erase("id");
}

inline Json normal_gemini(const Json& body) {
  Json b = camel(body);
  b.erase("model");
  b["contents"] = as_array(b["contents"]);
  for (Json& c : b["contents"]) {
    if (!c.contains("role")) c["role"] = "user";
    c["parts"] = as_array(c["parts"]);
    for (Json& p : c["parts"]) {
      if (p.contains("functionCall")) drop_made_up_id(p["functionCall"]);
      if (p.contains("functionResponse")) drop_made_up_id(p["functionResponse"]);
    }
  }
  if (b.contains("systemInstruction")) b["systemInstruction"].erase("role");
  if (b.contains("tools")) {
    Json functions = Json::array(), others = Json::array();
    for (const Json& tool : as_array(b["tools"]))
      for (const auto& [key, value] : tool.items()) {
        if (key == "functionDeclarations")
          functions.insert(functions.end(), value.begin(), value.end());
        else
          others.push_back({{key, value}});
      }
    b["tools"] = {{"functions", functions}, {"others", others}};
  }
  if (b.contains("generationConfig") && b["generationConfig"].empty()) b.erase("generationConfig");
  return b;
}

inline Json normal_form(Endpoint endpoint, const Json& body) {
  Json b = without_nulls(body);
  if (wire::string_at(b, "model").empty()) b.erase("model");  // it stands in the url
  switch (endpoint) {
    case Endpoint::responses:
      return sorted(normal_responses(b));
    case Endpoint::messages:
      return sorted(normal_messages(b));
    case Endpoint::generate_content:
      return sorted(normal_gemini(b));
    default:
      return sorted(normal_chat(b));
  }
}

inline Json meaning_of(const Part& p, Endpoint via) {
  using Kind = Part::Kind;
  const bool gemini = dialect_of(via) == Dialect::gemini;
  Json out = {{"kind", static_cast<int>(p.kind)}};
  switch (p.kind) {
    case Kind::text:
    case Kind::refusal:
      out["text"] = p.text;
      break;
    case Kind::media: {
      const Media& m = p.media;
      out["medium"] = static_cast<int>(m.kind);
      // A url may gain the kind that its name tells, and audio/mpeg is audio/mp3.
      if (m.source != Media::Source::url)
        out["mime"] = m.mime == "audio/mpeg" ? "audio/mp3"
                      : m.mime.empty()       ? "application/pdf"
                                             : m.mime;
      out["data"] = m.data;
      out["source"] = static_cast<int>(m.source);
      if (!gemini) out["name"] = m.name;  // Gemini has no place for it
      break;
    }
    case Kind::tool_call: {
      out["id"] = p.call_id;
      out["name"] = p.name;
      const auto arguments = arguments_object(p.arguments);
      out["arguments"] = arguments ? *arguments : Json(p.arguments);
      break;
    }
    case Kind::tool_result: {
      out["id"] = p.call_id;
      out["failed"] = p.failed && p.failed.value == true;
      std::string text;
      Json media = Json::array();
      for (const Part& inner : p.content) {
        if (inner.kind == Kind::text)
          text += inner.text;
        else
          media.push_back(meaning_of(inner, via));
      }
      const auto object =
          wire::parse_json(text);  // Gemini gives objects back without their white space
      out["result"] = object && object->is_object() ? *object : Json(text);
      out["media"] = media;
      break;
    }
    case Kind::reasoning:
    case Kind::native:
      out["raw"] = p.raw;
      break;
  }
  return out;
}

inline Json meaning(const Setting& s, const Json& nothing = nullptr) {
  return s && s.value != nothing ? s.value : Json();
}

inline Json meaning(const std::vector<Message>& messages, Endpoint via) {
  Json out = Json::array();
  std::vector<Message> list = messages;
  for (Message& m : list)
    if (m.role == Role::developer) m.role = Role::system;  // only OpenAI tells them apart
  // System text may come as one message or several.
  for (const Message& m : merged(list, false)) {
    Json parts = Json::array();
    for (const Part& p : m.parts) {
      const bool nothing =
          (p.kind == Part::Kind::text || p.kind == Part::Kind::reasoning) && p.text.empty();
      if (!nothing) parts.push_back(meaning_of(p, via));
    }
    if (!out.empty() && m.role == Role::system &&
        out.back()["role"] == static_cast<int>(Role::system)) {
      Json& have = out.back()["parts"];
      have.insert(have.end(), parts.begin(), parts.end());
    } else if (!parts.empty()) {
      out.push_back({{"role", static_cast<int>(m.role)}, {"parts", parts}});
    }
  }
  return out;
}

inline Json meaning(const AnswerFormat& f) {
  using Kind = AnswerFormat::Kind;
  if (f.kind == Kind::unset || f.kind == Kind::text) return {};
  Json schema = f.schema;
  if (f.description && schema.is_object()) schema["description"] = f.description.value;
  return {{"kind", static_cast<int>(f.kind)}, {"schema", schema}};  // the name is only a label
}

inline Json meaning(const Reasoning& r) {
  using Mode = Reasoning::Mode;
  Json out = {{"off", r.mode == Mode::off}, {"budget", meaning(r.budget)}};
  if (r.mode != Mode::off) out["effort"] = meaning(r.effort);
  out["shown"] = r.shown && r.shown.value != false;
  return out;
}

inline Json meaning(const ChatRequest& r, Endpoint via) {
  const bool gemini = dialect_of(via) == Dialect::gemini;
  Json out = {{"messages", meaning(r.messages, via)}, {"tools", Json::array()}};
  const Json no_arguments = {{"type", "object"}, {"properties", Json::object()}};
  for (const Tool& t : r.tools) {
    Json tool = {{"name", t.name},
                 {"description", meaning(t.description)},
                 {"schema", t.schema.is_null() ? no_arguments : t.schema}};
    if (!gemini) tool["strict"] = meaning(t.strict, false);  // there for all functions at once
    out["tools"].push_back(tool);
  }
  using Choice = ToolChoice::Kind;
  const ToolChoice& c = r.tool_choice;
  const bool idle = c.kind == Choice::unset || c.kind == Choice::automatic || r.tools.empty();
  out["choice"] =
      idle ? Json()
           : Json{{"kind", static_cast<int>(c.kind)}, {"names", c.names}, {"must", c.must_call}};
  out["parallel"] =
      r.tools.empty() || (c.kind == Choice::none) ? Json() : meaning(r.parallel_tools, true);
  out["format"] = meaning(r.format);
  out["reasoning"] = meaning(r.reasoning);
  // Anthropic wants a limit; where the request has none, its model's own is set.
  if (dialect_of(via) != Dialect::anthropic) out["limit"] = meaning(r.output_limit);
  out["temperature"] = meaning(r.temperature);
  out["top_p"] = meaning(r.top_p);
  out["top_k"] = meaning(r.top_k);
  out["frequency"] = meaning(r.frequency_penalty, 0);
  out["presence"] = meaning(r.presence_penalty, 0);
  out["seed"] = meaning(r.seed);
  out["choices"] = meaning(r.choices, 1);
  out["stop"] = meaning(r.stop, Json::array());
  out["logprobs"] = meaning(r.logprobs, false);
  out["top_logprobs"] = r.logprobs.value == true ? meaning(r.top_logprobs) : Json();
  out["verbosity"] = meaning(r.verbosity, "medium");
  for (const Native& n : r.extra)
    if (n.matters) out["extra"][n.path] = n.value;
  return sorted(out);
}

// Whether a path like "messages[2].content[0].input_audio" leads to something in the body.
inline bool names_member(const Json& body, std::string_view path) {
  const Json* at = &body;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    if (path.front() == '[') {
      const size_t end = path.find(']');
      const size_t index = std::stoul(std::string(path.substr(1, end - 1)));
      if (!at->is_array() || index >= at->size()) return false;
      at = &(*at)[index];
      path.remove_prefix(end + 1);
    } else {
      const size_t end = std::min(path.find_first_of(".["), path.size());
      at = wire::find(*at, path.substr(0, end));
      if (!at) return false;
      path.remove_prefix(end);
    }
  }
  return at != &body;
}

// Name and arguments of every call in an answer, in order; ids only where the provider gave them.
inline Json calls_in(Endpoint endpoint, const Json& body) {
  Json out = Json::array();
  const auto add = [&](std::string_view name, const Json& arguments) {
    const auto object =
        arguments.is_string() ? arguments_object(arguments.get<std::string>()) : arguments;
    out.push_back({{"name", name}, {"arguments", object ? *object : Json()}});
  };
  const auto list = [](const Json& in, std::string_view key) {
    const Json* found = wire::find(in, key);
    return found && found->is_array() ? *found : Json::array();
  };
  if (endpoint == Endpoint::chat_completions)
    for (const Json& choice : list(body, "choices"))
      for (const Json& call : list(choice.at("message"), "tool_calls"))
        add(wire::string_at(call.at("function"), "name"), call.at("function").at("arguments"));
  if (endpoint == Endpoint::responses)
    for (const Json& item : list(body, "output"))
      if (wire::string_at(item, "type") == "function_call")
        add(wire::string_at(item, "name"), item.at("arguments"));
  if (endpoint == Endpoint::messages)
    for (const Json& block : list(body, "content"))
      if (wire::string_at(block, "type") == "tool_use")
        add(wire::string_at(block, "name"), block.at("input"));
  if (endpoint == Endpoint::generate_content)
    for (const Json& candidate : list(body, "candidates"))
      for (const Json& part :
           list(candidate.contains("content") ? candidate["content"] : Json::object(), "parts"))
        if (const Json* call = wire::find(part, "functionCall"))
          add(wire::string_at(*call, "name"),
              call->contains("args") ? call->at("args") : Json::object());
  return out;
}

}  // namespace twolane::dialect
