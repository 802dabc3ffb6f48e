// Requests of generateContent: from the neutral form to the wire.
#include <algorithm>
#include <unordered_map>

#include "dialect/gemini/gemini.h"
#include "dialect/translate_rules.h"
#include "wire/base64.h"

namespace twolane::dialect::gemini {
namespace {

using Kind = Part::Kind;
constexpr auto here = Endpoint::generate_content;
constexpr size_t usual_members = 8;  // of a body, and of its generationConfig

struct Encoder {
  ChatRequest& request;  // its texts and schemas are used up
  bool same;
  std::unordered_map<std::string, std::string> called = {};  // name by call id

  Result<Json> media(const Part& p) const;
  Result<Json> call(const Part& p);
  Result<Json> result(Part& p);
  Result<Json> part(Part& p);
  Result<Json> content(Message& m);
  Status contents(Json& body);
  Status tools(Json& body) const;
  Status choice(Json& body) const;
  Status config(Json& body) const;
  Status format(Json& config) const;
  Status thinking(Json& config) const;
};

// What a url's name says of its content; empty where it says nothing.
std::string_view mime_of_url(std::string_view url) {
  constexpr std::pair<std::string_view, std::string_view> endings[] = {
      {".png", "image/png"},   {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
      {".webp", "image/webp"}, {".heic", "image/heic"}, {".pdf", "application/pdf"}};
  std::string path(url.substr(0, url.find_first_of("?#")));
  std::ranges::transform(path, path.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto& [ending, mime] : endings)
    if (path.ends_with(ending)) return mime;
  return {};
}

Result<Json> Encoder::media(const Part& p) const {
  const Media& m = p.media;
  CHECKED(check_detail(p, here));
  const bool image = m.kind == Media::Kind::image;
  std::string mime = m.mime;
  if (mime.empty() && m.source == Media::Source::url) mime = mime_of_url(m.data);
  if (mime.empty() && m.source == Media::Source::base64 && !image) mime = "application/pdf";
  if (m.source == Media::Source::text) mime = "text/plain";
  const bool read =
      image ? is_one_of(mime, {"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
            : !mime.empty();
  if (!same && !read)
    return untranslatable(p.path, here,
                          mime.empty() ? "it wants the kind of a file, which this url does not tell"
                                       : "it reads PNG, JPEG, WebP and HEIC images, not " + mime);
  switch (m.source) {
    case Media::Source::base64:
      return object_of({{"inlineData", object_of({{"mimeType", mime}, {"data", m.data}})}});
    case Media::Source::text:
      return object_of({{"inlineData",
                         object_of({{"mimeType", mime}, {"data", wire::base64_encoded(m.data)}})}});
    case Media::Source::file_id:
      if (!same)
        return untranslatable(p.path, here, "a stored file is known to its own provider only");
      [[fallthrough]];
    case Media::Source::url:
      break;
  }
  return object_of({{"fileData", object_of({{"mimeType", mime}, {"fileUri", m.data}})}});
}

Result<Json> Encoder::call(const Part& p) {
  auto args = arguments_object(p.arguments);
  if (!args) return untranslatable(p.path, here, "the arguments of a call there are a JSON object");
  called[p.call_id] = p.name;
  return object_of(
      {{"functionCall",
        object_of({{"id", p.call_id}, {"name", p.name}, {"args", std::move(*args)}})}});
}

Result<Json> Encoder::result(Part& p) {
  const auto known = called.find(p.call_id);
  if (p.name.empty() && known == called.end())
    return untranslatable(
        p.path, here, "it wants the function's name, and no earlier call has the id " + p.call_id);
  std::string text;
  Json parts = Json::array();
  for (Part& inner : p.content) {
    if (inner.kind == Kind::text)
      text += inner.text;
    else
      parts.push_back(TRY(part(inner)));
    if (inner.kind == Kind::text) {
      Json unused;
      CHECKED(put_extra(unused, inner.extra, same, here));
    }
  }
  Json out = object_of({{"id", p.call_id}, {"name", p.name.empty() ? known->second : p.name}});
  out["response"] = response_of_text(text, p.failed && p.failed.value == true);
  if (!parts.empty()) out["parts"] = std::move(parts);
  return object_of({{"functionResponse", std::move(out)}});
}

Result<Json> Encoder::part(Part& p) {
  Json out;
  switch (p.kind) {
    case Kind::text:
      out = object_of({{"text", std::move(p.text)}});
      break;
    case Kind::media:
      out = TRY(media(p));
      break;
    case Kind::tool_call:
      out = TRY(call(p));
      break;
    case Kind::tool_result:
      out = TRY(result(p));
      break;
    case Kind::native:
      if (!same) return untranslatable(p.path, here);
      return p.raw;
    case Kind::reasoning:
      if (!same)
        return untranslatable(p.path, here, "another provider's reasoning cannot be taken up");
      return p.raw;
    case Kind::refusal:
      return untranslatable(p.path, here);
  }
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

Result<Json> Encoder::content(Message& m) {
  Json parts = Json::array();
  for (Part& p : m.parts) {
    const bool nothing = (p.kind == Kind::text && m.parts.size() > 1) || p.kind == Kind::reasoning;
    if (nothing && p.text.empty() && !same) continue;
    parts.push_back(TRY(part(p)));
  }
  if (parts.empty() && !same)
    return untranslatable(m.path, here, "it takes no content without parts");
  Json out = object_of(
      {{"role", m.role == Role::assistant ? "model" : "user"}, {"parts", std::move(parts)}});
  CHECKED(put_extra(out, m.extra, same, here));
  return out;
}

Status Encoder::contents(Json& body) {
  auto& turns = request.messages;
  const size_t head = leading_system(turns);
  Json system = Json::object();
  Json list = Json::array();
  for (size_t i = 0; i < turns.size(); ++i) {
    Message& m = turns[i];
    if (m.role == Role::native) return untranslatable(m.path, here);
    const bool is_system = m.role == Role::system || m.role == Role::developer;
    if (is_system && i >= head)
      return untranslatable(m.path, here, "system text stands before the first message");
    if (!is_system) {
      list.push_back(TRY(content(m)));
      continue;
    }
    for (Part& p : m.parts) {
      if (p.kind != Kind::text && !same)
        return untranslatable(p.path, here, "system text is text only");
      if (same || !p.text.empty()) system["parts"].push_back(TRY(part(p)));
    }
    CHECKED(put_extra(system, m.extra, same, here));
  }
  if (list.empty() && !same)
    return untranslatable(turns.empty() ? "messages" : turns[0].path, here,
                          "it wants a message of the user");
  body["contents"] = std::move(list);
  if (!system.empty()) body["systemInstruction"] = std::move(system);
  return {};
}

Status Encoder::tools(Json& body) const {
  Json functions = Json::array(), list = Json::array();
  for (Tool& t : request.tools) {
    if (!t.raw.is_null()) {
      if (!same) return untranslatable(t.path, here);
      list.push_back(t.raw);
      continue;
    }
    Json out = object_of({{"name", t.name}});
    if (t.description) out["description"] = t.description.value;
    if (same && !t.as_written.is_null())
      out["parameters"] = t.as_written;
    else if (!t.schema.is_null())
      out["parametersJsonSchema"] = std::move(t.schema);
    CHECKED(put_extra(out, t.extra, same, here));
    functions.push_back(std::move(out));
  }
  if (!functions.empty())
    list.insert(list.begin(), object_of({{"functionDeclarations", std::move(functions)}}));
  if (!list.empty()) body["tools"] = std::move(list);
  return choice(body);
}

Status Encoder::choice(Json& body) const {
  using Choice = ToolChoice::Kind;
  const ToolChoice& c = request.tool_choice;
  if (same && c.kind != Choice::unset) {
    body["toolConfig"]["functionCallingConfig"] = c.raw;
    return {};
  }
  CHECKED(check_absent(request.parallel_tools.value == false && !request.tools.empty()
                           ? request.parallel_tools
                           : Setting(),
                       here, nullptr, "it cannot be kept from calling several tools at once"));
  if (request.tools.empty()) {
    const bool idle =
        c.kind == Choice::unset || c.kind == Choice::automatic || c.kind == Choice::none;
    return idle ? Status() : untranslatable(c.path, here, "there are no tools to choose from");
  }
  // VALIDATED is its word for calls that keep to their schema; a call that has to be made does
  // anyway.
  const bool strict =
      std::ranges::any_of(request.tools, [](const Tool& t) { return t.strict.value == true; });
  Json calling = Json::object();
  switch (c.kind) {
    case Choice::unset:
    case Choice::automatic:
      if (strict)
        calling["mode"] = "VALIDATED";
      else if (c.kind == Choice::automatic)
        calling["mode"] = "AUTO";
      break;
    case Choice::required:
      calling["mode"] = "ANY";
      break;
    case Choice::none:
      calling["mode"] = "NONE";
      break;
    case Choice::named:
    case Choice::allowed:
      calling["mode"] = c.kind == Choice::named || c.must_call ? "ANY" : "VALIDATED";
      calling["allowedFunctionNames"] = c.names;
      break;
    case Choice::native:
      return untranslatable(c.path, here);
  }
  if (!calling.empty()) body["toolConfig"]["functionCallingConfig"] = std::move(calling);
  return {};
}

Status Encoder::format(Json& config) const {
  const AnswerFormat& f = request.format;
  switch (f.kind) {
    case AnswerFormat::Kind::unset:
      return {};
    case AnswerFormat::Kind::text:
      if (same) config["responseMimeType"] = "text/plain";
      return {};
    case AnswerFormat::Kind::json_object:
      config["responseMimeType"] = "application/json";
      return {};
    case AnswerFormat::Kind::json_schema:
      break;
  }
  config["responseMimeType"] = "application/json";
  if (same && !f.as_written.is_null()) {
    config["responseSchema"] = f.as_written;
    return {};
  }
  Json schema = f.schema;
  if (f.description) {
    if (!schema.is_object() || schema.contains("description"))
      return untranslatable(f.description.path, here, "the schema has a description of its own");
    schema["description"] = f.description.value;
  }
  config["responseJsonSchema"] = std::move(schema);
  return {};
}

Status Encoder::thinking(Json& config) const {
  using Mode = Reasoning::Mode;
  const Reasoning& r = request.reasoning;
  Json thinking = Json::object();
  if (r.mode == Mode::off)
    thinking["thinkingBudget"] = 0;
  else if (r.mode == Mode::budget)
    thinking["thinkingBudget"] = r.budget.value;
  else if (r.mode == Mode::adaptive && (same || !r.effort))
    thinking["thinkingBudget"] = -1;
  if (r.effort && r.effort.value.is_string() && (same || r.mode != Mode::off)) {
    std::string level = r.effort.value.get<std::string>();
    if (!is_one_of(level, {"minimal", "low", "medium", "high"}) && !same)
      return untranslatable(r.effort.path, here, "its efforts are minimal, low, medium and high");
    if (r.mode == Mode::budget && !same)
      return untranslatable(r.effort.path, here, "it takes an effort or a budget, not both");
    std::ranges::transform(level, level.begin(), [](unsigned char c) { return std::toupper(c); });
    thinking["thinkingLevel"] = level;
  }
  if (r.shown) thinking["includeThoughts"] = r.shown.value.is_string() ? Json(true) : r.shown.value;
  if (r.shown && r.shown.value.is_string() && r.shown.value != "auto")
    return untranslatable(r.shown.path, here, "summaries there have no length to choose");
  if (!thinking.empty()) config["thinkingConfig"] = std::move(thinking);
  return {};
}

void put(Json& to, std::string_view key, const Setting& s) {
  if (s) to[std::string(key)] = s.value;
}

Status Encoder::config(Json& body) const {
  Json config = object_of({}, usual_members);
  put(config, "maxOutputTokens", request.output_limit);
  put(config, "temperature", request.temperature);
  put(config, "topP", request.top_p);
  put(config, "topK", request.top_k);
  put(config, "seed", request.seed);
  put(config, "candidateCount", request.choices);
  put(config, "frequencyPenalty", request.frequency_penalty);
  put(config, "presencePenalty", request.presence_penalty);
  put(config, "responseLogprobs", request.logprobs);
  if (same || request.logprobs.value == true) put(config, "logprobs", request.top_logprobs);
  CHECKED(check_absent(request.verbosity, here, "medium"));
  if (request.stop.value.size() > 5 && !same)
    return untranslatable(request.stop.path, here, "it takes at most 5 stop sequences");
  put(config, "stopSequences", request.stop);
  CHECKED(format(config));
  CHECKED(thinking(config));
  if (!config.empty()) body["generationConfig"] = std::move(config);
  return {};
}

}  // namespace

Result<Json> encode_request(ChatRequest request, std::string_view) {
  Encoder e{request, request.from == here};
  CHECKED(check_last_turn(request, here));
  if (!e.same) request.messages = merged(std::move(request.messages), false);
  Json body = object_of({}, usual_members);
  CHECKED(e.contents(body));
  CHECKED(e.tools(body));
  CHECKED(e.config(body));
  CHECKED(put_extra(body, request.extra, e.same, here));
  return body;
}

}  // namespace twolane::dialect::gemini
