// Requests of /v1/messages: from the wire to the neutral form.
#include "dialect/anthropic/anthropic.h"

namespace twolane::dialect::anthropic {
namespace {

using Kind = Part::Kind;

Part native_block(const Json& raw, const std::string& path) {
  Part part;
  part.kind = Kind::native;
  part.path = path;
  part.raw = raw;
  part.slot = "content";
  return part;
}

// An image's or document's source; false where it is of a kind that has no neutral form.
Result<bool> decode_source(const Fields::Member& source, Media& to) {
  if (!source) return malformed(source.path.empty() ? "source" : source.path, "there");
  Fields f(*source.value, source.path);
  const std::string type = TRY(f.text("type"));
  to.mime = TRY(f.text("media_type"));
  if (type == "base64" || type == "text") {
    to.source = type == "text" ? Media::Source::text : Media::Source::base64;
    to.data = TRY(f.text("data"));
  } else if (type == "url") {
    to.source = Media::Source::url;
    to.data = TRY(f.text("url"));
  } else if (type == "file") {
    to.source = Media::Source::file_id;
    to.data = TRY(f.text("file_id"));
  } else {
    return false;
  }
  return f.rest().empty();
}

Status decode_content(const Fields::Member& content, std::vector<Part>& to);

Result<Part> decode_media(const Json& raw, Fields& f, const std::string& type,
                          const std::string& path) {
  Part part;
  part.kind = Kind::media;
  part.path = path;
  part.media.kind = type == "image" ? Media::Kind::image : Media::Kind::document;
  auto source = f.take("source");
  if (!source) return malformed(path + ".source", "there");
  if (!TRY(decode_source(source, part.media))) return native_block(raw, path);
  if (type == "document") part.media.name = TRY(f.text("title"));
  return part;
}

Result<Part> decode_tool_result(Fields& f, const std::string& path) {
  Part part;
  part.kind = Kind::tool_result;
  part.path = path;
  part.call_id = TRY(f.text("tool_use_id"));
  part.failed = f.setting("is_error");
  CHECKED(decode_content(f.take("content"), part.content));
  return part;
}

Result<Part> decode_block(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  Fields f(raw, path);
  const std::string type = TRY(f.text("type"));
  Part part;
  part.path = path;
  if (type == "text") {
    part.text = TRY(f.text("text"));
  } else if (type == "image" || type == "document") {
    part = TRY(decode_media(raw, f, type, path));
    if (part.kind == Kind::native) return part;
  } else if (type == "tool_use") {
    part.kind = Kind::tool_call;
    part.call_id = TRY(f.text("id"));
    part.name = TRY(f.text("name"));
    const auto input = f.take("input");
    part.arguments = input ? wire::dump(*input.value) : "{}";
  } else if (type == "tool_result") {
    part = TRY(decode_tool_result(f, path));
  } else if (type == "thinking" || type == "redacted_thinking") {
    part.kind = Kind::reasoning;
    part.text = TRY(f.text("thinking"));
    part.raw = raw;
    return part;
  } else {
    return native_block(raw, path);
  }
  // What an earlier answer cited, and that a call was a direct one, adds nothing to what was said.
  part.extra = f.rest({"cache_control"});
  for (Native& n : part.extra) {
    if (n.key == "citations" && type == "text") n.matters = false;
    if (n.key == "caller") n.matters = wire::string_at(n.value, "type") != "direct";
  }
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
  if (!content.value->is_array()) return malformed(content.path, "text or an array of blocks");
  for (size_t i = 0; i < content.value->size(); ++i)
    to.push_back(TRY(decode_block((*content.value)[i], indexed_path(content.path, i))));
  return {};
}

Result<Message> decode_message(const Json& raw, const std::string& path) {
  if (!raw.is_object()) return malformed(path, "an object");
  Fields f(raw, path);
  const std::string role = TRY(f.text("role"));
  Message m;
  m.path = path;
  if (role == "assistant")
    m.role = Role::assistant;
  else if (role == "system")
    m.role = Role::system;
  else if (role != "user")
    return malformed(path + ".role", "user or assistant");
  CHECKED(decode_content(f.take("content"), m.parts));
  m.extra = f.rest();
  return m;
}

Result<Tool> decode_tool(const Json& raw, const std::string& path) {
  Tool tool;
  tool.path = path;
  Fields f(raw, path);
  const std::string type = TRY(f.text("type"));
  if (!type.empty() && type != "custom") {
    tool.raw = raw;
    return tool;
  }
  tool.name = TRY(f.text("name"));
  tool.description = f.setting("description");
  tool.strict = f.setting("strict");
  if (const auto schema = f.take("input_schema")) tool.schema = *schema.value;
  tool.extra = f.rest({"cache_control", "eager_input_streaming"});
  for (Native& n : tool.extra)
    n.matters = n.matters && !(n.key == "defer_loading" && n.value == false);
  return tool;
}

Status decode_tool_choice(const Fields::Member& member, ChatRequest& to) {
  using Choice = ToolChoice::Kind;
  if (!member) return {};
  ToolChoice& c = to.tool_choice;
  c.path = member.path;
  c.raw = *member.value;
  Fields f(*member.value, member.path);
  const std::string type = TRY(f.text("type"));
  if (const Setting one = f.setting("disable_parallel_tool_use"); one && one.value.is_boolean())
    to.parallel_tools = {!one.value.get<bool>(), one.path};
  c.kind = type == "auto"   ? Choice::automatic
           : type == "any"  ? Choice::required
           : type == "none" ? Choice::none
           : type == "tool" ? Choice::named
                            : Choice::native;
  if (c.kind == Choice::named) c.names.push_back(TRY(f.text("name")));
  if (!f.rest().empty()) c.kind = Choice::native;
  return {};
}

Status decode_output_config(const Fields::Member& member, ChatRequest& to) {
  if (!member) return {};
  Fields f(*member.value, member.path);
  to.reasoning.effort = f.setting("effort");
  if (const auto format = f.take("format")) {
    to.format.path = format.path;
    if (wire::string_at(*format.value, "type") != "json_schema") {
      to.extra.push_back({format.path, "format", *format.value, "output_config", true});
    } else {
      to.format.kind = AnswerFormat::Kind::json_schema;
      if (const Json* schema = wire::find(*format.value, "schema")) to.format.schema = *schema;
    }
  }
  append(to.extra, f.rest({}, "output_config"));
  return {};
}

Status decode_thinking(const Fields::Member& member, ChatRequest& to) {
  if (!member) return {};
  using Mode = Reasoning::Mode;
  Fields f(*member.value, member.path);
  Reasoning& r = to.reasoning;
  const std::string type = TRY(f.text("type"));
  r.mode_path = member.path;
  r.mode = type == "enabled"    ? Mode::budget
           : type == "adaptive" ? Mode::adaptive
           : type == "disabled" ? Mode::off
                                : Mode::unset;
  if (r.mode == Mode::unset) {
    to.extra.push_back({member.path, "thinking", *member.value, "", true});
    return {};
  }
  r.budget = f.setting("budget_tokens");
  if (const Setting display = f.setting("display"))
    r.shown = {display.value == "omitted" ? Json(false) : Json(true), display.path};
  append(to.extra, f.rest({}, "thinking"));
  return {};
}

}  // namespace

Result<ChatRequest> decode_request(const Json& body) {
  Result<ChatRequest> decoded;
  ChatRequest& r = *decoded;
  r.from = Endpoint::messages;
  Fields f(body, "");
  r.model = TRY(f.text("model"));
  if (const auto system = f.take("system")) {
    Message m;
    m.role = Role::system;
    m.path = system.path;
    CHECKED(decode_content(system, m.parts));
    if (!m.parts.empty()) r.messages.push_back(std::move(m));
  }
  const auto messages = f.take("messages");
  if (!messages || !messages.value->is_array()) return malformed("messages", "an array");
  for (size_t i = 0; i < messages.value->size(); ++i)
    r.messages.push_back(TRY(decode_message((*messages.value)[i], indexed_path("messages", i))));
  if (const auto tools = f.take("tools")) {
    if (!tools.value->is_array()) return malformed(tools.path, "an array");
    for (size_t i = 0; i < tools.value->size(); ++i)
      r.tools.push_back(TRY(decode_tool((*tools.value)[i], indexed_path(tools.path, i))));
  }
  CHECKED(decode_tool_choice(f.take("tool_choice"), r));
  CHECKED(decode_output_config(f.take("output_config"), r));
  CHECKED(decode_thinking(f.take("thinking"), r));
  r.output_limit = f.setting("max_tokens");
  r.temperature = f.setting("temperature");
  r.top_p = f.setting("top_p");
  r.top_k = f.setting("top_k");
  r.stop = f.setting("stop_sequences");
  append(r.extra, f.rest({"metadata", "cache_control", "service_tier", "stream"}));
  return decoded;
}

}  // namespace twolane::dialect::anthropic
