// Models of the catalogue in the words of three doors.
#include "gateway/listing.h"

#include "dialect/catalogue.h"
#include "model/model_name.h"
#include "wire/json.h"

namespace twolane::gateway {
namespace {

using wire::Json;

constexpr int64_t made = 1'735'689'600;  // no provider's dates are known here: the first of 2025

Json openai_model(const dialect::ModelEntry& m) {
  return {{"id", m.name}, {"object", "model"}, {"created", made}, {"owned_by", m.provider}};
}

Json anthropic_model(const dialect::ModelEntry& m) {
  return {{"type", "model"},
          {"id", m.name},
          {"display_name", m.name},
          {"created_at", "2025-01-01T00:00:00Z"},
          {"max_tokens", m.output_limit}};
}

Json gemini_model(const dialect::ModelEntry& m) {
  const bool chat = m.operation == Operation::chat;
  return {{"name", "models/" + std::string(m.name)},
          {"displayName", m.name},
          {"outputTokenLimit", std::max<int64_t>(1, m.output_limit)},
          {"supportedGenerationMethods",
           chat ? Json{"generateContent", "countTokens", "batchGenerateContent"}
                : Json{"embedContent", "batchEmbedContents", "asyncBatchEmbedContent"}}};
}

Json shown(Dialect door, const dialect::ModelEntry& m) {
  switch (door) {
    case Dialect::anthropic: return anthropic_model(m);
    case Dialect::gemini: return gemini_model(m);
    case Dialect::openai: break;
  }
  return openai_model(m);
}

int64_t number(std::string_view text, int64_t otherwise, int64_t most) {
  int64_t n = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return std::clamp<int64_t>(n, 1, most);
}

// Anthropic's page: after_id, before_id, limit.
Json anthropic_page(Json all, std::string_view query) {
  const auto limit = static_cast<size_t>(number(asked(query, "limit"), 20, 1000));
  const std::string after = wire::percent_decoded(asked(query, "after_id"));
  const std::string before = wire::percent_decoded(asked(query, "before_id"));
  Json page = Json::array();
  bool begun = after.empty(), more = false;
  for (Json& model : all) {
    if (!before.empty() && model["id"] == before) break;
    const bool is_after = model["id"] == after;
    if (begun && page.size() == limit) more = true;
    else if (begun) page.push_back(std::move(model));
    if (is_after) begun = true;
  }
  const Json first = page.empty() ? Json(nullptr) : page.front()["id"];
  const Json last = page.empty() ? Json(nullptr) : page.back()["id"];
  return {{"data", std::move(page)}, {"has_more", more}, {"first_id", first}, {"last_id", last}};
}

Json gemini_page(Json all, std::string_view query) {
  const auto size = static_cast<size_t>(number(asked(query, "pageSize"), 50, 1000));
  size_t from = 0;
  const std::string_view token = asked(query, "pageToken");
  std::from_chars(token.data(), token.data() + token.size(), from);
  Json page = Json::array();
  for (size_t i = from; i < all.size() && page.size() < size; ++i) page.push_back(std::move(all[i]));
  Json out = {{"models", std::move(page)}};
  if (from + size < all.size()) out["nextPageToken"] = std::to_string(from + size);
  return out;
}

}  // namespace

std::optional<std::string> model_listing(const Door& door, const Router& router,
                                         const std::vector<std::string_view>& routes) {
  const auto route = [](std::string_view name) {
    return dialect::ModelEntry{.provider = "twolane", .name = name, .operation = Operation::chat};
  };
  if (door.want == Want::model) {
    const std::string id = wire::percent_decoded(door.id);
    if (std::ranges::find(routes, id) != routes.end()) return wire::dump(shown(door.dialect, route(id)));
    const auto* model = dialect::find_model(id);
    if (!model || !router.provider(model->provider)) return std::nullopt;
    return wire::dump(shown(door.dialect, *model));
  }
  Json all = Json::array();
  for (const std::string_view name : routes) all.push_back(shown(door.dialect, route(name)));
  for (const auto& model : dialect::models())
    if (router.provider(model.provider)) all.push_back(shown(door.dialect, model));
  if (door.dialect == Dialect::anthropic) return wire::dump(anthropic_page(std::move(all), door.query));
  if (door.dialect == Dialect::gemini) return wire::dump(gemini_page(std::move(all), door.query));
  return wire::dump(Json{{"object", "list"}, {"data", std::move(all)}});
}

}  // namespace twolane::gateway
