// Requests of generateContent: from the wire to the neutral form.
#include <algorithm>

#include "dialect/gemini/gemini.h"

namespace twolane::dialect::gemini {
namespace {

using Kind = Part::Kind;

Part native_part(const Json& raw, const std::string& path) {
  Part part;
  part.kind = Kind::native;
  part.raw = raw;
  part.slot = "parts";
  part.path = path;
  for (const auto& [key, value] : raw.items())
    if (value.is_object()) part.path = joined(path, key);
  return part;
}

Media::Kind medium_of(std::string_view mime) {
  return mime.starts_with("image/")   ? Media::Kind::image
         : mime.starts_with("audio/") ? Media::Kind::audio
                                      : Media::Kind::document;
}

// Public urls can be fetched by anyone; Google's own files and YouTube only by Google.
bool is_public_url(std::string_view uri) {
  return (uri.starts_with("https://") || uri.starts_with("http://")) &&
         uri.find("generativelanguage.googleapis.com") == uri.npos &&
         uri.find("youtube.com/") == uri.npos && uri.find("youtu.be/") == uri.npos;
}

// inlineData and fileData; false for video and whatever else has no neutral form.
Result<bool> decode_blob(const Fields::Member& blob, bool stored, Part& to) {
  Fields f(*blob.value, blob.path);
  Media& m = to.media;
  to.kind = Kind::media;
  to.path = blob.path;
  m.mime = TRY(f.text("mimeType", "mime_type"));
  m.kind = medium_of(m.mime);
  m.data = stored ? TRY(f.text("fileUri", "file_uri")) : TRY(f.text("data"));
  if (stored) m.source = is_public_url(m.data) ? Media::Source::url : Media::Source::file_id;
  const bool document = m.mime == "application/pdf" || m.mime.starts_with("text/");
  return f.rest().empty() && (m.kind != Media::Kind::document || document);
}

struct Decoder {
  std::vector<std::pair<std::string, std::string>> open_calls;  // name and id, not answered yet
  int64_t calls = 0;

