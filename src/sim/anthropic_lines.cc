// Anthropic answers: messages, and the result lines around them.

#include "sim/anthropic.h"
#include "sim/json_text.h"

namespace twolane::sim {
namespace {

void append_usage(const Line& line, std::string_view tier, std::string& out) {
  const Usage& u = line.said.usage;
  auto field = [&](const char* name, int64_t n) {
    out += name;
    append_number(out, n);
  };
  field("\"usage\":{\"input_tokens\":", u.fresh);
  field(",\"cache_creation_input_tokens\":", u.cache_write_5m + u.cache_write_1h);
  field(",\"cache_read_input_tokens\":", u.cache_read);
  field(",\"cache_creation\":{\"ephemeral_5m_input_tokens\":", u.cache_write_5m);
  field(",\"ephemeral_1h_input_tokens\":", u.cache_write_1h);
  field("},\"output_tokens\":", u.output);
  if (u.reasoning > 0) {
    field(",\"output_tokens_details\":{\"thinking_tokens\":", u.reasoning);
    out += '}';
  }
  out += ",\"service_tier\":\"";
  out += tier;
  out += "\",\"inference_geo\":\"not_available\"}";
}

void append_content(const Line& line, std::string& out) {
  out += '[';
  if (!line.said.thought.empty()) {
    out += "{\"type\":\"thinking\",\"thinking\":";
    append_quoted(out, line.said.thought);
    out += ",\"signature\":\"";
    append_id(out, mix(line.draw.base), 64);
    out += "\"},";
  }
  if (line.ask.tool.empty()) {
    out += "{\"type\":\"text\",\"text\":";
    append_quoted(out, line.said.text);
    out += "}]";
    return;
  }
  out += "{\"type\":\"tool_use\",\"id\":\"toolu_01";
  append_id(out, mix(line.draw.bits(Chance::response_id)), 22);
  out += "\",\"name\":";
  append_quoted(out, line.ask.tool);
  out += ",\"input\":";
  // Input that the limit cut off is no JSON: the provider gives what it could parse, here nothing.
  out += line.said.finish == Finish::length ? "{}" : line.said.text;
  out += "}]";
}

}  // namespace

void append_anthropic_error(const Refusal& r, std::string_view request_id, std::string& out) {
  out += "{\"type\":\"error\",\"error\":{\"type\":";
  append_quoted(out, r.type);
  out += ",\"message\":";
  append_quoted(out, r.message);
  out += "},\"request_id\":";
  if (request_id.empty())
    out += "null";
  else
    append_quoted(out, request_id);
  out += '}';
}

std::string anthropic_message_id(Draw draw) {
  std::string id = "msg_01";
  append_id(id, draw.bits(Chance::response_id), 22);
  return id;
}

void append_anthropic_message(const Line& line, std::string_view tier, std::string& out) {
  out += "{\"id\":\"";
  out += line.response_id;
  out += "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"";
  out += line.ask.model->snapshot;
  out += "\",\"content\":";
  append_content(line, out);
  out += ",\"stop_reason\":\"";
  out += line.said.finish == Finish::length ? "max_tokens"
         : line.said.finish == Finish::tool ? "tool_use"
                                            : "end_turn";
  out += "\",\"stop_sequence\":null,\"stop_details\":null,";
  append_usage(line, tier, out);
  out += '}';
}

void AnthropicFormat::read(const Batch&, Line& line) const {
  line.key = text_at(line.json, "custom_id");
  line.ask.clear(Endpoint::messages);
  auto params = member(line.json, "params");
  if (!params) return line.ask.refuse(400, "invalid_request_error", "params: Field required");
  read_ask(Endpoint::messages, *params, line.ask);
  if (line.ask.stream)
    line.ask.refuse(400, "invalid_request_error", "stream: streaming is not supported in batches");
}

void AnthropicFormat::name(const Batch&, Fate fate, Line& line) const {
  line.response_id.clear();
  if (fate != Fate::answered) return;
  line.response_id = "msg_01";
  append_id(line.response_id, line.draw.bits(Chance::response_id), 22);
}

void AnthropicFormat::write(const Batch&, Fate fate, const Line& line, Time,
                            std::string& out) const {
  out += "{\"custom_id\":";
  append_quoted(out, line.key);
  switch (fate) {
    case Fate::answered:
      out += ",\"result\":{\"type\":\"succeeded\",\"message\":";
      append_anthropic_message(line, "batch", out);
      out += "}}";
      return;
    case Fate::refused:
    case Fate::server_error:
      out += ",\"result\":{\"type\":\"errored\",\"error\":";
      append_anthropic_error(*line.ask.refusal, {}, out);
      out += "}}";
      return;
    case Fate::cancelled:
      out += ",\"result\":{\"type\":\"canceled\"}}";
      return;
    case Fate::expired:
      out += ",\"result\":{\"type\":\"expired\"}}";
      return;
  }
}

Refusal AnthropicFormat::mishap(bool server, Draw draw) const {
  if (!server)
    return {400, "invalid_request_error", "Output blocked by content filtering policy", "", ""};
  if (draw.hits(0.5, Chance::error_kind)) return {529, "overloaded_error", "Overloaded", "", ""};
  return {500, "api_error", "Internal server error", "", ""};
}

}  // namespace twolane::sim
