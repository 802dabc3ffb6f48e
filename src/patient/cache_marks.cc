// Bodies that get a mark are written anew from their tree; members keep their order.
#include "patient/cache_marks.h"

#include <algorithm>
#include <map>

#include "dialect/batch/call.h"
#include "model/model_name.h"
#include "plan/completion_times.h"
#include "price/price.h"
#include "wire/json.h"

namespace twolane::patient {
namespace {

using price::CacheWay;

std::string fact(JobId job) { return "cache." + job.hex(); }

std::string hex_of(uint64_t n) { return Id<struct HeadTag>{n}.hex(); }

bool same_model(std::string_view a, std::string_view b) { return a == b || model_key(a) == model_key(b); }

// The way of a provider whose mark this build knows how to set.
CacheWay way_at(const Target& target, const price::Caching& caching) {
  if (target.provider == "openai") return caching.automatic ? CacheWay::automatic : CacheWay::none;
  if (!caching.on_request) return CacheWay::none;
  if (target.provider == "anthropic") return CacheWay::marked;
  return target.provider == "gemini" ? CacheWay::explicit_ : CacheWay::none;
}

// OpenAI's key costs nothing, so that it is set wherever there is something to be found. A content
// pays if it would in a batch of all these requests that takes as long as most.
bool pays(const Target& target, CacheWay way, int64_t requests, int64_t tokens, Time now,
          const HitsOf& hits) {
  if (requests < 2 || tokens == 0) return false;
  if (way == CacheWay::automatic) return true;
  std::optional<PicoUsd> added;
  if (way == CacheWay::explicit_) {
    const Duration kept = plan::CompletionTimes().quantile(usual_share);
    added = added_by_content(target, requests, tokens, kept, now);
  } else if (const auto rates = price::rates(target, ServiceTier::batch, tokens, {.at = now})) {
    added = price::added_cost(way, *rates, {requests, tokens, {}, {}},
                              hits(target, way, ServiceTier::batch).rate.expected);
  }
  return added && added->n < 0;
}

wire::Json an_hour() { return {{"type", "ephemeral"}, {"ttl", "1h"}}; }

// On the block before the last of the first message.
Result<std::string> marked_block(const std::string& body) {
  wire::Json root = TRY(wire::parse_json(body));
  auto messages = root.find("messages");
  if (messages == root.end() || !messages->is_array() || messages->empty()) return body;
  auto& first = messages->front();
  auto content = first.is_object() ? first.find("content") : first.end();
  if (content == first.end() || !content->is_array() || content->size() < 2) return body;
  wire::Json& block = (*content)[content->size() - 2];
  if (!block.is_object()) return body;
  block["cache_control"] = an_hour();
  return wire::dump(root);
}

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

std::optional<PicoUsd> added_by_content(const Target& target, int64_t requests, int64_t tokens,
                                        Duration kept, Time now) {
  const auto* model = price::book().find(target.provider, target.model);
  const auto rates = price::rates(target, ServiceTier::batch, tokens, {.at = now});
  if (!model || !rates) return std::nullopt;
  const auto fee = price::storage_fee(*model, ServiceTier::standard);  // a content has no tier
  return price::added_cost(CacheWay::explicit_, *rates, {requests, tokens, kept, fee},
                           price::hit_rate(CacheWay::explicit_, ServiceTier::batch).expected);
}

CacheMarks::CacheMarks(std::vector<CacheMark> marks) : marks_(std::move(marks)) {
  for (size_t i = 0; i < marks_.size(); ++i) by_head_.emplace(marks_[i].head, i);
}

const CacheMark* CacheMarks::find(std::string_view model, uint64_t head) const {
  const auto [begin, end] = by_head_.equal_range(head);
  for (auto at = begin; at != end; ++at)
    if (same_model(marks_[at->second].target.model, model)) return &marks_[at->second];
  return nullptr;
}

const CacheMark* CacheMarks::find(std::string_view model, const PromptText& prompt) const {
  const CacheMark* block = prompt.block_bytes > 0 ? find(model, prompt.blocks_hash()) : nullptr;
  return block ? block : find(model, prompt.head_hash());
}

// Those with a mark on a block may share a marked head as well.
int64_t CacheMarks::requests() const {
  std::map<uint64_t, int64_t> heads, blocks;  // of several models the same requests
  for (const CacheMark& m : marks_) (m.in_message ? blocks : heads)[m.head] = m.requests;
  const auto sum = [](const auto& counts) {
    int64_t all = 0;
    for (const auto& [head, requests] : counts) all += requests;
    return all;
  };
  return std::max(sum(heads), sum(blocks));
}

int64_t CacheMarks::least_tokens(std::string_view provider, std::string_view model) const {
  int64_t least = 0;
  for (const CacheMark& m : marks_) {
    if (m.target.provider != provider || !same_model(m.target.model, model)) continue;
    const int64_t tokens = std::max<int64_t>(m.tokens, 1);
    least = least == 0 ? tokens : std::min(least, tokens);
  }
  return least;
}

std::string CacheMarks::to_json() const {
  wire::Json out = wire::Json::array();
  for (const CacheMark& m : marks_)
    out.push_back({{"provider", m.target.provider},
                   {"model", m.target.model},
                   {"head", hex_of(m.head)},
                   {"way", name_of(m.way)},
                   {"requests", m.requests},
                   {"tokens", m.tokens},
                   {"in_message", m.in_message}});
  return wire::dump(out);
}

CacheMarks CacheMarks::from_json(std::string_view text) {
  std::vector<CacheMark> marks;
  const auto saved = wire::parse_json(text.empty() ? "[]" : text);
  if (!saved || !saved->is_array()) return {};
  for (const auto& one : *saved) {
    const auto head = Id<struct HeadTag>::from_hex(wire::string_at(one, "head"));
    const CacheWay way = price::cache_way_of(wire::string_at(one, "way"));
    if (!head || way == CacheWay::none) continue;
    const auto* block = wire::find(one, "in_message");
    marks.push_back({{std::string(wire::string_at(one, "provider")),
                           std::string(wire::string_at(one, "model"))},
                          head->n,
                          way,
                          wire::int_at(one, "requests"),
                     wire::int_at(one, "tokens"),
                     block && block->is_boolean() && block->get<bool>()});
  }
  return CacheMarks(std::move(marks));
}

CacheMarks plan_marks(const PromptTally& tally, Time now, const HitsOf& hits) {
  std::vector<CacheMark> marks;
  for (const auto& head : tally.heads()) {
    for (size_t i = 0; i < head.models.size(); ++i) {
      const Target& target = tally.models()[static_cast<size_t>(head.models[i])].target;
      const auto* model = price::book().find(target.provider, target.model);
      if (!model) continue;
      const CacheWay way = way_at(target, model->caching);
      if (head.in_message && way != CacheWay::marked) continue;
      const int64_t tokens = price::cacheable(model->caching, head.tokens[i]);
      if (way != CacheWay::none && pays(target, way, head.requests, tokens, now, hits))
        marks.push_back({target, head.hash, way, head.requests, tokens, head.in_message});
    }
  }
  return CacheMarks(std::move(marks));
}

Result<std::string> with_mark(std::string body, Endpoint endpoint, const CacheMark& mark) {
  if (endpoint == Endpoint::messages && mark.way == CacheWay::marked)
    return mark.in_message ? marked_block(body) : marked_for_an_hour(body);
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
