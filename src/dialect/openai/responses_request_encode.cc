// Requests of /v1/responses: from the neutral form to the wire.
#include "dialect/openai/openai.h"
#include "dialect/translate_rules.h"
#include "wire/base64.h"

namespace twolane::dialect::openai {
namespace {

using Kind = Part::Kind;
constexpr auto here = Endpoint::responses;
constexpr size_t usual_members = 12;  // of a body

struct Encoder {
  const ChatRequest& request;
  bool same;
  bool same_provider;

  Result<Json> media(const Part& p) const;
  Result<Json> part(const Part& p, std::string_view text_type) const;
  Result<Json> content(const std::vector<const Part*>& parts, std::string_view text_type) const;
  Result<Json> call(const Part& p) const;
  Result<Json> call_output(const Part& p) const;
  Status message(const Message& m, Json& to) const;
  Status say(const Message& m, std::string_view role, std::vector<const Part*>& said,
             Json& to) const;
  Status messages(Json& body) const;
  Status tools(Json& body) const;
  Status parameters(Json& body, std::string_view model) const;
  Status text(Json& body) const;
};

Result<Json> Encoder::media(const Part& p) const {
  const Media& m = p.media;
  if (m.kind == Media::Kind::audio) return untranslatable(p.path, here);
  if (m.kind == Media::Kind::image) {
    Json out = object_of({{"type", "input_image"}});
    if (m.source == Media::Source::file_id && same_provider)
      out["file_id"] = m.data;
    else
      out["image_url"] = TRY(image_url(p, request.from, here));
    if (m.detail && (same || m.detail.value != "auto")) out["detail"] = m.detail.value;
    return out;
  }
  Json out = object_of({{"type", "input_file"}});
  if (m.source == Media::Source::file_id && same_provider) {
    out["file_id"] = m.data;
  } else if (m.source == Media::Source::url) {
    out["file_url"] = m.data;
  } else if (m.source == Media::Source::text) {
    out["filename"] = m.name.empty() ? std::string(default_text_name) : m.name;
    out["file_data"] = data_uri("text/plain", wire::base64_encoded(m.data));
  } else if (m.source == Media::Source::base64 &&
             (same_provider || is_one_of(m.mime, {"application/pdf", "text/plain"}))) {
    const auto usual = m.mime == "text/plain" ? default_text_name : default_file_name;
    out["filename"] = m.name.empty() ? std::string(usual) : m.name;
    out["file_data"] = m.mime.empty() ? m.data : data_uri(m.mime, m.data);
  } else {
    return untranslatable(p.path, here, "it reads PDF and plain text, or PDF by url");
  }
  return out;
}

Result<Json> Encoder::part(const Part& p, std::string_view text_type) const {
  Json out;
  switch (p.kind) {
    case Kind::text:
      out = object_of({{"type", text_type}, {"text", p.text}});
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
    default:
      return untranslatable(p.path, here);
  }
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

Result<Json> Encoder::content(const std::vector<const Part*>& parts,
                              std::string_view text_type) const {
  if (parts.size() == 1 && parts[0]->kind == Kind::text && (!same || parts[0]->extra.empty())) {
    Json unused;
    CHECKED(put_extra(unused, same ? std::vector<Native>() : parts[0]->extra, same, here));
    return Json(parts[0]->text);
  }
  Json out = Json::array();
  for (const Part* p : parts) out.push_back(TRY(part(*p, text_type)));
  return out;
}

Result<Json> Encoder::call(const Part& p) const {
  CHECKED(check_function_name(p.name, p.path, here));
  Json out = object_of({{"type", "function_call"},
                        {"call_id", p.call_id},
                        {"name", p.name},
                        {"arguments", p.arguments}});
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

Result<Json> Encoder::call_output(const Part& p) const {
  if (p.failed && p.failed.value == true)
    return untranslatable(p.failed.path, here, "a tool's output cannot say that the tool failed");
  std::vector<const Part*> parts;
  for (const Part& inner : p.content) parts.push_back(&inner);
  Json out = object_of({{"type", "function_call_output"}, {"call_id", p.call_id}});
  out["output"] = parts.empty() ? Json("") : TRY(content(parts, "input_text"));
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

Status Encoder::say(const Message& m, std::string_view role, std::vector<const Part*>& said,
                    Json& to) const {
  if (said.empty()) return {};
  Json out = object_of({{"role", role}});
  out["content"] = TRY(content(said, role == "assistant" ? "output_text" : "input_text"));
  CHECKED(put_extra(out, m.extra, same, here));
  to.push_back(std::move(out));
  said.clear();
  return {};
}

// Calls, results and reasoning are items of their own, between the messages.
Status Encoder::message(const Message& m, Json& to) const {
  if (m.role == Role::native) {
    if (!same) return untranslatable(m.path, here);
    to.push_back(m.raw);
    return {};
  }
  const std::string_view role = m.role == Role::system      ? "system"
                                : m.role == Role::developer ? "developer"
                                : m.role == Role::user      ? "user"
                                                            : "assistant";
  std::vector<const Part*> said;
  for (const Part& p : m.parts) {
    switch (p.kind) {
      case Kind::tool_call:
        CHECKED(say(m, role, said, to));
        to.push_back(TRY(call(p)));
        break;
      case Kind::tool_result:
        CHECKED(say(m, role, said, to));
        to.push_back(TRY(call_output(p)));
        break;
      case Kind::reasoning:
        if (same)
          to.push_back(p.raw);
        else if (!p.text.empty())
          return untranslatable(p.path, here, "another provider's reasoning cannot be taken up");
        break;
      default:
        // An assistant that calls tools without a word writes empty text at chat completions.
        if (same || p.kind != Kind::text || !p.text.empty() || m.parts.size() == 1)
          said.push_back(&p);
    }
  }
  if (same && m.parts.empty()) {
    Json out = object_of({{"role", role}, {"content", Json::array()}});
    CHECKED(put_extra(out, m.extra, same, here));
    to.push_back(std::move(out));
  }
  return say(m, role, said, to);
}

Status Encoder::messages(Json& body) const {
  Json input = Json::array();
  bool first = true;
  for (const Message& m : request.messages) {
    const bool plain =
        m.role == Role::system && m.parts.size() == 1 && m.parts[0].kind == Kind::text;
    // System text of other providers stands before the input, as instructions do here.
    if (first && plain && (same ? m.path == "instructions" : !same_provider))
      body["instructions"] = m.parts[0].text;
    else
      CHECKED(message(m, input));
    first = false;
  }
  if (!input.empty() || !same) body["input"] = std::move(input);
  return {};
}

Json named(const std::string& name) { return object_of({{"type", "function"}, {"name", name}}); }

Status Encoder::tools(Json& body) const {
  using Choice = ToolChoice::Kind;
  for (const Tool& t : request.tools) {
    if (!t.raw.is_null()) {
      if (!same) return untranslatable(t.path, here);
      body["tools"].push_back(t.raw);
      continue;
    }
    CHECKED(check_tool_name(t, request.from, here));
    Json out = object_of({{"type", "function"}, {"name", t.name}});
    if (t.description) out["description"] = t.description.value;
    out["parameters"] = t.schema.is_null()
                            ? object_of({{"type", "object"}, {"properties", Json::object()}})
                            : t.schema;
    if (t.schema.is_null() && same) out.erase("parameters");
    // Left out it would mean true here, where it means false elsewhere.
    if (t.strict)
      out["strict"] = t.strict.value;
    else if (!same)
      out["strict"] = false;
    CHECKED(put_extra(out, t.extra, same, here));
    body["tools"].push_back(std::move(out));
  }
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
      body["tool_choice"] = object_of({{"type", "allowed_tools"},
                                       {"mode", c.must_call ? "required" : "auto"},
                                       {"tools", std::move(list)}});
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

Status Encoder::text(Json& body) const {
  Json text = Json::object();
  switch (request.format.kind) {
    case AnswerFormat::Kind::unset:
      break;
    case AnswerFormat::Kind::text:
      if (same) text["format"] = object_of({{"type", "text"}});
      break;
    case AnswerFormat::Kind::json_object:
      text["format"] = object_of({{"type", "json_object"}});
      break;
    case AnswerFormat::Kind::json_schema:
      text["format"] = object_of({{"type", "json_schema"}});
      text["format"].update(TRY(schema_format(request)));
  }
  if (request.verbosity) text["verbosity"] = request.verbosity.value;
  if (!text.empty()) body["text"] = std::move(text);
  return {};
}

void put(Json& body, std::string_view key, const Setting& s) {
  if (s) body[std::string(key)] = s.value;
}

Status Encoder::parameters(Json& body, std::string_view model) const {
  CHECKED(check_reasoning_model(request, model, here));
  put(body, "max_output_tokens", request.output_limit);
  put(body, "temperature", request.temperature);
  put(body, "top_p", request.top_p);
  CHECKED(check_absent(request.top_k, here));
  CHECKED(check_absent(request.frequency_penalty, here, 0));
  CHECKED(check_absent(request.presence_penalty, here, 0));
  CHECKED(check_absent(request.seed, here));
  CHECKED(check_absent(request.choices, here, 1, "it gives one answer to a request"));
  CHECKED(check_absent(request.stop, here, Json::array()));
  if (same)
    put(body, "top_logprobs", request.top_logprobs);
  else if (request.logprobs.value == true)
    put(body, "top_logprobs", request.top_logprobs);
  const Reasoning& r = request.reasoning;
  if (const Json effort = TRY(effort_of(request, model, here)); !effort.is_null())
    body["reasoning"]["effort"] = effort;
  if (r.shown && r.shown.value.is_string())
    body["reasoning"]["summary"] = r.shown.value;
  else if (r.shown && r.shown.value == true)
    body["reasoning"]["summary"] = "auto";
  CHECKED(text(body));
  CHECKED(put_extra(body, request.extra, same, here));
  if (request.logprobs.value == true) body["include"].push_back("message.output_text.logprobs");
  return {};
}

}  // namespace

Result<Json> encode_responses_request(ChatRequest request, std::string_view model) {
  const bool same = request.from == here;
  const Encoder e{request, same, same_provider(request.from, here)};
  CHECKED(check_last_turn(request, here));
  if (!same) request.messages = merged(std::move(request.messages), true);
  Json body = object_of({{"model", model}}, usual_members);
  CHECKED(e.messages(body));
  CHECKED(e.tools(body));
  CHECKED(e.parameters(body, model));
  return body;
}

}  // namespace twolane::dialect::openai
