// Bodies that get a mark are written anew from their tree; members keep their order.
#include "patient/cache_marks.h"

#include <algorithm>

#include "dialect/batch/call.h"
#include "model/model_name.h"
#include "price/price.h"
#include "wire/json.h"

namespace twolane::patient {
namespace {

using price::CacheWay;

std::string fact(JobId job) { return "cache." + job.hex(); }

std::string hex_of(uint64_t n) { return Id<struct HeadTag>{n}.hex(); }

// The way of a provider whose mark this build knows how to set.
CacheWay way_at(const Target& target, const price::Caching& caching) {
  if (target.provider == "openai") return caching.automatic ? CacheWay::automatic : CacheWay::none;
  if (target.provider == "anthropic") return caching.on_request ? CacheWay::marked : CacheWay::none;
  return CacheWay::none;
}

// OpenAI's key costs nothing, so that it is set wherever there is something to be found.
bool pays(const Target& target, CacheWay way, const price::Model& model, int64_t requests,
          int64_t head_tokens, Time now) {
  if (requests < 2) return false;
  const int64_t tokens = price::cacheable(model.caching, head_tokens);
  if (tokens == 0) return false;
  if (way == CacheWay::automatic) return true;
  price::Conditions conditions;
  conditions.at = now;
  const auto rates = price::rates(target, ServiceTier::batch, tokens, conditions);
  if (!rates) return false;
  const auto added = price::added_cost(way, *rates, {requests, tokens, {}, {}},
                                       price::hit_rate(way, ServiceTier::batch).expected);
  return added && added->n < 0;
}

wire::Json an_hour() { return {{"type", "ephemeral"}, {"ttl", "1h"}}; }

Result<std::string> marked_for_an_hour(const std::string& body) {
  wire::Json root = TRY(wire::parse_json(body));
  if (auto system = root.find("system"); system != root.end() && !system->is_null()) {
    if (system->is_string())
      *system = wire::Json::array({{{"type", "text"}, {"text", system->get<std::string>()}}});
    if (!system->is_array() || system->empty() || !system->back().is_object()) return body;
    system->back()["cache_control"] = an_hour();
    return wire::dump(root);
  }
  auto tools = root.find("tools");
  if (tools == root.end() || !tools->is_array() || tools->empty() || !tools->back().is_object())
    return body;
  tools->back()["cache_control"] = an_hour();
  return wire::dump(root);
}

}  // namespace

const CacheMark* CacheMarks::find(std::string_view model, uint64_t head) const {
  const auto found = std::find_if(marks_.begin(), marks_.end(), [&](const CacheMark& m) {
    return m.head == head &&
           (m.target.model == model || model_key(m.target.model) == model_key(model));
  });
  return found == marks_.end() ? nullptr : &*found;
}

std::string CacheMarks::to_json() const {
  wire::Json out = wire::Json::array();
  for (const CacheMark& m : marks_)
    out.push_back({{"provider", m.target.provider},
                   {"model", m.target.model},
                   {"head", hex_of(m.head)},
                   {"marked", m.way == CacheWay::marked},
                   {"requests", m.requests}});
  return wire::dump(out);
}

CacheMarks CacheMarks::from_json(std::string_view text) {
  CacheMarks out;
  const auto saved = wire::parse_json(text.empty() ? "[]" : text);
  if (!saved || !saved->is_array()) return out;
  for (const auto& one : *saved) {
    const auto head = Id<struct HeadTag>::from_hex(wire::string_at(one, "head"));
    if (!head) continue;
    const auto* marked = wire::find(one, "marked");
    const bool hour = marked && marked->is_boolean() && marked->get<bool>();
    out.marks_.push_back({{std::string(wire::string_at(one, "provider")),
                           std::string(wire::string_at(one, "model"))},
                          head->n,
                          hour ? CacheWay::marked : CacheWay::automatic,
                          wire::int_at(one, "requests")});
  }
  return out;
}

CacheMarks plan_marks(const PromptTally& tally, Time now) {
  std::vector<CacheMark> marks;
  for (const auto& head : tally.heads()) {
    for (size_t i = 0; i < head.models.size(); ++i) {
      const Target& target = tally.models()[static_cast<size_t>(head.models[i])].target;
      const auto* model = price::book().find(target.provider, target.model);
      if (!model) continue;
      const CacheWay way = way_at(target, model->caching);
      if (way != CacheWay::none && pays(target, way, *model, head.requests, head.tokens[i], now))
        marks.push_back({target, head.hash, way, head.requests});
    }
  }
  return CacheMarks(std::move(marks));
}

Result<std::string> with_mark(std::string body, Endpoint endpoint, const CacheMark& mark) {
  if (endpoint == Endpoint::messages && mark.way == CacheWay::marked)
    return marked_for_an_hour(body);
  const bool openai = endpoint == Endpoint::chat_completions || endpoint == Endpoint::responses;
  if (!openai || mark.way != CacheWay::automatic) return body;
  if (body.find("\"prompt_cache_key\"") != body.npos) return body;
  return dialect::batch::with_member(body, "prompt_cache_key", "prompt_cache_key",
                                     "twolane-" + hex_of(mark.head), false);
}

Status remember_marks(store::Store& store, JobId job, const CacheMarks& marks) {
  const std::string before = TRY(store.recall(fact(job)));
  const std::string now = marks.any() ? marks.to_json() : std::string();
  return before == now ? Status() : store.remember(fact(job), now);
}

Result<CacheMarks> recall_marks(store::Store& store, JobId job) {
  return CacheMarks::from_json(TRY(store.recall(fact(job))));
}

}  // namespace twolane::patient
