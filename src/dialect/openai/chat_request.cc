// Requests of /v1/chat/completions: from the wire to the neutral form.
#include "dialect/openai/openai.h"

namespace twolane::dialect::openai {
namespace {

using Kind = Part::Kind;

Part native_part(const Json& raw, std::string path, std::string slot) {
  Part part;
  part.kind = Kind::native;
  const auto type = std::string(wire::string_at(raw, "type"));
  part.path = !type.empty() && wire::find(raw, type) ? joined(path, type) : std::move(path);
  part.raw = raw;
  part.slot = std::move(slot);
  return part;
}

// What holds the value of a part: {"type":"image_url","image_url":{...}}. Natives of the inner
// object would be lost from the outer one, so such parts stay as they are.
Result<Part> decode_part(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  Fields f(raw, path);
  const std::string type = TRY(f.text("type"));
  Part part;
  part.path = path;
  if (type == "text" || type == "refusal") {
    part.kind = type == "text" ? Kind::text : Kind::refusal;
    part.text = TRY(f.text(type));
  } else if (type == "image_url") {
    const auto inner = f.take("image_url");
    if (!inner || !inner.value->is_object()) return native_part(raw, path, "content");
    Fields image(*inner.value, inner.path);
    part = TRY(decode_image(image.take("url"), image.setting("detail"), inner.path));
    if (!image.rest().empty()) return native_part(raw, path, "content");
  } else if (type == "input_audio") {
    const auto inner = f.take("input_audio");
    if (!inner) return malformed(path + ".input_audio", "there");
    Fields audio(*inner.value, inner.path);
    const std::string format = TRY(audio.text("format"));
    part.kind = Kind::media;
    part.path = inner.path;
    part.media.kind = Media::Kind::audio;
    part.media.mime = "audio/" + format;
    part.media.data = TRY(audio.text("data"));
    if (!audio.rest().empty()) return native_part(raw, path, "content");
  } else if (type == "file") {
    const auto inner = f.take("file");
    if (!inner) return malformed(path + ".file", "there");
    Fields file(*inner.value, inner.path);
    part = TRY(decode_file(file, inner.path));
    if (!file.rest().empty()) return native_part(raw, path, "content");
  } else {
    return native_part(raw, path, "content");
  }
  part.extra = f.rest({"cache_control", "prompt_cache_breakpoint"});
  return part;
}

Status decode_content(const Fields::Member& content, std::vector<Part>& to) {
  if (!content) return {};
  if (content.value->is_string()) {
    Part part;
    part.path = content.path;
    part.text = content.value->get<std::string>();
    to.push_back(std::move(part));
    return {};
  }
  if (!content.value->is_array()) return malformed(content.path, "text or an array of parts");
  for (size_t i = 0; i < content.value->size(); ++i)
    to.push_back(TRY(decode_part((*content.value)[i], indexed_path(content.path, i))));
  return {};
}

Result<Part> decode_tool_call(const Json& raw, const std::string& path) {
  Fields f(raw, path);
  Part part;
  part.kind = Kind::tool_call;
  part.path = path;
  part.call_id = TRY(f.text("id"));
  const std::string type = TRY(f.text("type"));
  const auto function = f.take("function");
  if ((!type.empty() && type != "function") || !function)
    return native_part(raw, path, "tool_calls");
  Fields call(*function.value, function.path);
  part.name = TRY(call.text("name"));
  part.arguments = TRY(call.text("arguments"));
  if (!call.rest().empty()) return native_part(raw, path, "tool_calls");
  part.extra = f.rest({"index"});
  return part;
}

Result<Message> decode_message(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  Fields f(raw, path);
  const std::string role = TRY(f.text("role"));
  Message m;
  m.path = path;
  if (role == "tool") {
    Part result;
    result.kind = Kind::tool_result;
    result.path = path;
    result.call_id = TRY(f.text("tool_call_id"));
    CHECKED(decode_content(f.take("content"), result.content));
    result.extra = f.rest({"name"});
    m.parts.push_back(std::move(result));
    return m;
  }
  if (role == "system")
    m.role = Role::system;
  else if (role == "developer")
    m.role = Role::developer;
  else if (role == "assistant")
    m.role = Role::assistant;
  else if (role != "user") {
    m.role = Role::native;
    m.raw = raw;
    return m;
  }
  CHECKED(decode_content(f.take("content"), m.parts));
  if (m.role == Role::assistant) {
    Part refusal;
    refusal.path = path + ".refusal";
    refusal.kind = Kind::refusal;
    refusal.text = TRY(f.text("refusal"));
    if (!refusal.text.empty()) m.parts.push_back(std::move(refusal));
    if (const auto calls = f.take("tool_calls")) {
      if (!calls.value->is_array()) return malformed(calls.path, "an array");
      for (size_t i = 0; i < calls.value->size(); ++i)
        m.parts.push_back(TRY(decode_tool_call((*calls.value)[i], indexed_path(calls.path, i))));
    }
  }
  m.extra = f.rest({"annotations"});
  return m;
}

Result<Tool> decode_tool(const Json& raw, const std::string& path) {
  Tool tool;
  tool.path = path;
  Fields f(raw, path);
  const std::string type = TRY(f.text("type"));
  const auto function = f.take("function");
  if ((!type.empty() && type != "function") || !function) {
    tool.raw = raw;
    return tool;
  }
  Fields inner(*function.value, function.path);
  tool.name = TRY(inner.text("name"));
  tool.description = inner.setting("description");
  tool.strict = inner.setting("strict");
  if (const auto schema = inner.take("parameters")) tool.schema = *schema.value;
  if (!inner.rest().empty()) tool.raw = raw;
  tool.extra = f.rest({"cache_control"});
  return tool;
}

Result<ToolChoice> decode_tool_choice(const Fields::Member& member) {
  using Choice = ToolChoice::Kind;
  ToolChoice choice;
  if (!member) return choice;
  const Json& raw = *member.value;
  choice.path = member.path;
  choice.raw = raw;
  choice.kind = Choice::native;
  if (raw == "auto")
    choice.kind = Choice::automatic;
  else if (raw == "required")
    choice.kind = Choice::required;
  else if (raw == "none")
    choice.kind = Choice::none;
  const auto type = wire::string_at(raw, "type");
  if (const Json* function = wire::find(raw, "function");
      function && (type == "function" || type.empty())) {
    choice.kind = Choice::named;
    choice.names.emplace_back(wire::string_at(*function, "name"));
  }
  if (const Json* allowed = wire::find(raw, "allowed_tools"); allowed && type == "allowed_tools") {
    choice.kind = Choice::allowed;
    choice.must_call = wire::string_at(*allowed, "mode") == "required";
    if (const Json* tools = wire::find(*allowed, "tools"); tools && tools->is_array())
      for (const Json& tool : *tools) {
        const Json* function = wire::find(tool, "function");
        if (!function)
          choice.kind = Choice::native;
        else
          choice.names.emplace_back(wire::string_at(*function, "name"));
      }
  }
  return choice;
}

Status decode_format(const Fields::Member& member, ChatRequest& to) {
  if (!member) return {};
  AnswerFormat& f = to.format;
  f.path = member.path;
  const auto type = wire::string_at(*member.value, "type");
  if (type == "text")
    f.kind = AnswerFormat::Kind::text;
  else if (type == "json_object")
    f.kind = AnswerFormat::Kind::json_object;
  else if (type == "json_schema") {
    f.kind = AnswerFormat::Kind::json_schema;
    const Json* inner = wire::find(*member.value, "json_schema");
    if (!inner) return malformed(member.path + ".json_schema", "there");
    Fields s(*inner, member.path + ".json_schema");
    f.name = TRY(s.text("name"));
    f.description = s.setting("description");
    f.strict = s.setting("strict");
    if (const auto schema = s.take("schema")) f.schema = *schema.value;
    append(to.extra, s.rest());
  } else {
    to.extra.push_back({member.path, "response_format", *member.value, "", true});
  }
  return {};
}

// Members whose value says that nothing is wanted.
bool says_nothing(const Native& n) {
  return (n.key == "modalities" && n.value == Json::array({"text"})) ||
         (n.key == "logit_bias" && n.value.empty()) || (n.key == "functions" && n.value.empty());
}

}  // namespace

Result<ChatRequest> decode_chat_request(const Json& body) {
  Result<ChatRequest> decoded;
  ChatRequest& r = *decoded;
  r.from = Endpoint::chat_completions;
  Fields f(body, "");
  r.model = TRY(f.text("model"));
  const auto messages = f.take("messages");
  if (!messages || !messages.value->is_array()) return malformed("messages", "an array");
  for (size_t i = 0; i < messages.value->size(); ++i)
    r.messages.push_back(TRY(decode_message((*messages.value)[i], indexed_path("messages", i))));
  if (const auto tools = f.take("tools")) {
    if (!tools.value->is_array()) return malformed("tools", "an array");
    for (size_t i = 0; i < tools.value->size(); ++i)
      r.tools.push_back(TRY(decode_tool((*tools.value)[i], indexed_path("tools", i))));
  }
  r.tool_choice = TRY(decode_tool_choice(f.take("tool_choice")));
  CHECKED(decode_format(f.take("response_format"), r));
  r.parallel_tools = f.setting("parallel_tool_calls");
  r.output_limit = f.setting("max_completion_tokens");
  if (!r.output_limit) r.output_limit = f.setting("max_tokens");
  r.temperature = f.setting("temperature");
  r.top_p = f.setting("top_p");
  r.frequency_penalty = f.setting("frequency_penalty");
  r.presence_penalty = f.setting("presence_penalty");
  r.seed = f.setting("seed");
  r.choices = f.setting("n");
  r.logprobs = f.setting("logprobs");
  r.top_logprobs = f.setting("top_logprobs");
  r.verbosity = f.setting("verbosity");
  r.reasoning.effort = f.setting("reasoning_effort");
  if (r.reasoning.effort.value == "none") {
    r.reasoning.mode = Reasoning::Mode::off;
    r.reasoning.mode_path = r.reasoning.effort.path;
  }
  r.stop = f.setting("stop");
  if (r.stop.value.is_string()) r.stop.value = Json::array({r.stop.value});
  r.extra = f.rest({"user", "metadata", "store", "safety_identifier", "prompt_cache_key",
                    "prompt_cache_retention", "prompt_cache_options", "service_tier", "stream",
                    "stream_options", "prediction"});
  for (Native& n : r.extra) n.matters = n.matters && !says_nothing(n);
  return decoded;
}

}  // namespace twolane::dialect::openai
