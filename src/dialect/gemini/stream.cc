// A recorded stream of streamGenerateContent as the answer it adds up to.
#include "dialect/gemini/gemini.h"
#include "dialect/translate_answers.h"

namespace twolane::dialect::gemini {
namespace {

// Neighbouring texts of one kind are one part; a signature ends its part.
void append_part(Json& parts, const Json& part) {
  const auto same_kind = [](const Json& a, const Json& b) {
    const Json* x = wire::find(a, "thought");
    const Json* y = wire::find(b, "thought");
    return (x && *x == true) == (y && *y == true);
  };
  if (!parts.empty()) {
    Json& last = parts.back();
    const bool joins = wire::find(last, "text") && wire::find(part, "text") &&
                       same_kind(last, part) && !wire::find(last, "thoughtSignature");
    if (joins) {
      std::string text(wire::string_at(last, "text"));
      text += wire::string_at(part, "text");
      last.update(part);
      last["text"] = std::move(text);
      return;
    }
  }
  parts.push_back(part);
}

void merge_candidate(Json& to, const Json& fragment) {
  for (const auto& [key, value] : fragment.items()) {
    if (key != "content") {
      to[key] = value;
      continue;
    }
    Json& content = to["content"];
    if (!content.is_object()) content = Json::object();
    for (const auto& [k, v] : value.items()) {
      if (k != "parts" || !v.is_array()) {
        content[k] = v;
        continue;
      }
      Json& parts = content["parts"];
      if (!parts.is_array()) parts = Json::array();
      for (const Json& part : v) append_part(parts, part);
    }
  }
}

}  // namespace

Result<Json> assemble(std::string_view sse) {
  Json out = Json::object(), candidates = Json::array();
  for (const Json& chunk : TRY(stream_events(sse))) {
    if (!chunk.is_object()) return stream_cut("chunks");
    for (const auto& [key, value] : chunk.items())
      if (key != "candidates") out[key] = value;
    const Json* list = wire::find(chunk, "candidates");
    if (!list || !list->is_array()) continue;
    for (const Json& fragment : *list) {
      constexpr int64_t most_candidates = 128;
      const int64_t index = wire::int_at(fragment, "index");
      if (!fragment.is_object() || index < 0 || index >= most_candidates) continue;
      while (static_cast<int64_t>(candidates.size()) <= index) candidates.push_back(Json::object());
      merge_candidate(candidates[static_cast<size_t>(index)], fragment);
    }
  }
  const bool blocked = wire::find(out, "promptFeedback") != nullptr;
  if (candidates.empty() && !blocked) return stream_cut("candidates");
  for (const Json& c : candidates)
    if (wire::string_at(c, "finishReason").empty() && !blocked) return stream_cut("finishReason");
  if (!candidates.empty()) out["candidates"] = std::move(candidates);
  return out;
}

}  // namespace twolane::dialect::gemini
