// Requests of /v1/responses: from the wire to the neutral form.
#include "dialect/openai/openai.h"

namespace twolane::dialect::openai {
namespace {

using Kind = Part::Kind;

Part text_part(std::string text, std::string path) {
  Part part;
  part.text = std::move(text);
  part.path = std::move(path);
  return part;
}

Part native_part(const Json& raw, const std::string& path) {
  Part part;
  part.kind = Kind::native;
  part.path = path;
  part.raw = raw;
  part.slot = "content";
  return part;
}

Result<Part> decode_part(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  Fields f(raw, path);
  const std::string type = TRY(f.text("type"));
  Part part;
  part.path = path;
  if (is_one_of(type, {"input_text", "output_text", "text"})) {
    part.text = TRY(f.text("text"));
    part.extra = f.rest({"annotations", "logprobs", "prompt_cache_breakpoint"});
    return part;
  }
  if (type == "refusal") {
    part.text = TRY(f.text("refusal"));
    part.kind = Kind::refusal;
  } else if (type == "input_image") {
    if (const Setting id = f.setting("file_id")) {
      part.kind = Kind::media;
      part.media = {.kind = Media::Kind::image,
                    .source = Media::Source::file_id,
                    .mime = {},
                    .data = id.value.is_string() ? id.value.get<std::string>() : std::string(),
                    .name = {},
                    .detail = f.setting("detail")};
    } else {
      part = TRY(decode_image(f.take("image_url"), f.setting("detail"), path));
    }
  } else if (type == "input_file") {
    part = TRY(decode_file(f, path));
  } else {
    return native_part(raw, path);
  }
  part.extra = f.rest({"prompt_cache_breakpoint"});
  return part;
}

Status decode_content(const Fields::Member& content, std::vector<Part>& to) {
  if (!content) return {};
  if (content.value->is_string()) {
    to.push_back(text_part(content.value->get<std::string>(), content.path));
    return {};
  }
  if (!content.value->is_array()) return malformed(content.path, "text or an array of parts");
  for (size_t i = 0; i < content.value->size(); ++i)
    to.push_back(TRY(decode_part((*content.value)[i], indexed_path(content.path, i))));
  return {};
}

Message native_item(const Json& raw, const std::string& path) {
  Message m;
  m.role = Role::native;
  m.path = path;
  m.raw = raw;
  return m;
}

Result<Message> decode_message(const Json& raw, const std::string& path) {
  Fields f(raw, path);
  (void)f.take("type");
  const std::string role = TRY(f.text("role"));
  Message m;
  m.path = path;
  if (role == "system")
    m.role = Role::system;
  else if (role == "developer")
    m.role = Role::developer;
  else if (role == "assistant")
    m.role = Role::assistant;
  else if (role != "user")
    return native_item(raw, path);
  CHECKED(decode_content(f.take("content"), m.parts));
  m.extra = f.rest({"id", "status"});
  return m;
}

Result<Message> decode_call(const Json& raw, const std::string& path) {
  Fields f(raw, path);
  (void)f.take("type");
  Message m;
  m.path = path;
  m.role = Role::assistant;
  Part part;
  part.kind = Kind::tool_call;
  part.path = path;
  part.call_id = TRY(f.text("call_id"));
  part.name = TRY(f.text("name"));
  part.arguments = TRY(f.text("arguments"));
  part.extra = f.rest({"id", "status"});
  m.parts.push_back(std::move(part));
  return m;
}

Result<Message> decode_call_output(const Json& raw, const std::string& path) {
  Fields f(raw, path);
  (void)f.take("type");
  Message m;
  m.path = path;
  Part part;
  part.kind = Kind::tool_result;
  part.path = path;
  part.call_id = TRY(f.text("call_id"));
  CHECKED(decode_content(f.take("output"), part.content));
  part.extra = f.rest({"id", "status"});
  m.parts.push_back(std::move(part));
  return m;
}

// The part that can be read of a reasoning item; the sealed rest is its maker's.
std::string readable(const Json& item) {
  std::string text;
  for (const std::string_view list : {"summary", "content"})
    if (const Json* parts = wire::find(item, list); parts && parts->is_array())
      for (const Json& p : *parts) text += wire::string_at(p, "text");
  return text;
}

Result<Message> decode_item(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  const auto type = wire::string_at(raw, "type");
  if (type.empty() || type == "message") return decode_message(raw, path);
  if (type == "function_call") return decode_call(raw, path);
  if (type == "function_call_output") return decode_call_output(raw, path);
  if (type != "reasoning") return native_item(raw, path);
  Message m;
  m.path = path;
  m.role = Role::assistant;
  Part part;
  part.kind = Kind::reasoning;
  part.path = path;
  part.text = readable(raw);
  part.raw = raw;
  m.parts.push_back(std::move(part));
  return m;
}

Result<Tool> decode_tool(const Json& raw, const std::string& path) {
  Tool tool;
  tool.path = path;
  Fields f(raw, path);
  if (TRY(f.text("type")) != "function") {
    tool.raw = raw;
    return tool;
  }
  tool.name = TRY(f.text("name"));
  tool.description = f.setting("description");
  tool.strict = f.setting("strict");
  if (const auto schema = f.take("parameters")) tool.schema = *schema.value;
  tool.extra = f.rest({"cache_control"});
  for (Native& n : tool.extra)
    n.matters = n.matters && !(n.key == "defer_loading" && n.value == false);
  return tool;
}

ToolChoice decode_tool_choice(const Fields::Member& member) {
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
  if (type == "function") {
    choice.kind = Choice::named;
    choice.names.emplace_back(wire::string_at(raw, "name"));
  } else if (type == "allowed_tools") {
    choice.kind = Choice::allowed;
    choice.must_call = wire::string_at(raw, "mode") == "required";
    if (const Json* tools = wire::find(raw, "tools"); tools && tools->is_array())
      for (const Json& tool : *tools) {
        if (wire::string_at(tool, "type") != "function") choice.kind = Choice::native;
        choice.names.emplace_back(wire::string_at(tool, "name"));
      }
  }
  return choice;
}

Status decode_text(const Fields::Member& member, ChatRequest& to) {
  if (!member) return {};
  Fields text(*member.value, member.path);
  to.verbosity = text.setting("verbosity");
  const auto format = text.take("format");
  append(to.extra, text.rest({}, "text"));
  if (!format) return {};
  Fields f(*format.value, format.path);
  to.format.path = format.path;
  const std::string type = TRY(f.text("type"));
  if (type == "text")
    to.format.kind = AnswerFormat::Kind::text;
  else if (type == "json_object")
    to.format.kind = AnswerFormat::Kind::json_object;
  else if (type == "json_schema") {
    to.format.kind = AnswerFormat::Kind::json_schema;
    to.format.name = TRY(f.text("name"));
    to.format.description = f.setting("description");
    to.format.strict = f.setting("strict");
    if (const auto schema = f.take("schema")) to.format.schema = *schema.value;
  } else {
    to.extra.push_back({format.path, "format", *format.value, "text", true});
  }
  return {};
}

void decode_reasoning(const Fields::Member& member, ChatRequest& to) {
  if (!member) return;
  Fields f(*member.value, member.path);
  to.reasoning.effort = f.setting("effort");
  to.reasoning.shown = f.setting("summary");
  if (to.reasoning.effort.value == "none") {
    to.reasoning.mode = Reasoning::Mode::off;
    to.reasoning.mode_path = to.reasoning.effort.path;
  }
  append(to.extra, f.rest({}, "reasoning"));
}

// Of `include` only log probabilities change the part of the answer that travels; sealed reasoning
// is for the next request to the same provider.
void decode_include(const Fields::Member& member, ChatRequest& to) {
  if (!member) return;
  Json others = Json::array();
  bool matters = false;
  for (const Json& item : *member.value) {
    if (item == "message.output_text.logprobs") {
      to.logprobs = {true, member.path};
      continue;
    }
    matters |= item != "reasoning.encrypted_content";
    others.push_back(item);
  }
  if (!others.empty()) to.extra.push_back({member.path, "include", others, "", matters});
}

bool says_nothing(const Native& n) {
  return (n.key == "truncation" && n.value == "disabled") ||
         (n.key == "background" && n.value == false);
}

}  // namespace

Result<ChatRequest> decode_responses_request(const Json& body) {
  Result<ChatRequest> decoded;
  ChatRequest& r = *decoded;
  r.from = Endpoint::responses;
  Fields f(body, "");
  r.model = TRY(f.text("model"));
  if (const auto instructions = f.take("instructions")) {
    if (!instructions.value->is_string()) return malformed(instructions.path, "text");
    Message m;
    m.role = Role::system;
    m.path = instructions.path;
    m.parts.push_back(text_part(instructions.value->get<std::string>(), instructions.path));
    r.messages.push_back(std::move(m));
  }
  if (const auto input = f.take("input")) {
    if (input.value->is_string()) {
      Message m;
      m.path = input.path;
      m.parts.push_back(text_part(input.value->get<std::string>(), input.path));
      r.messages.push_back(std::move(m));
    } else if (input.value->is_array()) {
      for (size_t i = 0; i < input.value->size(); ++i)
        r.messages.push_back(TRY(decode_item((*input.value)[i], indexed_path(input.path, i))));
    } else {
      return malformed(input.path, "text or an array of items");
    }
  }
  if (const auto tools = f.take("tools")) {
    if (!tools.value->is_array()) return malformed(tools.path, "an array");
    for (size_t i = 0; i < tools.value->size(); ++i)
      r.tools.push_back(TRY(decode_tool((*tools.value)[i], indexed_path(tools.path, i))));
  }
  r.tool_choice = decode_tool_choice(f.take("tool_choice"));
  CHECKED(decode_text(f.take("text"), r));
  decode_reasoning(f.take("reasoning"), r);
  decode_include(f.take("include"), r);
  r.parallel_tools = f.setting("parallel_tool_calls");
  r.output_limit = f.setting("max_output_tokens");
  r.temperature = f.setting("temperature");
  r.top_p = f.setting("top_p");
  r.top_logprobs = f.setting("top_logprobs");
  append(r.extra, f.rest({"user", "metadata", "store", "safety_identifier", "prompt_cache_key",
                          "prompt_cache_retention", "prompt_cache_options", "service_tier",
                          "stream", "stream_options"}));
  for (Native& n : r.extra) n.matters = n.matters && !says_nothing(n);
  return decoded;
}

}  // namespace twolane::dialect::openai