  Result<Part> part(const Json& raw, const std::string& path);
  Result<Part> call(const Fields::Member& member);
  Result<Part> result(const Fields::Member& member);
  Result<Message> content(const Json& raw, const std::string& path);
};

// Calls without ids are numbered in their order; the answers find them by name.
Result<Part> Decoder::call(const Fields::Member& member) {
  Fields f(*member.value, member.path);
  Part part;
  part.kind = Kind::tool_call;
  part.path = member.path;
  part.name = TRY(f.text("name"));
  part.call_id = TRY(f.text("id"));
  if (part.call_id.empty()) part.call_id = "call_" + std::to_string(calls);
  ++calls;
  open_calls.emplace_back(part.name, part.call_id);
  const auto args = f.take("args");
  part.arguments = args ? wire::dump(*args.value) : "{}";
  part.extra = f.rest();
  return part;
}

Result<Part> Decoder::result(const Fields::Member& member) {
  Fields f(*member.value, member.path);
  Part part;
  part.kind = Kind::tool_result;
  part.path = member.path;
  part.name = TRY(f.text("name"));
  part.call_id = TRY(f.text("id"));
  const auto open = std::ranges::find_if(open_calls, [&](const auto& c) {
    return part.call_id.empty() ? c.first == part.name : c.second == part.call_id;
  });
  if (open != open_calls.end()) {
    part.call_id = open->second;
    open_calls.erase(open);
  }
  const auto response = f.take("response");
  ResponseText said = text_of_response(response ? *response.value : Json());
  Part text;
  text.path = response ? response.path : member.path;
  text.text = std::move(said.text);
  if (said.failed) part.failed = {true, text.path + ".error"};
  part.content.push_back(std::move(text));
  if (const auto parts = f.take("parts"); parts && parts.value->is_array())
    for (size_t i = 0; i < parts.value->size(); ++i)
      part.content.push_back(TRY(this->part((*parts.value)[i], indexed_path(parts.path, i))));
  part.extra = f.rest();
  return part;
}

Result<Part> Decoder::part(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  Fields f(raw, path);
  Part part;
  part.path = path;
  const auto thought = f.take("thought");
  if (thought && *thought.value == true) {
    part.kind = Kind::reasoning;
    part.text = TRY(f.text("text"));
    part.raw = raw;
    return part;
  }
  if (const auto text = f.take("text")) {
    if (!text.value->is_string()) return malformed(text.path, "text");
    part.text = text.value->get<std::string>();
  } else if (const auto blob = f.take("inlineData", "inline_data")) {
    if (!TRY(decode_blob(blob, false, part))) return native_part(raw, path);
  } else if (const auto file = f.take("fileData", "file_data")) {
    if (!TRY(decode_blob(file, true, part))) return native_part(raw, path);
  } else if (const auto called = f.take("functionCall", "function_call")) {
    part = TRY(call(called));
  } else if (const auto answered = f.take("functionResponse", "function_response")) {
    part = TRY(result(answered));
  } else {
    return native_part(raw, path);
  }
  auto extra = f.rest({"thoughtSignature", "thought_signature"});
  // A call's own unknown members sit deeper than the part's.
  if (!part.extra.empty()) return native_part(raw, path);
  part.extra = std::move(extra);
  return part;
}

Result<Message> Decoder::content(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  Fields f(raw, path);
  const std::string role = TRY(f.text("role"));
  Message m;
  m.path = path;
  m.role = role == "model" ? Role::assistant : Role::user;
  if (const auto parts = f.take("parts")) {
    if (parts.value->is_object()) {
      m.parts.push_back(TRY(part(*parts.value, parts.path)));
    } else if (parts.value->is_array()) {
      for (size_t i = 0; i < parts.value->size(); ++i)
        m.parts.push_back(TRY(part((*parts.value)[i], indexed_path(parts.path, i))));
    } else {
      return malformed(parts.path, "an array");
    }
  }
  m.extra = f.rest();
  return m;
}

Result<Tool> decode_function(const Json& raw, const std::string& path) {
  Tool tool;
  tool.path = path;
  Fields f(raw, path);
  tool.name = TRY(f.text("name"));
  tool.description = f.setting("description");
  if (const auto schema = f.take("parametersJsonSchema", "parameters_json_schema")) {
    tool.schema = *schema.value;
  } else if (const auto own = f.take("parameters")) {
    tool.schema = json_schema(*own.value);
    tool.as_written = *own.value;
  }
  tool.extra = f.rest();
  return tool;
}

Status decode_tool(const Json& raw, const std::string& path, std::vector<Tool>& to) {
  Fields f(raw, path);
  if (const auto functions = f.take("functionDeclarations", "function_declarations")) {
    if (!functions.value->is_array()) return malformed(functions.path, "an array");
    for (size_t i = 0; i < functions.value->size(); ++i)
      to.push_back(TRY(decode_function((*functions.value)[i], indexed_path(functions.path, i))));
  }
  for (Native& n : f.rest()) {
    Tool tool;
    tool.path = n.path;
    tool.raw = Json{{n.key, std::move(n.value)}};
    to.push_back(std::move(tool));
  }
  return {};
}

Status decode_tool_config(const Fields::Member& member, ChatRequest& to) {
  using Choice = ToolChoice::Kind;
  if (!member) return {};
  Fields config(*member.value, member.path);
  if (const auto calling = config.take("functionCallingConfig", "function_calling_config")) {
    ToolChoice& c = to.tool_choice;
    Fields f(*calling.value, calling.path);
    c.path = calling.path;
    c.raw = *calling.value;
    const std::string mode = TRY(f.text("mode"));
    if (const auto names = f.take("allowedFunctionNames", "allowed_function_names"))
      for (const Json& name : *names.value)
        if (name.is_string()) c.names.push_back(name.get<std::string>());
    c.kind = !f.rest().empty()                                     ? Choice::native
             : mode == "ANY"                                       ? Choice::required
             : mode == "VALIDATED" && !c.names.empty()             ? Choice::allowed
             : mode == "NONE"                                      ? Choice::none
             : (mode == "AUTO" || mode.empty()) && c.names.empty() ? Choice::automatic
                                                                   : Choice::native;
    if (c.kind == Choice::required && c.names.size() == 1) c.kind = Choice::named;
    if (c.kind == Choice::required && c.names.size() > 1) {
      c.kind = Choice::allowed;
      c.must_call = true;
    }
    if (mode == "VALIDATED" && c.names.empty()) {  // every call keeps to its schema
      c.kind = Choice::automatic;
      for (Tool& tool : to.tools)
        if (tool.raw.is_null()) tool.strict = {true, c.path + ".mode"};
    }
  }
  append(to.extra, config.rest({}, "toolConfig"));
  return {};
}

Status decode_thinking(const Fields::Member& member, ChatRequest& to) {
  if (!member) return {};
  using Mode = Reasoning::Mode;
  Reasoning& r = to.reasoning;
  Fields f(*member.value, member.path);
  r.shown = f.setting("includeThoughts", "include_thoughts");
  if (const Setting level = f.setting("thinkingLevel", "thinking_level");
      level && level.value.is_string()) {
    std::string word = level.value.get<std::string>();
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
    r.effort = {word, level.path};
  }
  if (const Setting budget = f.setting("thinkingBudget", "thinking_budget")) {
    r.mode_path = budget.path;
    r.mode = budget.value == 0 ? Mode::off : budget.value == -1 ? Mode::adaptive : Mode::budget;
    if (r.mode == Mode::budget) r.budget = budget;
  }
  for (Native& n : f.rest())
    to.extra.push_back({n.path, n.key, n.value, "generationConfig.thinkingConfig", true});
  return {};
}

Status decode_format(Fields& f, ChatRequest& to) {
  const auto mime = f.take("responseMimeType", "response_mime_type");
  const auto schema = f.take("responseJsonSchema", "response_json_schema");
  const auto own = f.take("responseSchema", "response_schema");
  AnswerFormat& format = to.format;
  if (mime && *mime.value != "application/json" && *mime.value != "text/plain") {
    to.extra.push_back({mime.path, "responseMimeType", *mime.value, "generationConfig", true});
    if (own) to.extra.push_back({own.path, "responseSchema", *own.value, "generationConfig", true});
    return {};
  }
  if (!mime && !schema && !own) return {};
  format.path = schema ? schema.path : own ? own.path : mime.path;
  format.kind = schema || own                       ? AnswerFormat::Kind::json_schema
                : *mime.value == "application/json" ? AnswerFormat::Kind::json_object
                                                    : AnswerFormat::Kind::text;
  if (schema)
    format.schema = *schema.value;
  else if (own) {
    format.schema = json_schema(*own.value);
    format.as_written = *own.value;
  }
  return {};
}

Status decode_config(const Fields::Member& member, ChatRequest& to) {
  if (!member) return {};
  Fields f(*member.value, member.path);
  to.output_limit = f.setting("maxOutputTokens", "max_output_tokens");
  to.temperature = f.setting("temperature");
  to.top_p = f.setting("topP", "top_p");
  to.top_k = f.setting("topK", "top_k");
  to.seed = f.setting("seed");
  to.choices = f.setting("candidateCount", "candidate_count");
  to.stop = f.setting("stopSequences", "stop_sequences");
  to.frequency_penalty = f.setting("frequencyPenalty", "frequency_penalty");
  to.presence_penalty = f.setting("presencePenalty", "presence_penalty");
  to.logprobs = f.setting("responseLogprobs", "response_logprobs");
  to.top_logprobs = f.setting("logprobs");
  CHECKED(decode_thinking(f.take("thinkingConfig", "thinking_config"), to));
  CHECKED(decode_format(f, to));
  auto rest = f.rest({}, "generationConfig");
  for (Native& n : rest)
    if (is_one_of(n.key, {"responseModalities", "response_modalities"}))
      n.matters = n.value != Json::array({"TEXT"}) && n.value != Json::array({"Text"});
  append(to.extra, std::move(rest));
  return {};
}

}  // namespace

Result<ChatRequest> decode_request(const Json& body) {
  Result<ChatRequest> decoded;
  ChatRequest& r = *decoded;
  r.from = Endpoint::generate_content;
  Fields f(body, "");
  Decoder decoder;
  r.model = TRY(f.text("model"));
  if (const auto system = f.take("systemInstruction", "system_instruction")) {
    Message m;
    if (system.value->is_string()) {
      Part part;
      part.path = system.path;
      part.text = system.value->get<std::string>();
      m.parts.push_back(std::move(part));
    } else {
      m = TRY(decoder.content(*system.value, system.path));
    }
    m.role = Role::system;
    m.path = system.path;
    r.messages.push_back(std::move(m));
  }
  const auto contents = f.take("contents");
  if (!contents) return malformed("contents", "there");
  if (contents.value->is_object()) {
    r.messages.push_back(TRY(decoder.content(*contents.value, contents.path)));
  } else {
    if (!contents.value->is_array()) return malformed(contents.path, "an array");
    for (size_t i = 0; i < contents.value->size(); ++i)
      r.messages.push_back(
          TRY(decoder.content((*contents.value)[i], indexed_path(contents.path, i))));
  }
  if (const auto tools = f.take("tools")) {
    if (tools.value->is_object())
      CHECKED(decode_tool(*tools.value, tools.path, r.tools));
    else if (!tools.value->is_array())
      return malformed(tools.path, "an array");
    else
      for (size_t i = 0; i < tools.value->size(); ++i)
        CHECKED(decode_tool((*tools.value)[i], indexed_path(tools.path, i), r.tools));
  }
  CHECKED(decode_tool_config(f.take("toolConfig", "tool_config"), r));
  CHECKED(decode_config(f.take("generationConfig", "generation_config"), r));
  append(r.extra, f.rest({"labels", "serviceTier", "service_tier"}));
  return decoded;
}

}  // namespace twolane::dialect::gemini
