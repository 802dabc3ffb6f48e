// Rows of a table as requests, and answers as the text that goes back into the table.
#include <simdjson.h>

#include "dialect/catalogue.h"
#include "dialect/translate.h"
#include "dialect/translate_embeddings.h"
#include "dialect/translate_scan.h"

namespace twolane::dialect {
namespace {

using simdjson::dom::element;

// Assumed where Anthropic wants a limit, nobody set one and the model is unknown.
constexpr int64_t usual_output_limit = 4096;

template <class Take>
void each(std::optional<element> list, Take take) {
  simdjson::dom::array elements;
  if (!list || list->get(elements)) return;
  for (const element one : elements) take(one);
}

std::string chat_text(element body) {
  std::string out;
  const auto choices = member(body, "choices");
  simdjson::dom::array list;
  if (!choices || choices->get(list) || list.begin() == list.end()) return out;
  const auto message = member(*list.begin(), "message");
  if (!message) return out;
  out = text_member(*message, "content");
  if (out.empty())
    each(member(*message, "content"), [&](element part) { out += text_member(part, "text"); });
  return out;
}

std::string responses_text(element body) {
  std::string out;
  each(member(body, "output"), [&](element item) {
    if (text_member(item, "type") != "message") return;
    each(member(item, "content"), [&](element part) { out += text_member(part, "text"); });
  });
  return out;
}

std::string messages_text(element body) {
  std::string out;
  each(member(body, "content"), [&](element block) {
    if (text_member(block, "type") == "text") out += text_member(block, "text");
  });
  return out;
}

std::string gemini_text(element body) {
  std::string out;
  const auto candidates = member(body, "candidates");
  simdjson::dom::array list;
  if (!candidates || candidates->get(list) || list.begin() == list.end()) return out;
  const auto content = member(*list.begin(), "content");
  if (!content) return out;
  each(member(*content, "parts"), [&](element part) {
    bool thought = false;
    if (const auto said = member(part, "thought"); said && said->get(thought)) thought = false;
    if (!thought) out += text_member(part, "text");
  });
  return out;
}

std::string vector_text(std::optional<element> vector) {
  if (!vector) return {};
  std::string_view base64;
  if (vector->get(base64))
    return vector->is_array() ? std::string(simdjson::minify(*vector)) : std::string();
  const auto floats = floats_of_base64(base64);
  return floats ? wire::dump(*floats) : std::string();
}

std::string embedding_text(element body) {
  const auto data = member(body, "data");
  simdjson::dom::array list;
  if (!data || data->get(list) || list.begin() == list.end()) return {};
  return vector_text(member(*list.begin(), "embedding"));
}

Json text_part(std::string_view text) { return {{"text", text}}; }

Json chat_request(std::string_view model, std::string_view system, std::string_view prompt,
                  const Json& schema, int64_t limit) {
  Json body = {{"model", model}, {"messages", Json::array()}};
  if (!system.empty()) body["messages"].push_back({{"role", "system"}, {"content", system}});
  body["messages"].push_back({{"role", "user"}, {"content", prompt}});
  if (!schema.is_null())
    body["response_format"] = {
        {"type", "json_schema"},
        {"json_schema", {{"name", "answer"}, {"schema", schema}, {"strict", true}}}};
  if (limit > 0) body["max_completion_tokens"] = limit;
  return body;
}

Json responses_request(std::string_view model, std::string_view system, std::string_view prompt,
                       const Json& schema, int64_t limit) {
  Json body = {{"model", model}};
  if (!system.empty()) body["instructions"] = system;
  body["input"] = prompt;
  if (!schema.is_null())
    body["text"]["format"] = {
        {"type", "json_schema"}, {"name", "answer"}, {"schema", schema}, {"strict", true}};
  if (limit > 0) body["max_output_tokens"] = limit;
  return body;
}

Json messages_request(std::string_view model, std::string_view system, std::string_view prompt,
                      const Json& schema, int64_t limit) {
  if (limit <= 0)
    if (const ModelEntry* entry = find_model("anthropic", model)) limit = entry->output_limit;
  Json body = {{"model", model}, {"max_tokens", limit > 0 ? limit : usual_output_limit}};
  if (!system.empty()) body["system"] = system;
  body["messages"].push_back({{"role", "user"}, {"content", prompt}});
  if (!schema.is_null())
    body["output_config"]["format"] = {{"type", "json_schema"}, {"schema", schema}};
  return body;
}

Json gemini_request(std::string_view system, std::string_view prompt, const Json& schema,
                    int64_t limit) {
  Json body = Json::object();
  if (!system.empty()) body["systemInstruction"] = {{"parts", Json::array({text_part(system)})}};
  body["contents"].push_back({{"role", "user"}, {"parts", Json::array({text_part(prompt)})}});
  if (!schema.is_null())
    body["generationConfig"] = {{"responseMimeType", "application/json"},
                                {"responseJsonSchema", schema}};
  if (limit > 0) body["generationConfig"]["maxOutputTokens"] = limit;
  return body;
}

}  // namespace

std::string answer_text(Endpoint endpoint, std::string_view body) {
  const auto root = scan(body);
  if (!root) return {};
  switch (endpoint) {
    case Endpoint::chat_completions:
      return chat_text(*root);
    case Endpoint::responses:
      return responses_text(*root);
    case Endpoint::messages:
      return messages_text(*root);
    case Endpoint::generate_content:
      return gemini_text(*root);
    case Endpoint::embeddings:
      return embedding_text(*root);
    case Endpoint::moderations:
      return {};
    case Endpoint::embed_content:
      break;
  }
  const auto embedding = member(*root, "embedding");
  return embedding ? vector_text(member(*embedding, "values")) : std::string();
}

std::string request_from_prompt(Endpoint endpoint, std::string_view model, std::string_view system,
                                std::string_view prompt, const wire::Json& schema,
                                int64_t output_limit) {
  switch (endpoint) {
    case Endpoint::chat_completions:
      return wire::dump(chat_request(model, system, prompt, schema, output_limit));
    case Endpoint::responses:
      return wire::dump(responses_request(model, system, prompt, schema, output_limit));
    case Endpoint::messages:
      return wire::dump(messages_request(model, system, prompt, schema, output_limit));
    case Endpoint::generate_content:
      return wire::dump(gemini_request(system, prompt, schema, output_limit));
    case Endpoint::embeddings:
    case Endpoint::moderations:
      return wire::dump(Json{{"model", model}, {"input", prompt}});
    case Endpoint::embed_content:
      break;
  }
  return wire::dump(Json{{"content", {{"parts", Json::array({text_part(prompt)})}}}});
}

}  // namespace twolane::dialect
