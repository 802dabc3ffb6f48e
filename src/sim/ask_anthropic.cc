// Reading Anthropic Messages requests.

#include "sim/ask_parts.h"

namespace twolane::sim {

using simdjson::dom::element;

namespace {

constexpr const char* invalid = "invalid_request_error";

void bad(Ask& ask, std::string message) { ask.refuse(400, invalid, std::move(message)); }

// A cache mark behind the texts so far.
void take_mark(Ask& ask, element holder) {
  auto mark = member(holder, "cache_control");
  if (!mark || mark->is_null()) return;
  ask.marked_texts = static_cast<int64_t>(ask.texts.size());
  ask.mark_for_an_hour = text_at(*mark, "ttl") == "1h";
}

std::string_view take_blocks(Ask& ask, element content) {
  std::string_view last;
  if (content.is_string()) {
    last = text_of(content);
    add_text(ask, last);
    return last;
  }
  simdjson::dom::array blocks;
  if (content.get(blocks)) return last;
  for (element block : blocks) {
    const std::string_view type = text_at(block, "type");
    if (type == "text") {
      last = text_at(block, "text");
      add_text(ask, last);
    } else if (type == "tool_result" && member(block, "content")) {
      take_blocks(ask, *member(block, "content"));
    } else {
      ask.other_tokens += std::min<int64_t>(1600, 8 + weight_of(block) / 4);
    }
    take_mark(ask, block);
  }
  return last;
}

void take_messages(Ask& ask, element messages) {
  simdjson::dom::array list;
  if (messages.get(list) || list.size() == 0)
    return bad(ask, "messages: at least one message is required");
  for (element message : list) {
    const std::string_view role = text_at(message, "role");
    if (role != "user" && role != "assistant")
      bad(ask, "messages." + std::to_string(ask.messages) +
                   ".role: Input should be 'user' or 'assistant'");
    ++ask.messages;
    auto content = member(message, "content");
    if (!content) {
      bad(ask, "messages." + std::to_string(ask.messages - 1) + ".content: Field required");
      continue;
    }
    const std::string_view last = take_blocks(ask, *content);
    if (role == "user") ask.user = last;
  }
}

void take_tools(Ask& ask, element tools, std::optional<element> choice) {
  simdjson::dom::array list;
  if (tools.get(list)) return bad(ask, "tools: Input should be a valid list");
  ask.other_tokens += weight_of(tools) / 4;
  if (!choice) return;
  const std::string_view type = text_at(*choice, "type"), wanted = text_at(*choice, "name");
  if (type != "any" && type != "tool") return;
  for (element tool : list) {
    if (type == "tool" && text_at(tool, "name") != wanted) continue;
    ask.tool = text_at(tool, "name");
    ask.tool_schema = member(tool, "input_schema");
    return;
  }
}

void check(Ask& ask, bool has_limit) {
  if (ask.model_name.empty()) return bad(ask, "model: Field required");
  ask.model = find_model(Provider::anthropic, ask.model_name);
  if (!ask.model)
    return ask.refuse(404, "not_found_error", "model: " + std::string(ask.model_name));
  if (!has_limit) return bad(ask, "max_tokens: Field required");
  if (ask.limit < 1) return bad(ask, "max_tokens: must be greater than or equal to 1");
  if (ask.limit > ask.model->most_output)
    return bad(ask, "max_tokens: " + std::to_string(ask.limit) + " > " +
                        std::to_string(ask.model->most_output) +
                        ", which is the maximum allowed number of output tokens for " +
                        std::string(ask.model_name));
  if (ask.input_tokens > ask.model->context)
    bad(ask, "prompt is too long: " + std::to_string(ask.input_tokens) + " tokens > " +
                 std::to_string(ask.model->context) + " maximum");
}

void take_range(Ask& ask, element value, const char* name) {
  double n = 0;
  if (value.get(n) || n < 0 || n > 1) bad(ask, std::string(name) + ": range: 0..1");
}

}  // namespace

void read_messages(element body, Ask& ask) {
  std::optional<element> tools, choice;
  bool has_messages = false, has_limit = false;
  simdjson::dom::object fields;
  if (body.get(fields)) return bad(ask, "params: Input should be an object");
  // A prefix is tools, then system, then messages, whatever the order of the keys.
  if (auto system = member(body, "system"); system && !system->is_null())
    ask.system = take_blocks(ask, *system);
  for (auto [key, value] : fields) {
    if (key == "model")
      ask.model_name = text_of(value);
    else if (key == "messages")
      has_messages = true, take_messages(ask, value);
    else if (key == "max_tokens")
      has_limit = true, ask.limit = int_of(value).value_or(0);
    else if (key == "temperature")
      take_range(ask, value, "temperature");
    else if (key == "top_p")
      take_range(ask, value, "top_p");
    else if (key == "stream")
      ask.stream = is_true(value);
    else if (key == "speed") {
      if (text_of(value) == "fast") bad(ask, "speed: fast mode is not available here");
    } else if (key == "tools")
      tools = value;
    else if (key == "tool_choice")
      choice = value;
    else if (key == "thinking") {
      const std::string_view type = text_at(value, "type");
      ask.think = type == "enabled" || type == "adaptive";
    } else if (key == "output_config") {
      if (auto format = member(value, "format");
          format && text_at(*format, "type") == "json_schema") {
        ask.schema = member(*format, "schema");
        if (ask.schema) ask.other_tokens += weight_of(*ask.schema) / 4;
      }
    }
  }
  if (!has_messages) bad(ask, "messages: Field required");
  if (auto mark = member(body, "cache_control"); mark && !mark->is_null()) take_mark(ask, body);
  if (tools) take_tools(ask, *tools, choice);
  close_prompt(ask);
  check(ask, has_limit);
}

}  // namespace twolane::sim
