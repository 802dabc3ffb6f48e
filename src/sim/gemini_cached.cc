// cachedContents: create, get, list, patch (only the expiry), delete.
#include "sim/ask_parts.h"
#include "sim/gemini.h"
#include "sim/json_text.h"

namespace twolane::sim {

using simdjson::dom::element;
using wire::HttpReply;
using wire::Json;

namespace {

constexpr Duration usual_life = hours(1);
constexpr const char* gone = "CachedContent not found (or permission denied)";

// "600s", with a fraction of at most nine digits.
std::optional<Duration> ttl_of(std::string_view text) {
  if (!text.ends_with('s')) return std::nullopt;
  text.remove_suffix(1);
  const size_t dot = std::min(text.find('.'), text.size());
  int64_t ms = 0;
  for (const char c : text.substr(0, dot)) {
    if (c < '0' || c > '9' || ms > 1'000'000'000'000) return std::nullopt;
    ms = ms * 10 + (c - '0') * 1000;
  }
  int64_t unit = 100;
  for (const char c : text.substr(std::min(dot + 1, text.size()))) {
    if (c < '0' || c > '9') return std::nullopt;
    ms += (c - '0') * unit;
    unit /= 10;
  }
  return dot > 0 ? std::optional(milliseconds(ms)) : std::nullopt;
}

// When a body wants it to expire; nothing where it does not say.
std::optional<Time> expiry_in(const Json& body, Time now) {
  if (const auto ttl = ttl_of(wire::string_at(body, "ttl"))) return now + *ttl;
  const auto at = parse_rfc3339(wire::string_at(body, "expireTime"));
  return at ? std::optional(*at) : std::nullopt;
}

Json content_json(const CachedContent& c) {
  return {{"name", c.name()},
          {"model", "models/" + c.model},
          {"displayName", c.label},
          {"createTime", rfc3339(c.created)},
          {"updateTime", rfc3339(c.updated)},
          {"expireTime", rfc3339(c.expires)},
          {"usageMetadata", {{"totalTokenCount", c.tokens}}}};
}

std::string_view model_name(std::string_view name) {
  if (name.starts_with("models/")) name.remove_prefix(7);
  return name;
}

}  // namespace

Result<HttpReply> Gemini::cached_contents(Call& call, std::string_view rest) {
  CHECKED(core_.batches.bring_up_to(call.now));
  if (rest.empty()) {
    if (call.method == "POST") return create_cached(call);
    return list_cached(call);
  }
  rest.remove_prefix(1);
  CachedContent* c = core_.state.cached_content(call.account, rest);
  if (c == nullptr || !c->is_there(call.now)) return refuse(403, gone);
  if (call.method == "PATCH") return patch_cached(call, *c);
  if (call.method == "DELETE") {
    CHECKED(end_and_bill(core_.state, core_.storage, *c, call.now));
    return json_reply(200, std::string("{}"));
  }
  return json_reply(200, content_json(*c));
}

Result<HttpReply> Gemini::create_cached(Call& call) {
  const std::string text = TRY(call.http.body.text());
  auto body = wire::parse_json(text);
  if (!body || !body->is_object()) return refuse(400, "Invalid JSON payload received.");
  const std::string_view name = model_name(wire::string_at(*body, "model"));
  const Model* model = find_model(Provider::gemini, name);
  if (model == nullptr || model->storage == 0)
    return refuse(404, "models/" + std::string(name) +
                           " is not found for API version v1beta, or is not supported for "
                           "createCachedContent.");
  CachedContent c;
  c.id.clear();
  append_lower_id(c.id, mix(mix(core_.seed, core_.state.effects() + 1), mix(call.draw.base, 5)),
                  40);
  c.account = call.account;
  c.model = model->name;
  c.label = wire::string_at(*body, "displayName");
  if (c.label.size() > 128) return refuse(400, "display_name must be at most 128 characters.");
  c.created = c.updated = call.now;
  c.expires = expiry_in(*body, call.now).value_or(call.now + usual_life);
  if (c.expires <= call.now) return refuse(400, "The expiration time must be in the future.");
  Json kept = Json::object();
  for (const char* part : {"systemInstruction", "contents", "tools", "toolConfig"})
    if (const Json* value = wire::find(*body, part)) kept[part] = *value;
  c.body = wire::dump(kept);
  HttpReply counted = TRY(count_cached(c, *model));
  if (counted.status != 200) return counted;
  const std::string id = c.id;
  CHECKED(core_.state.add(std::move(c)));
  return json_reply(200, content_json(*core_.state.cached_content(call.account, id)));
}

// Sets the tokens; refuses what is too small to be kept, or no prompt.
Result<HttpReply> Gemini::count_cached(CachedContent& c, const Model& model) const {
  Ask ask;
  ask.clear(Endpoint::generate_content);
  ask.model = &model;
  read_cached_prompt(c.prompt(), ask);
  if (ask.refusal) return refuse(ask.refusal->status, ask.refusal->message);
  c.tokens = ask.input_tokens;
  if (c.tokens < model.cache_floor)
    return refuse(400, "Cached content is too small. total_token_count=" +
                           std::to_string(c.tokens) +
                           ", min_total_token_count=" + std::to_string(model.cache_floor));
  return HttpReply{200, {}, {}};
}

Result<HttpReply> Gemini::patch_cached(Call& call, CachedContent& c) {
  const std::string_view mask = call.asked("updateMask");
  if (mask != "ttl" && mask != "expireTime" && mask != "expire_time")
    return refuse(400, "Only ttl and expire_time can be updated.");
  auto body = wire::parse_json(TRY(call.http.body.text()));
  const auto expires = body ? expiry_in(*body, call.now) : std::nullopt;
  if (!expires || *expires <= call.now)
    return refuse(400, "The expiration time must be in the future.");
  CHECKED(core_.state.move_expiry(c, *expires, call.now));
  return json_reply(200, content_json(c));
}

Result<HttpReply> Gemini::list_cached(Call& call) const {
  const int64_t size = asked_number(call, "pageSize", 50, 1000);
  const std::string_view token = call.asked("pageToken");
  Json shown = Json::array();
  std::string next;
  bool begun = token.empty();
  const auto& all = core_.state.cached_contents();
  for (auto at = all.rbegin(); at != all.rend() && next.empty(); ++at) {
    const CachedContent& c = **at;
    if (c.id == token) begun = true;
    if (!begun || c.account != call.account || !c.is_there(call.now) ||
        call.now < c.created + core_.scenario.list_lag)
      continue;
    if (static_cast<int64_t>(shown.size()) == size)
      next = c.id;
    else
      shown.push_back(content_json(c));
  }
  Json out = Json::object();
  if (!shown.empty()) out["cachedContents"] = std::move(shown);
  if (!next.empty()) out["nextPageToken"] = next;
  return json_reply(200, out);
}

}  // namespace twolane::sim
