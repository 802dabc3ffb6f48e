#include "patient/quote_prefix.h"

#include <algorithm>

#include "plan/completion_times.h"
#include "price/price.h"

namespace twolane::patient {

using price::CacheWay;

namespace {

constexpr int64_t whole = 1000;
constexpr size_t tier_index(ServiceTier t) { return static_cast<size_t>(t); }

int index_in(const std::vector<int>& models, int number) {
  const auto found = std::find(models.begin(), models.end(), number);
  return found == models.end() ? -1 : static_cast<int>(found - models.begin());
}

}  // namespace

// Marks and contents hold tools and system prompt only, so that for them the heads count; everything
// else finds what requests begin with wherever it ends.
Status QuotedPrefixes::look(const Target& target, int number, int64_t error) {
  const auto* model = price::book().find(target.provider, target.model);
  const CacheWay way = model ? price::way_of(*model) : CacheWay::none;
  const Asked asked{model, way, number, error};
  for (const auto& prefix : tally_.prefixes()) {
    if (index_in(prefix.models, number) < 0 || prefix.requests < 2) continue;
    const int64_t tokens = TRY(counting_.count_text(target, prefix.text));
    if (way == CacheWay::marked || way == CacheWay::explicit_)
      within_messages(*model, tokens);
    else
      look_at(asked, prefix.requests, tokens);
  }
  if (way == CacheWay::explicit_ || (way == CacheWay::marked && !look_at_heads(asked, true)))
    look_at_heads(asked, false);
  return {};
}

// False where none of them can be cached.
bool QuotedPrefixes::look_at_heads(const Asked& asked, bool in_message) {
  const int64_t before = out_.requests;
  for (const auto& head : tally_.heads())
    if (const int i = index_in(head.models, asked.number);
        i >= 0 && head.requests > 1 && head.in_message == in_message)
      look_at(asked, head.requests, head.tokens[static_cast<size_t>(i)]);
  return out_.requests > before;
}

void QuotedPrefixes::within_messages(const price::Model& model, int64_t tokens) {
  if (tokens <= out_.tokens) return;
  out_.tokens = tokens;
  out_.minimum = model.caching.minimum;
}

void QuotedPrefixes::look_at(const Asked& asked, int64_t requests, int64_t tokens) {
  if (tokens > out_.tokens) {
    out_.tokens = tokens;
    out_.minimum = asked.model ? asked.model->caching.minimum : -1;
  }
  if (!asked.model || asked.model->caching.minimum < 0 || asked.way == CacheWay::none) return;
  const int64_t cacheable = price::cacheable(asked.model->caching, tokens);
  if (cacheable == 0) return;
  out_.requests += requests;
  if (cacheable > out_.cacheable) {
    out_.cacheable = cacheable;
    out_.way = asked.way;
  }
  for (const ServiceTier tier : {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex})
    add_caching(asked, tier, {requests, cacheable, {}, {}});
}

// Low and high figures go with the input's: fewer tokens and many hits, more tokens and few.
void QuotedPrefixes::add_caching(const Asked& asked, ServiceTier tier, price::PrefixUse use) {
  const price::Model& model = *asked.model;
  const Target target{model.provider, model.name};
  const auto rates = price::rates(target, tier, use.tokens, {.at = question_.now});
  if (!rates) return;
  if (asked.way == CacheWay::explicit_) {
    use.kept = tier == ServiceTier::batch ? plan::CompletionTimes().quantile(usual_share) : hours(1);
    use.storage = model.caching.storage[tier_index(tier)];
    if (!use.storage) use.storage = model.caching.storage[tier_index(ServiceTier::standard)];
    out_.break_even_requests = price::break_even_requests(*rates, use);
  }
  if (asked.way == CacheWay::marked) out_.break_even_hits = price::break_even_hits(*rates);
  const KnownHits known = question_.hits(target, asked.way, tier);
  const price::HitRate hits = known.rate;
  if (tier == ServiceTier::batch) {
    out_.batch_hits = hits;
    out_.hits_seen = known.requests;
  }
  const auto added = [&](int64_t hit_thousandths, int64_t token_thousandths) {
    price::PrefixUse scaled = use;
    scaled.tokens = use.tokens * token_thousandths / whole;
    return price::added_cost(asked.way, *rates, scaled, hit_thousandths);
  };
  const auto least = added(hits.high, whole - asked.error), expected = added(hits.expected, whole),
             most = added(hits.low, whole + asked.error);
  if (!least || !expected || !most) return;
  auto& adds = out_.adds[tier_index(tier)];
  if (!adds) adds.emplace();
  adds->low += *least;
  adds->expected += *expected;
  adds->high += *most;
}

bool QuotedPrefixes::caches(ServiceTier tier, bool asked, bool ours) const {
  const auto& adds = out_.adds[tier_index(tier)];
  if (!adds) return false;
  if (out_.way == CacheWay::automatic) return true;
  const bool made =
      out_.way == CacheWay::marked || (out_.way == CacheWay::explicit_ && tier == ServiceTier::batch);
  return asked && adds->expected.n < 0 && (!ours || made);
}

Figures QuotedPrefixes::with_caching(Figures f, ServiceTier tier) const {
  const Figures& adds = *out_.adds[tier_index(tier)];
  return {f.low + adds.low, f.expected + adds.expected, f.high + adds.high};
}

}  // namespace twolane::patient
