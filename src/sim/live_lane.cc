// A token bucket for each account, and one reused line for the request in hand.

#include "sim/live_lane.h"

#include <algorithm>
#include <cmath>

namespace twolane::sim {
namespace {

std::string place(Provider provider, std::string_view account) {
  return std::string(name_of(provider)) + '/' + std::string(account);
}

Duration span(double seconds) {
  return milliseconds(static_cast<int64_t>(std::ceil(seconds * 1000)));
}

}  // namespace

LiveLane::Turn LiveLane::take(Provider provider, std::string_view account, Time now) {
  Turn turn;
  const double limit = scenario_.live_per_minute;
  if (limit <= 0) return turn;
  auto [at, fresh] = buckets_.try_emplace(place(provider, account));
  Bucket& b = at->second;
  const double per_second = limit / 60;
  const double most = std::max(1.0, limit / 6);  // ten seconds' worth may come at once
  if (fresh)
    b.left = most;
  else
    b.left = std::min(most, b.left + (now - b.at).seconds() * per_second);
  b.at = now;
  turn.granted = b.left >= 1;
  if (turn.granted)
    b.left -= 1;
  else
    turn.retry_after = span((1 - b.left) / per_second);
  turn.limit = static_cast<int64_t>(limit);
  turn.remaining = static_cast<int64_t>(b.left / most * limit);
  turn.reset = span((most - b.left) / per_second);
  return turn;
}

void LiveLane::read(Endpoint endpoint, std::string_view body, const Model* model, Draw draw,
                    const CacheReader& reader) {
  line_.ask.clear(endpoint);
  line_.ask.model = model;
  line_.draw = draw;
  line_.key = {};
  line_.response_id.clear();
  text_ = simdjson::padded_string(body);
  if (parser_.parse(text_).get(line_.json)) {
    line_.ask.refuse(
        400, dialect_of(endpoint) == Dialect::gemini ? "INVALID_ARGUMENT" : "invalid_request_error",
        "We could not parse the JSON body of your request.");
    return;
  }
  find_cached(reader, line_.json, line_.ask);
  read_ask(endpoint, line_.json, line_.ask);
  const Model* served = line_.ask.model;
  tier_ = line_.ask.tier;
  if (!served) return;
  // Priority is not sold for long prompts.
  const bool in_band = served->band == 0 || line_.ask.input_tokens <= served->band;
  if ((tier_ == ServiceTier::flex && !served->flex) ||
      (tier_ == ServiceTier::priority && !(served->priority && in_band)))
    tier_ = ServiceTier::standard;
}

bool LiveLane::shed() const {
  return tier_ == ServiceTier::flex && line_.draw.hits(scenario_.flex_refused, Chance::flex);
}

void LiveLane::answer(Provider provider, std::string_view account) {
  answerer_.answer(line_.ask, tier_, caches_[place(provider, account)], scenario_.cache_hits,
                   line_.draw, line_.said);
}

Status LiveLane::charge(Provider provider, std::string_view account, Time now) {
  const std::string at = rfc3339(now);
  std::string ledger;
  append_charge(ledger, {provider, account, line_.response_id, "", "", at, line_.ask.model, tier_,
                         line_.said.usage, now, scenario_.billing});
  CHECKED(storage_.charge(ledger));
  return state_.charged();
}

}  // namespace twolane::sim
