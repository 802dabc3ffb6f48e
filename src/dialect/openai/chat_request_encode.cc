// Requests of /v1/chat/completions: from the neutral form to the wire.
#include "dialect/openai/openai.h"
#include "dialect/translate_rules.h"

namespace twolane::dialect::openai {
namespace {

using Kind = Part::Kind;
constexpr auto here = Endpoint::chat_completions;
constexpr size_t usual_members = 12;  // of a body

struct Encoder {
  const ChatRequest& request;
  bool same;           // back to where it came from
  bool same_provider;  // from responses

  Result<Json> part(const Part& p) const;
  Result<Json> media(const Part& p) const;
  Result<Json> content(const std::vector<const Part*>& parts) const;
  Result<Json> tool_call(const Part& p) const;
  Result<Json> tool_message(const Part& p) const;
  Status user(const Message& m, Json& to) const;
  Status assistant(const Message& m, Json& to) const;
  Status message(const Message& m, Json& to) const;
  Result<Json> tool(const Tool& t) const;
  Status tools(Json& body) const;
  Status parameters(Json& body, std::string_view model) const;
};

Result<Json> Encoder::media(const Part& p) const {
  const Media& m = p.media;
  if (m.kind == Media::Kind::image) {
    CHECKED(check_detail(p, here));
    Json image = Json::object();
    image["url"] = TRY(image_url(p, request.from, here));
    if (m.detail && (same || m.detail.value != "auto")) image["detail"] = m.detail.value;
    return object_of({{"type", "image_url"}, {"image_url", std::move(image)}});
  }
  if (m.kind == Media::Kind::audio) {
    const std::string_view mime = m.mime;
    const std::string_view format = is_one_of(mime, {"audio/mp3", "audio/mpeg"})    ? "mp3"
                                    : is_one_of(mime, {"audio/wav", "audio/x-wav"}) ? "wav"
                                    : same                                          ? mime.substr(6)
                                           : std::string_view();
    if (m.source != Media::Source::base64 || format.empty())
      return untranslatable(p.path, here, "it hears WAV and MP3 that come with the request");
    return object_of({{"type", "input_audio"},
                      {"input_audio", object_of({{"data", m.data}, {"format", format}})}});
  }
  Json file = Json::object();
  if (m.source == Media::Source::file_id && same_provider) {
    file["file_id"] = m.data;
  } else if (m.source == Media::Source::base64 && (same_provider || m.mime == "application/pdf")) {
    const auto usual = m.mime == "text/plain" ? default_text_name : default_file_name;
    file["filename"] = m.name.empty() ? std::string(usual) : m.name;
    file["file_data"] = m.mime.empty() ? m.data : data_uri(m.mime, m.data);
  } else {
    return untranslatable(p.path, here, "it reads PDF files that come with the request");
  }
  return object_of({{"type", "file"}, {"file", std::move(file)}});
}

Result<Json> Encoder::part(const Part& p) const {
  Json out;
  switch (p.kind) {
    case Kind::text:
      out = object_of({{"type", "text"}, {"text", p.text}});
      break;
    case Kind::refusal:
      out = object_of({{"type", "refusal"}, {"refusal", p.text}});
      break;
    case Kind::media:
      out = TRY(media(p));
      break;
    case Kind::native:
      if (!same) return untranslatable(p.path, here);
      return p.raw;
    case Kind::reasoning:
      return untranslatable(p.path, here, "reasoning is not part of a request there");
    default:
      return untranslatable(p.path, here);
  }
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

bool plain_text(const Part& p) { return p.kind == Kind::text && p.extra.empty(); }

// One plain text is written as text, everything else as parts.
Result<Json> Encoder::content(const std::vector<const Part*>& parts) const {
  if (parts.size() == 1 && parts[0]->kind == Kind::text && (plain_text(*parts[0]) || !same)) {
    Json unused;
    CHECKED(put_extra(unused, same ? std::vector<Native>() : parts[0]->extra, same, here));
    return Json(parts[0]->text);
  }
  Json out = Json::array();
  for (const Part* p : parts) out.push_back(TRY(part(*p)));
  return out;
}

Result<Json> Encoder::tool_call(const Part& p) const {
  CHECKED(check_function_name(p.name, p.path, here));
  Json out = object_of({{"id", p.call_id},
                        {"type", "function"},
                        {"function", object_of({{"name", p.name}, {"arguments", p.arguments}})}});
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

Result<Json> Encoder::tool_message(const Part& p) const {
  if (p.failed && p.failed.value == true)
    return untranslatable(p.failed.path, here, "a tool message cannot say that the tool failed");
  std::vector<const Part*> parts;
  for (const Part& inner : p.content) {
    if (inner.kind == Kind::media && !same)
      return untranslatable(inner.path, here, "a tool message holds text only");
    parts.push_back(&inner);
  }
  Json out = object_of({{"role", "tool"}, {"tool_call_id", p.call_id}});
  out["content"] = parts.empty() ? Json("") : TRY(content(parts));
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

// Tool results become messages of their own; they have to come before anything else the user says.
Status Encoder::user(const Message& m, Json& to) const {
  std::vector<const Part*> said;
  bool results = false;
  for (const Part& p : m.parts) {
    if (p.kind != Kind::tool_result) {
      said.push_back(&p);
      continue;
    }
    if (!said.empty())
      return untranslatable(p.path, here, "tool results have to follow the calls at once there");
    results = true;
    to.push_back(TRY(tool_message(p)));
  }
  if (said.empty() && results) return {};
  Json out = object_of({{"role", "user"}});
  out["content"] = TRY(content(said));
  CHECKED(put_extra(out, m.extra, same, here));
  to.push_back(std::move(out));
  return {};
}

Status Encoder::assistant(const Message& m, Json& to) const {
  std::vector<const Part*> said;
  Json out = object_of({{"role", "assistant"}}), calls = Json::array();
  for (const Part& p : m.parts) {
    if (p.kind == Kind::tool_call)
      calls.push_back(TRY(tool_call(p)));
    else if (p.kind == Kind::native && p.slot == "tool_calls" && same)
      calls.push_back(p.raw);
    else if (p.kind == Kind::refusal && p.path == m.path + ".refusal")
      out["refusal"] = p.text;
    else if (p.kind == Kind::reasoning && p.text.empty() && !same)
      continue;  // sealed: only its maker reads it
    else {
      if (!same && !calls.empty() && !(p.kind == Kind::text && p.text.empty()))
        return untranslatable(p.path, here, "what an assistant says stands before its calls there");
      said.push_back(&p);
    }
  }
  if (said.empty() && calls.empty() && m.parts.size() > 0 && !same && !out.contains("refusal"))
    return {};
  out["content"] = said.empty() ? Json() : TRY(content(said));
  if (!calls.empty()) out["tool_calls"] = std::move(calls);
  CHECKED(put_extra(out, m.extra, same, here));
  to.push_back(std::move(out));
  return {};
}

Status Encoder::message(const Message& m, Json& to) const {
  if (m.role == Role::native) {
    if (!same) return untranslatable(m.path, here);
    to.push_back(m.raw);
    return {};
  }
  if (m.role == Role::user) return user(m, to);
  if (m.role == Role::assistant) return assistant(m, to);
  std::vector<const Part*> parts;
  for (const Part& p : m.parts) parts.push_back(&p);
  Json out = object_of({{"role", m.role == Role::system ? "system" : "developer"}});
  out["content"] = TRY(content(parts));
  CHECKED(put_extra(out, m.extra, same, here));
  to.push_back(std::move(out));
  return {};
}

Result<Json> Encoder::tool(const Tool& t) const {
  if (!t.raw.is_null()) {
    if (!same) return untranslatable(t.path, here);
    return t.raw;
  }
  CHECKED(check_tool_name(t, request.from, here));
  Json function = object_of({{"name", t.name}});
  if (t.description) function["description"] = t.description.value;
  if (!t.schema.is_null()) function["parameters"] = t.schema;
  if (t.strict) function["strict"] = t.strict.value;
  Json out = object_of({{"type", "function"}, {"function", std::move(function)}});
  CHECKED(put_extra(out, t.extra, same, here));
  return out;
}

Json named(const std::string& name) {
  return object_of({{"type", "function"}, {"function", object_of({{"name", name}})}});
}

Status Encoder::tools(Json& body) const {
  using Choice = ToolChoice::Kind;
  for (const Tool& t : request.tools) body["tools"].push_back(TRY(tool(t)));
  const ToolChoice& c = request.tool_choice;
  switch (c.kind) {
    case Choice::unset:
      break;
    case Choice::automatic:
      body["tool_choice"] = "auto";
      break;
    case Choice::required:
      body["tool_choice"] = "required";
      break;
    case Choice::none:
      body["tool_choice"] = "none";
      break;
    case Choice::named:
      body["tool_choice"] = named(c.names.at(0));
      break;
    case Choice::allowed: {
      Json list = Json::array();
      for (const auto& name : c.names) list.push_back(named(name));
      body["tool_choice"] = object_of(
          {{"type", "allowed_tools"},
           {"allowed_tools",
            object_of({{"mode", c.must_call ? "required" : "auto"}, {"tools", std::move(list)}})}});
      break;
    }
    case Choice::native:
      if (!same) return untranslatable(c.path, here);
      body["tool_choice"] = c.raw;
  }
  if (!same && request.tools.empty()) body.erase("tool_choice");
  if (request.parallel_tools && (same || !request.tools.empty()))
    body["parallel_tool_calls"] = request.parallel_tools.value;
  return {};
}

void put(Json& body, std::string_view key, const Setting& s) {
  if (s) body[std::string(key)] = s.value;
}

Status Encoder::parameters(Json& body, std::string_view model) const {
  CHECKED(check_reasoning_model(request, model, here));
  put(body,
      same && request.output_limit.path == "max_tokens" ? "max_tokens" : "max_completion_tokens",
      request.output_limit);
  put(body, "temperature", request.temperature);
  put(body, "top_p", request.top_p);
  if (request.top_k) return untranslatable(request.top_k.path, here);
  put(body, "frequency_penalty", request.frequency_penalty);
  put(body, "presence_penalty", request.presence_penalty);
  put(body, "seed", request.seed);
  put(body, "n", request.choices);
  put(body, "logprobs", request.logprobs);
  put(body, "top_logprobs", request.top_logprobs);
  put(body, "verbosity", request.verbosity);
  if (request.stop.value.size() > 4 && !same)
    return untranslatable(request.stop.path, here, "it takes at most 4 stop sequences");
  put(body, "stop", request.stop);
  if (const Json effort = TRY(effort_of(request, model, here)); !effort.is_null())
    body["reasoning_effort"] = effort;
  if (const Setting& shown = request.reasoning.shown; shown && shown.value != false)
    return untranslatable(shown.path, here, "its answers do not show reasoning");
  switch (request.format.kind) {
    case AnswerFormat::Kind::unset:
      break;
    case AnswerFormat::Kind::text:
      if (same) body["response_format"] = object_of({{"type", "text"}});
      break;
    case AnswerFormat::Kind::json_object:
      body["response_format"] = object_of({{"type", "json_object"}});
      break;
    case AnswerFormat::Kind::json_schema:
      body["response_format"] = object_of({{"type", "json_schema"}});
      body["response_format"]["json_schema"] = TRY(schema_format(request));
  }
  return put_extra(body, request.extra, same, here);
}

}  // namespace

Result<Json> encode_chat_request(ChatRequest request, std::string_view model) {
  const bool same = request.from == here;
  const Encoder e{request, same, dialect_of(request.from) == Dialect::openai};
  CHECKED(check_last_turn(request, here));
  Json body = object_of({{"model", model}, {"messages", Json::array()}}, usual_members);
  if (!same) request.messages = merged(std::move(request.messages), true);
  for (const Message& m : request.messages) CHECKED(e.message(m, body["messages"]));
  CHECKED(e.tools(body));
  CHECKED(e.parameters(body, model));
  return body;
}

}  // namespace twolane::dialect::openai
