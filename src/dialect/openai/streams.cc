// Recorded streams of OpenAI's endpoints as the answers they add up to.
#include "dialect/openai/openai.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect::openai {
namespace {

// Text is appended, lists are joined, anything else is replaced.
void merge_member(Json& to, const std::string& key, const Json& value) {
  if (value.is_null()) {
    if (!to.contains(key)) to[key] = nullptr;
    return;
  }
  Json& have = to[key];
  if (value.is_string() && have.is_string() && key != "role" && key != "id" && key != "type" &&
      key != "name")
    have.get_ref<std::string&>() += value.get_ref<const std::string&>();
  else if (value.is_array() && have.is_array())
    have.insert(have.end(), value.begin(), value.end());
  else if (value.is_object() && have.is_object())
    for (const auto& [k, v] : value.items()) merge_member(have, k, v);
  else
    have = value;
}

void merge_calls(Json& message, const Json& calls) {
  Json& list = message["tool_calls"];
  if (!list.is_array()) list = Json::array();
  for (const Json& fragment : calls) {
    const auto index = wire::int_at(fragment, "index", static_cast<int64_t>(list.size()));
    constexpr int64_t most_calls = 1024;
    if (index < 0 || index > most_calls) continue;
    while (static_cast<int64_t>(list.size()) <= index) list.push_back(Json::object());
    for (const auto& [k, v] : fragment.items())
      if (k != "index") merge_member(list[static_cast<size_t>(index)], k, v);
  }
}

void merge_choice(Json& choice, const Json& fragment) {
  for (const auto& [key, value] : fragment.items()) {
    if (key == "index") continue;
    if (key != "delta") {
      if (key == "logprobs" && value.is_object() && choice[key].is_object())
        merge_member(choice, key, value);
      else if (!value.is_null() || !choice.contains(key))
        choice[key] = value;
      continue;
    }
    if (!value.is_object()) continue;
    for (const auto& [k, v] : value.items()) {
      if (k == "tool_calls" && v.is_array())
        merge_calls(choice["message"], v);
      else
        merge_member(choice["message"], k, v);
    }
  }
}

}  // namespace

Result<Json> assemble_chat(std::string_view sse) {
  Json out = Json::object(), choices = Json::array();
  for (const Json& chunk : TRY(stream_events(sse))) {
    if (!chunk.is_object()) return stream_cut("chunks");
    for (const auto& [key, value] : chunk.items()) {
      if (key == "choices" || key == "object" || key == "obfuscation") continue;
      if (!value.is_null() || !out.contains(key)) out[key] = value;
    }
    const Json* list = wire::find(chunk, "choices");
    if (!list || !list->is_array()) continue;
    for (const Json& fragment : *list) {
      constexpr int64_t most_choices = 128;
      const int64_t index = wire::int_at(fragment, "index");
      if (!fragment.is_object() || index < 0 || index >= most_choices) continue;
      while (static_cast<int64_t>(choices.size()) <= index)
        choices.push_back({{"index", choices.size()},
                           {"message", {{"role", "assistant"}, {"content", nullptr}}}});
      merge_choice(choices[static_cast<size_t>(index)], fragment);
    }
  }
  if (choices.empty()) return stream_cut("choices");
  for (const Json& choice : choices)
    if (wire::string_at(choice, "finish_reason").empty()) return stream_cut("finish_reason");
  out["object"] = "chat.completion";
  out["choices"] = std::move(choices);
  return out;
}

Result<Json> assemble_responses(std::string_view sse) {
  for (const Json& event : TRY(stream_events(sse))) {
    const auto type = wire::string_at(event, "type");
    if (!is_one_of(type, {"response.completed", "response.incomplete", "response.failed"}))
      continue;
    if (const Json* response = wire::find(event, "response")) return *response;
  }
  return stream_cut("response.completed");
}

}  // namespace twolane::dialect::openai
