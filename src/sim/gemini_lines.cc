// Gemini answers, and the result lines around them.

#include "sim/gemini.h"
#include "sim/json_text.h"

namespace twolane::sim {
namespace {

void append_parts(const Line& line, std::string& out) {
  if (line.ask.tool.empty()) {
    out += "{\"text\":";
    append_quoted(out, line.said.text);
    out += '}';
    return;
  }
  out += "{\"functionCall\":{\"name\":";
  append_quoted(out, line.ask.tool);
  out += ",\"args\":";
  out += line.said.finish == Finish::length ? "{}" : line.said.text;
  out += "}}";
}

void append_count(std::string& out, const char* name, int64_t n) {
  out += name;
  append_number(out, n);
}

void append_generated(const Line& line, std::string_view tier, std::string& out) {
  const Usage& u = line.said.usage;
  out += "{\"candidates\":[";
  for (int64_t i = 0; i < line.ask.choices; ++i) {
    out += i > 0 ? ",{\"content\":{\"parts\":[" : "{\"content\":{\"parts\":[";
    append_parts(line, out);
    out += "],\"role\":\"model\"},\"finishReason\":\"";
    out += line.said.finish == Finish::length ? "MAX_TOKENS" : "STOP";
    append_count(out, "\",\"index\":", i);
    out += '}';
  }
  append_count(out, "],\"usageMetadata\":{\"promptTokenCount\":", u.input());
  if (u.cache_read > 0) append_count(out, ",\"cachedContentTokenCount\":", u.cache_read);
  append_count(out, ",\"candidatesTokenCount\":", u.output - u.reasoning);
  if (u.reasoning > 0) append_count(out, ",\"thoughtsTokenCount\":", u.reasoning);
  append_count(out, ",\"totalTokenCount\":", u.input() + u.output);
  append_count(out, ",\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":", u.input());
  out += "}]";
  if (!tier.empty()) {
    out += ",\"serviceTier\":\"";
    out += tier;
    out += '"';
  }
  out += "},\"modelVersion\":\"";
  out += line.ask.model->snapshot;
  out += "\",\"responseId\":\"";
  out += line.response_id;
  out += "\"}";
}

void append_embedded(const Line& line, bool with_count, std::string& out) {
  out += '{';
  if (with_count) {
    out += "\"tokenCount\":\"";
    append_number(out, line.said.usage.input());
    out += "\",";
  }
  out += "\"embedding\":{\"values\":";
  std::string_view first = line.ask.inputs.empty() ? std::string_view() : line.ask.inputs.front();
  append_embedding(out, first, line.ask.dimensions > 0 ? line.ask.dimensions : 8, false);
  out += "}}";
}

void append_status(int code, std::string_view message, std::string& out) {
  append_count(out, "\"error\":{\"code\":", code);
  if (!message.empty()) {
    out += ",\"message\":";
    append_quoted(out, message);
  }
  out += '}';
}

}  // namespace

int gemini_code(int status) {
  switch (status) {
    case 400:
      return 3;
    case 403:
      return 7;
    case 404:
      return 5;
    case 429:
      return 8;
    case 499:
      return 1;
    case 503:
      return 14;
    case 504:
      return 4;
    default:
      return 13;
  }
}

std::string_view gemini_word(int status) {
  switch (status) {
    case 400:
      return "INVALID_ARGUMENT";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 503:
      return "UNAVAILABLE";
    default:
      return "INTERNAL";
  }
}

std::string gemini_response_id(Draw draw) {
  std::string id;
  append_id(id, draw.bits(Chance::response_id), 23);
  return id;
}

void append_gemini_body(const Line& line, std::string_view tier, std::string& out) {
  if (line.ask.endpoint == Endpoint::embed_content)
    append_embedded(line, false, out);
  else
    append_generated(line, tier, out);
}

void GeminiFormat::read(const Batch& batch, Line& line) const {
  line.ask.clear(batch.endpoint);
  line.ask.model = find_model(Provider::gemini, batch.model);
  line.key = text_at(line.json, "key");
  if (line.key.empty())
    if (auto metadata = member(line.json, "metadata")) line.key = text_at(*metadata, "key");
  if (auto request = member(line.json, "request")) {
    find_cached({&state_, batch.account, line.at}, *request, line.ask);
    read_ask(batch.endpoint, *request, line.ask);
  } else {
    line.ask.refuse(400, "INVALID_ARGUMENT", "request is not specified");
  }
}

// An embedding has no id: in the ledger it is named by its batch and key.
void GeminiFormat::name(const Batch& batch, Fate fate, Line& line) const {
  line.response_id.clear();
  if (fate != Fate::answered) return;
  if (batch.endpoint == Endpoint::embed_content)
    line.response_id.append(batch.id).append("#").append(line.key);
  else
    append_id(line.response_id, line.draw.bits(Chance::response_id), 23);
}

void GeminiFormat::write(const Batch& batch, Fate fate, const Line& line, Time,
                         std::string& out) const {
  // Clients' metadata comes back with inline results, the key with those in files.
  auto metadata = member(line.json, "metadata");
  if (batch.is_inline() && metadata && line.key == text_at(*metadata, "key")) {
    out += "{\"metadata\":";
    out += simdjson::minify(*metadata);
    out += ',';
  } else if (batch.is_inline() && !line.key.empty()) {
    out += "{\"metadata\":{\"key\":";
    append_quoted(out, line.key);
    out += "},";
  } else if (batch.is_inline()) {
    out += '{';
  } else {
    out += "{\"key\":";
    append_quoted(out, line.key);
    out += ',';
  }
  switch (fate) {
    case Fate::answered:
      out += "\"response\":";
      if (batch.endpoint == Endpoint::embed_content)
        append_embedded(line, true, out);
      else
        append_generated(line, {}, out);
      break;
    case Fate::refused:
    case Fate::server_error:
      append_status(gemini_code(line.ask.refusal->status), line.ask.refusal->message, out);
      break;
    case Fate::cancelled:
    case Fate::expired:
      append_status(1, {}, out);
      break;
  }
  out += '}';
}

Refusal GeminiFormat::mishap(bool server, Draw draw) const {
  if (!server) return {400, "INVALID_ARGUMENT", "Request contains an invalid argument.", "", ""};
  if (draw.hits(0.5, Chance::error_kind))
    return {503, "UNAVAILABLE", "The model is overloaded. Please try again later.", "", ""};
  return {500, "INTERNAL", "", "", ""};
}

}  // namespace twolane::sim
