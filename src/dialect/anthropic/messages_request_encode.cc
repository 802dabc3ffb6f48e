// Requests of /v1/messages: from the neutral form to the wire.
#include <algorithm>

#include "dialect/anthropic/anthropic.h"
#include "dialect/catalogue.h"
#include "dialect/translate_rules.h"
#include "wire/base64.h"

namespace twolane::dialect::anthropic {
namespace {

using Kind = Part::Kind;
constexpr auto here = Endpoint::messages;
constexpr size_t usual_members = 12;  // of a body

struct Encoder {
  ChatRequest& request;  // its texts and schemas are used up
  bool same;

  Result<Json> source(const Part& p) const;
  Result<Json> media(const Part& p) const;
  Result<Json> tool_use(const Part& p) const;
  Result<Json> tool_result(Part& p) const;
  Result<Json> block(Part& p) const;
  Result<Json> blocks(std::vector<Part>& parts, const std::string& path) const;
  Status messages(Json& body) const;
  Status tools(Json& body) const;
  Status limit(Json& body, std::string_view model) const;
  Status sampling(Json& body) const;
  Status format(Json& body) const;
  Status reasoning(Json& body) const;
};

Result<Json> Encoder::source(const Part& p) const {
  const Media& m = p.media;
  const bool image = m.kind == Media::Kind::image;
  switch (m.source) {
    case Media::Source::url:
      return object_of({{"type", "url"}, {"url", m.data}});
    case Media::Source::file_id:
      if (!same)
        return untranslatable(p.path, here, "a stored file is known to its own provider only");
      return object_of({{"type", "file"}, {"file_id", m.data}});
    case Media::Source::text:
      return object_of({{"type", "text"},
                        {"media_type", m.mime.empty() ? "text/plain" : m.mime},
                        {"data", m.data}});
    case Media::Source::base64:
      break;
  }
  if (!same && !image && m.mime.starts_with("text/")) {
    auto text = wire::base64_decoded(m.data);
    if (!text) return malformed(p.path, "base64");
    return object_of({{"type", "text"}, {"media_type", "text/plain"}, {"data", std::move(*text)}});
  }
  const bool read = image
                        ? is_one_of(m.mime, {"image/png", "image/jpeg", "image/webp", "image/gif"})
                        : m.mime == "application/pdf" || m.mime.empty();
  if (!same && !read)
    return untranslatable(p.path, here,
                          "it reads PNG, JPEG, WebP, GIF, PDF and plain text, not " + m.mime);
  return object_of({{"type", "base64"},
                    {"media_type", m.mime.empty() ? "application/pdf" : m.mime},
                    {"data", m.data}});
}

Result<Json> Encoder::media(const Part& p) const {
  if (p.media.kind == Media::Kind::audio) return untranslatable(p.path, here);
  const bool image = p.media.kind == Media::Kind::image;
  CHECKED(check_detail(p, here));
  Json out = object_of({{"type", image ? "image" : "document"}});
  out["source"] = TRY(source(p));
  if (!image && !p.media.name.empty()) out["title"] = p.media.name;
  return out;
}

Result<Json> Encoder::tool_use(const Part& p) const {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  };
  if (!same && (p.call_id.empty() || !std::ranges::all_of(p.call_id, plain)))
    return untranslatable(p.path, here, "ids of calls there are letters, digits, _ and -");
  if (!same) CHECKED(check_function_name(p.name, p.path, here));
  auto input = arguments_object(p.arguments);
  if (!input)
    return untranslatable(p.path, here, "the arguments of a call there are a JSON object");
  return object_of(
      {{"type", "tool_use"}, {"id", p.call_id}, {"name", p.name}, {"input", std::move(*input)}});
}

Result<Json> Encoder::tool_result(Part& p) const {
  Json out = object_of({{"type", "tool_result"}, {"tool_use_id", p.call_id}});
  if (p.content.size() == 1 && p.content[0].kind == Kind::text &&
      (!same || p.content[0].extra.empty()))
    out["content"] = std::move(p.content[0].text);
  else if (!p.content.empty())
    out["content"] = TRY(blocks(p.content, p.path));
  if (p.failed) out["is_error"] = p.failed.value;
  return out;
}

Result<Json> Encoder::block(Part& p) const {
  Json out;
  switch (p.kind) {
    case Kind::text:
      out = object_of({{"type", "text"}, {"text", std::move(p.text)}});
      break;
    case Kind::media:
      out = TRY(media(p));
      break;
    case Kind::tool_call:
      out = TRY(tool_use(p));
      break;
    case Kind::tool_result:
      out = TRY(tool_result(p));
      break;
    case Kind::native:
    case Kind::reasoning:
      if (same) return p.raw;
      return untranslatable(
          p.path, here,
          p.kind == Kind::native ? "" : "another provider's reasoning cannot be taken up");
    case Kind::refusal:
      return untranslatable(p.path, here);
  }
  CHECKED(put_extra(out, p.extra, same, here));
  return out;
}

// Empty texts are refused there and say nothing, so they are left out; sealed reasoning too.
Result<Json> Encoder::blocks(std::vector<Part>& parts, const std::string& path) const {
  Json out = Json::array();
  for (Part& p : parts) {
    const bool nothing = (p.kind == Kind::text || p.kind == Kind::reasoning) && p.text.empty();
    if (nothing && !same) continue;
    out.push_back(TRY(block(p)));
  }
  if (out.empty() && !same)
    return untranslatable(path, here, "it takes no message without content");
  return out;
}

bool is_system(const Message& m) { return m.role == Role::system || m.role == Role::developer; }

Status Encoder::messages(Json& body) const {
  auto& turns = request.messages;
  const size_t head = leading_system(turns);
  Json list = Json::array(), system = Json::array();
  for (size_t i = 0; i < turns.size(); ++i) {
    Message& m = turns[i];
    if (m.role == Role::native || (is_system(m) && i >= head && !same))
      return untranslatable(
          m.path, here,
          m.role == Role::native ? "" : "system text stands before the first message");
    if (is_system(m) && (same ? m.path == "system" : true)) {
      for (Json& b : TRY(blocks(m.parts, m.path))) system.push_back(std::move(b));
      Json unused;
      CHECKED(put_extra(unused, m.extra, same, here));
      continue;
    }
    Json out = object_of({{"role", m.role == Role::assistant ? "assistant"
                                   : is_system(m)            ? "system"
                                                             : "user"}});
    out["content"] = TRY(blocks(m.parts, m.path));
    CHECKED(put_extra(out, m.extra, same, here));
    list.push_back(std::move(out));
  }
  if (list.empty() && !same)
    return untranslatable(turns.empty() ? "messages" : turns[0].path, here,
                          "it wants a message of the user");
  body["messages"] = std::move(list);
  if (system.size() == 1 && system[0].size() == 2)
    body["system"] = system[0]["text"];
  else if (!system.empty())
    body["system"] = std::move(system);
  return {};
}

Status Encoder::tools(Json& body) const {
  using Choice = ToolChoice::Kind;
  for (Tool& t : request.tools) {
    if (!t.raw.is_null()) {
      if (!same) return untranslatable(t.path, here);
      body["tools"].push_back(t.raw);
      continue;
    }
    if (!same) CHECKED(check_tool_name(t, request.from, here));
    Json out = object_of({{"name", t.name}});
    if (t.description) out["description"] = t.description.value;
    out["input_schema"] = t.schema.is_null()
                              ? object_of({{"type", "object"}, {"properties", Json::object()}})
                              : std::move(t.schema);
    if (t.strict) out["strict"] = t.strict.value;
    CHECKED(put_extra(out, t.extra, same, here));
    body["tools"].push_back(std::move(out));
  }
  const ToolChoice& c = request.tool_choice;
  Json choice;
  switch (c.kind) {
    case Choice::unset:
      break;
    case Choice::automatic:
      choice = object_of({{"type", "auto"}});
      break;
    case Choice::required:
      choice = object_of({{"type", "any"}});
      break;
    case Choice::none:
      choice = object_of({{"type", "none"}});
      break;
    case Choice::named:
      choice = object_of({{"type", "tool"}, {"name", c.names.at(0)}});
      break;
    case Choice::allowed:
      return untranslatable(c.path, here, "it cannot allow some of the tools only");
    case Choice::native:
      if (!same) return untranslatable(c.path, here);
      choice = c.raw;
  }
  if (request.tools.empty() &&
      !same) {  // without tools neither choice nor parallelism says anything
    const bool idle =
        c.kind == Choice::unset || c.kind == Choice::automatic || c.kind == Choice::none;
    return idle ? Status() : untranslatable(c.path, here, "there are no tools to choose from");
  }
  const Setting& parallel = request.parallel_tools;
  if (parallel && parallel.value.is_boolean() && (same || parallel.value == false)) {
    if (choice.is_null()) choice = object_of({{"type", "auto"}});
    // Without calls there is nothing to do in parallel, and the member is refused.
    if (same || choice["type"] != "none")
      choice["disable_parallel_tool_use"] = !parallel.value.get<bool>();
  }
  if (!choice.is_null()) body["tool_choice"] = std::move(choice);
  return {};
}

Status Encoder::limit(Json& body, std::string_view model) const {
  if (request.output_limit) {
    body["max_tokens"] = request.output_limit.value;
    return {};
  }
  const ModelEntry* entry = find_model("anthropic", model);
  if (!entry || entry->output_limit <= 0) {
    const bool gemini = dialect_of(request.from) == Dialect::gemini;
    return untranslatable(gemini                                ? "generationConfig.maxOutputTokens"
                          : request.from == Endpoint::responses ? "max_output_tokens"
                                                                : "max_completion_tokens",
                          here,
                          "it wants a limit for the answer, and that of " + std::string(model) +
                              " is not known; set one");
  }
  body["max_tokens"] = entry->output_limit;
  return {};
}

bool blank(const Json& text) {
  return !text.is_string() ||
         text.get_ref<const std::string&>().find_first_not_of(" \t\r\n\f\v") == std::string::npos;
}

Status Encoder::sampling(Json& body) const {
  if (request.temperature && number_of(request.temperature.value) > 1 && !same)
    return untranslatable(request.temperature.path, here, "temperature goes from 0 to 1 there");
  if (request.temperature) body["temperature"] = request.temperature.value;
  if (request.top_p) body["top_p"] = request.top_p.value;
  if (request.top_k) body["top_k"] = request.top_k.value;
  CHECKED(check_absent(request.frequency_penalty, here, 0));
  CHECKED(check_absent(request.presence_penalty, here, 0));
  CHECKED(check_absent(request.seed, here));
  CHECKED(check_absent(request.choices, here, 1, "it gives one answer to a request"));
  CHECKED(check_absent(request.logprobs, here, false));
  CHECKED(check_absent(request.verbosity, here, "medium"));
  if (!request.stop || (request.stop.value.empty() && !same)) return {};
  if (!same)
    for (size_t i = 0; i < request.stop.value.size(); ++i)
      if (blank(request.stop.value[i]))
        return untranslatable(
            request.stop.value.size() > 1 ? indexed_path(request.stop.path, i) : request.stop.path,
            here, "a stop sequence there needs more than white space");
  body["stop_sequences"] = request.stop.value;
  return {};
}

Status Encoder::format(Json& body) const {
  const AnswerFormat& f = request.format;
  if (f.kind == AnswerFormat::Kind::json_object)
    return untranslatable(f.path, here, "it writes JSON to a schema only; give one");
  if (f.kind != AnswerFormat::Kind::json_schema) return {};
  Json schema = f.schema;
  if (f.description) {
    if (!schema.is_object() || schema.contains("description"))
      return untranslatable(f.description.path, here, "the schema has a description of its own");
    schema["description"] = f.description.value;
  }
  body["output_config"]["format"] =
      object_of({{"type", "json_schema"}, {"schema", std::move(schema)}});
  return {};
}

Status Encoder::reasoning(Json& body) const {
  using Mode = Reasoning::Mode;
  const Reasoning& r = request.reasoning;
  Json thinking;
  Mode mode = r.mode;
  if (r.effort && mode != Mode::off) {
    if (r.effort.value == "minimal")
      return untranslatable(r.effort.path, here, "its least effort is low");
    body["output_config"]["effort"] = r.effort.value;
    if (!same && mode == Mode::unset) mode = Mode::adaptive;
  } else if (r.effort && same) {
    body["output_config"]["effort"] = r.effort.value;
  }
  if (mode == Mode::off) thinking = object_of({{"type", "disabled"}});
  if (mode == Mode::adaptive) thinking = object_of({{"type", "adaptive"}});
  if (mode == Mode::budget) {
    if (!same && number_of(r.budget.value) < 1024)
      return untranslatable(r.budget.path, here, "its smallest budget is 1,024 tokens");
    thinking = object_of({{"type", "enabled"}});
    if (r.budget) thinking["budget_tokens"] = r.budget.value;
  }
  if (r.shown && !thinking.is_null() && mode != Mode::off) {
    if (r.shown.value.is_string() && r.shown.value != "auto" && !same)
      return untranslatable(r.shown.path, here, "summaries there have no length to choose");
    thinking["display"] = r.shown.value == false ? "omitted" : "summarized";
  } else if (r.shown && r.shown.value != false && mode == Mode::unset) {
    thinking = object_of({{"type", "adaptive"}, {"display", "summarized"}});
  }
  if (!thinking.is_null()) body["thinking"] = std::move(thinking);
  return {};
}

}  // namespace

Result<Json> encode_request(ChatRequest request, std::string_view model) {
  const Encoder e{request, request.from == here};
  CHECKED(check_last_turn(request, here));
  if (!e.same) request.messages = merged(std::move(request.messages), false);
  Json body = object_of({{"model", model}}, usual_members);
  CHECKED(e.limit(body, model));
  CHECKED(e.messages(body));
  CHECKED(e.tools(body));
  CHECKED(e.sampling(body));
  CHECKED(e.format(body));
  CHECKED(e.reasoning(body));
  CHECKED(put_extra(body, request.extra, e.same, here));
  return body;
}

}  // namespace twolane::dialect::anthropic
