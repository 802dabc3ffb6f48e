// OpenAI answers: bodies of all endpoints, and the result lines around them.

#include "sim/json_text.h"
#include "sim/openai.h"

namespace twolane::sim {
namespace {

constexpr std::string_view moderation_categories[] = {"harassment",
                                                      "harassment/threatening",
                                                      "hate",
                                                      "hate/threatening",
                                                      "illicit",
                                                      "illicit/violent",
                                                      "self-harm",
                                                      "self-harm/intent",
                                                      "self-harm/instructions",
                                                      "sexual",
                                                      "sexual/minors",
                                                      "violence",
                                                      "violence/graphic"};

void append_field(std::string& out, std::string_view name, int64_t n) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, n);
}

void append_chat_usage(const Model& model, const Usage& u, std::string& out) {
  out += "\"usage\":{\"prompt_tokens\":";
  append_number(out, u.input());
  append_field(out, "completion_tokens", u.output);
  append_field(out, "total_tokens", u.input() + u.output);
  out += ",\"prompt_tokens_details\":{\"cached_tokens\":";
  append_number(out, u.cache_read);
  out += ",\"audio_tokens\":0";
  if (model.reports_writes) append_field(out, "cache_write_tokens", u.cache_write_5m);
  out += "},\"completion_tokens_details\":{\"reasoning_tokens\":";
  append_number(out, u.reasoning);
  out += ",\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}";
}

void append_responses_usage(const Model& model, const Usage& u, std::string& out) {
  out += "\"usage\":{\"input_tokens\":";
  append_number(out, u.input());
  out += ",\"input_tokens_details\":{\"cached_tokens\":";
  append_number(out, u.cache_read);
  if (model.reports_writes) append_field(out, "cache_write_tokens", u.cache_write_5m);
  out += '}';
  append_field(out, "output_tokens", u.output);
  out += ",\"output_tokens_details\":{\"reasoning_tokens\":";
  append_number(out, u.reasoning);
  out += '}';
  append_field(out, "total_tokens", u.input() + u.output);
  out += '}';
}

void append_message(const Line& line, std::string& out) {
  out += "{\"role\":\"assistant\",\"content\":";
  if (line.ask.tool.empty()) {
    append_quoted(out, line.said.text);
  } else {
    out += "null,\"tool_calls\":[{\"id\":\"call_";
    append_id(out, mix(line.draw.bits(Chance::response_id)), 24);
    out += "\",\"type\":\"function\",\"function\":{\"name\":";
    append_quoted(out, line.ask.tool);
    out += ",\"arguments\":";
    append_quoted(out, line.said.text);
    out += "}}]";
  }
  out += ",\"refusal\":null,\"annotations\":[]}";
}

void append_chat(const Line& line, std::string_view tier, Time at, std::string& out) {
  out += "{\"id\":\"";
  out += line.response_id;
  out += "\",\"object\":\"chat.completion\",\"created\":";
  append_number(out, at.unix_seconds());
  out += ",\"model\":\"";
  out += line.ask.model->snapshot;
  out += "\",\"choices\":[";
  const std::string_view why = line.said.finish == Finish::length ? "length"
                               : line.said.finish == Finish::tool ? "tool_calls"
                                                                  : "stop";
  for (int64_t i = 0; i < line.ask.choices; ++i) {
    out += i > 0 ? ",{\"index\":" : "{\"index\":";
    append_number(out, i);
    out += ",\"message\":";
    append_message(line, out);
    out += ",\"logprobs\":null,\"finish_reason\":\"";
    out += why;
    out += "\"}";
  }
  out += "],";
  append_chat_usage(*line.ask.model, line.said.usage, out);
  out += ",\"service_tier\":\"";
  out += tier;
  out += "\",\"system_fingerprint\":\"fp_5a1ed0c0de\"}";
}

void append_output_items(const Line& line, std::string& out) {
  const uint64_t bits = mix(line.draw.bits(Chance::response_id));
  out += '[';
  if (line.said.usage.reasoning > 0) {
    out += "{\"id\":\"rs_";
    append_hex(out, mix(bits), 40);
    out += "\",\"type\":\"reasoning\",\"summary\":[]},";
  }
  if (!line.ask.tool.empty()) {
    out += "{\"id\":\"fc_";
    append_hex(out, bits, 40);
    out += "\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":\"call_";
    append_id(out, bits, 24);
    out += "\",\"name\":";
    append_quoted(out, line.ask.tool);
    out += ",\"arguments\":";
    append_quoted(out, line.said.text);
    out += "}]";
    return;
  }
  out += "{\"id\":\"msg_";
  append_hex(out, bits, 40);
  out += "\",\"type\":\"message\",\"status\":\"";
  out += line.said.finish == Finish::length ? "incomplete" : "completed";
  out +=
      "\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"annotations\":[],"
      "\"logprobs\":[],\"text\":";
  append_quoted(out, line.said.text);
  out += "}]}]";
}

void append_response(const Line& line, std::string_view tier, Time at, std::string& out) {
  const bool cut = line.said.finish == Finish::length;
  out += "{\"id\":\"";
  out += line.response_id;
  out += "\",\"object\":\"response\",\"created_at\":";
  append_number(out, at.unix_seconds());
  out += cut ? ",\"status\":\"incomplete\"" : ",\"status\":\"completed\",\"completed_at\":";
  if (!cut) append_number(out, at.unix_seconds());
  out += ",\"background\":false,\"error\":null,\"incomplete_details\":";
  out += cut ? "{\"reason\":\"max_output_tokens\"}" : "null";
  out += ",\"instructions\":null,\"max_output_tokens\":";
  if (line.ask.limit > 0)
    append_number(out, line.ask.limit);
  else
    out += "null";
  out += ",\"model\":\"";
  out += line.ask.model->snapshot;
  out += "\",\"output\":";
  append_output_items(line, out);
  out += ",\"parallel_tool_calls\":true,\"previous_response_id\":null,\"service_tier\":\"";
  out += tier;
  out += "\",\"store\":true,\"metadata\":{},";
  append_responses_usage(*line.ask.model, line.said.usage, out);
  out += '}';
}

void append_embeddings(const Line& line, std::string& out) {
  out += "{\"object\":\"list\",\"data\":[";
  for (size_t i = 0; i < line.ask.inputs.size(); ++i) {
    out += i > 0 ? ",{\"object\":\"embedding\",\"index\":" : "{\"object\":\"embedding\",\"index\":";
    append_number(out, static_cast<int64_t>(i));
    out += ",\"embedding\":";
    append_embedding(out, line.ask.inputs[i], line.ask.dimensions > 0 ? line.ask.dimensions : 8,
                     line.ask.base64);
    out += '}';
  }
  out += "],\"model\":\"";
  out += line.ask.model->snapshot;
  out += "\",\"usage\":{\"prompt_tokens\":";
  append_number(out, line.said.usage.input());
  append_field(out, "total_tokens", line.said.usage.input());
  out += "}}";
}

void append_moderation(const Line& line, std::string& out) {
  out += "{\"id\":\"";
  out += line.response_id;
  out += "\",\"model\":\"";
  out += line.ask.model->snapshot;
  out += "\",\"results\":[";
  for (size_t i = 0; i < line.ask.inputs.size(); ++i) {
    const bool bad = line.ask.inputs[i].find("kill") != std::string_view::npos;
    std::string flags, scores, types;
    for (std::string_view category : moderation_categories) {
      const bool hit = bad && category == "violence";
      const std::string_view comma = flags.empty() ? "\"" : ",\"";
      flags.append(comma).append(category).append(hit ? "\":true" : "\":false");
      scores.append(comma).append(category).append(hit ? "\":0.93" : "\":0.0001");
      types.append(comma).append(category).append("\":[\"text\"]");
    }
    out += i > 0 ? ",{\"flagged\":" : "{\"flagged\":";
    out += bad ? "true" : "false";
    out += ",\"categories\":{" + flags + "},\"category_scores\":{" + scores +
           "},\"category_applied_input_types\":{" + types + "}}";
  }
  out += "]}";
}

void append_envelope(const Line& line, std::string& out) {
  out += "{\"id\":\"batch_req_";
  append_hex(out, line.draw.base, 32);
  out += "\",\"custom_id\":";
  append_quoted(out, line.key);
}

void append_request_id(Draw draw, std::string& out) {
  out += "req_";
  append_hex(out, mix(draw.bits(Chance::response_id), 7), 32);
}

void append_object_id(Endpoint endpoint, Draw draw, std::string& out) {
  const uint64_t bits = draw.bits(Chance::response_id);
  switch (endpoint) {
    case Endpoint::chat_completions:
      out += "chatcmpl-";
      return append_id(out, bits, 29);
    case Endpoint::responses:
      out += "resp_";
      return append_hex(out, bits, 50);
    case Endpoint::moderations:
      out += "modr-";
      return append_id(out, bits, 28);
    default:
      return;
  }
}

void append_failure(const Line& line, std::string& out) {
  out += ",\"response\":{\"status_code\":";
  append_number(out, line.ask.refusal->status);
  out += ",\"request_id\":\"";
  append_request_id(line.draw, out);
  out += "\",\"body\":";
  append_openai_error(*line.ask.refusal, out);
  if (line.has_usage && line.ask.model->kind == Model::Kind::chat) {
    out.back() = ',';
    if (line.ask.endpoint == Endpoint::responses)
      append_responses_usage(*line.ask.model, line.said.usage, out);
    else
      append_chat_usage(*line.ask.model, line.said.usage, out);
    out += '}';
  }
  out += "},\"error\":null}";
}

}  // namespace

void append_openai_error(const Refusal& r, std::string& out) {
  out += "{\"error\":{\"message\":";
  append_quoted(out, r.message);
  out += ",\"type\":";
  append_quoted(out, r.type);
  out += ",\"param\":";
  if (r.param.empty())
    out += "null";
  else
    append_quoted(out, r.param);
  out += ",\"code\":";
  if (r.code.empty())
    out += "null";
  else
    append_quoted(out, r.code);
  out += "}}";
}

std::string openai_object_id(const Ask& ask, Draw draw) {
  std::string id;
  append_object_id(ask.endpoint, draw, id);
  return id;
}

void append_openai_body(const Line& line, std::string_view tier, Time at, std::string& out) {
  switch (line.ask.endpoint) {
    case Endpoint::responses:
      return append_response(line, tier, at, out);
    case Endpoint::embeddings:
      return append_embeddings(line, out);
    case Endpoint::moderations:
      return append_moderation(line, out);
    default:
      return append_chat(line, tier, at, out);
  }
}

void OpenAiFormat::read(const Batch& batch, Line& line) const {
  line.key = text_at(line.json, "custom_id");
  line.ask.clear(batch.endpoint);
  if (auto body = member(line.json, "body"))
    read_ask(batch.endpoint, *body, line.ask);
  else
    line.ask.refuse(400, "invalid_request_error", "The body is missing.", "body");
}

// A failure has no object, an embedding no id: they are known by the id of their request.
void OpenAiFormat::name(const Batch&, Fate fate, Line& line) const {
  line.response_id.clear();
  if (fate == Fate::answered) append_object_id(line.ask.endpoint, line.draw, line.response_id);
  if (line.response_id.empty()) append_request_id(line.draw, line.response_id);
}

void OpenAiFormat::write(const Batch&, Fate fate, const Line& line, Time at,
                         std::string& out) const {
  append_envelope(line, out);
  switch (fate) {
    case Fate::answered:
      out += ",\"response\":{\"status_code\":200,\"request_id\":\"";
      append_request_id(line.draw, out);
      out += "\",\"body\":";
      append_openai_body(line, "default", at, out);
      out += "},\"error\":null}";
      return;
    case Fate::refused:
    case Fate::server_error:
      return append_failure(line, out);
    case Fate::cancelled:
      out +=
          ",\"response\":null,\"error\":{\"code\":\"batch_cancelled\",\"message\":\"This request "
          "was not "
          "executed because the batch was cancelled.\"}}";
      return;
    case Fate::expired:
      out +=
          ",\"response\":null,\"error\":{\"code\":\"batch_expired\",\"message\":\"This request "
          "could not "
          "be executed before the completion window expired.\"}}";
      return;
  }
}

Refusal OpenAiFormat::mishap(bool server, Draw draw) const {
  if (!server)
    return {400, "invalid_request_error",
            "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
            "", "invalid_prompt"};
  if (draw.hits(0.5, Chance::error_kind))
    return {503, "service_unavailable_error", "The server is overloaded. Please try again later.",
            "", "server_is_overloaded"};
  return {500, "server_error",
          "The server had an error while processing your request. Sorry about that!", "", ""};
}

}  // namespace twolane::sim
