// Terms of a price.
#include "price/explain.h"

#include <utility>

namespace twolane::price {
namespace {

int64_t tokens_of(const Usage& u, Kind kind) {
  const int64_t counts[kind_count] = {u.fresh, u.cache_read, u.cache_write_5m, u.cache_write_1h,
                                      u.output};
  return counts[static_cast<size_t>(kind)];
}

int64_t prompt_of(const Quantity& q, const Conditions& c) {
  return c.prompt_tokens >= 0 ? c.prompt_tokens : q.usage.input();
}

void add_terms(Explanation& e, const Rates& rates, const Usage& usage) {
  for (int k = 0; k < kind_count; ++k) {
    const auto kind = static_cast<Kind>(k);
    const int64_t tokens = tokens_of(usage, kind);
    if (tokens == 0) continue;
    const PicoUsdPerToken rate = rates.of(kind);
    const Claim* claim = e.row->claim_of(kind, rate);
    e.terms.push_back({std::string(name_of(kind)), tokens, rate, rate * tokens,
                       claim ? claim->source : -1, claim != nullptr && claim->derived});
  }
}

void add_storage(Explanation& e, PicoUsd amount, int64_t token_hours) {
  if (token_hours == 0) return;
  const auto fee = storage_fee(*e.model, e.tier);
  e.terms.push_back({"storage", token_hours, fee.value_or(PicoUsdPerToken{}), amount,
                     e.model->caching.storage_source, false});
}

std::string percent(Share s) {
  std::string text =
      exact_usd(PicoUsd{static_cast<__int128>(s.millionths) * 100'000'000});  // as USD: 15.00
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + " %";
}

Status add_adjustments(Explanation& e, const Conditions& c) {
  const bool stacked = e.model->stacking >= 0;
  static const std::vector<Step> plain = {Step::residency, Step::discount, Step::bonus};
  const auto& order =
      stacked ? book().stackings()[static_cast<size_t>(e.model->stacking)].order : plain;
  Conditions so_far{.at = c.at, .reading = c.reading};
  for (const Step step : order) {
    std::string text;
    if (step == Step::residency && !c.residency.empty()) {
      so_far.residency = c.residency;
      text = "data residency " + std::string(c.residency);
    } else if (step == Step::discount && c.discount.millionths > 0) {
      so_far.discount = c.discount;
      text = "account discount " + percent(c.discount);
    } else if (step == Step::bonus && c.bonus.millionths > 0) {
      so_far.bonus = c.bonus;
      text = "prepaid bonus " + percent(c.bonus);
    } else {
      continue;
    }
    const PicoUsd then = TRY(adjusted(*e.model, e.tokens, so_far));
    e.adjustments.push_back({step, std::move(text), then});
  }
  return {};
}

Status add_open(Explanation& e, const Quantity& q, const Conditions& c, PicoUsd storage) {
  const Book& all = book();
  for (int k = 0; k < kind_count; ++k) {
    if (((e.row->open >> k) & 1) == 0) continue;
    const auto kind = static_cast<Kind>(k);
    const PicoUsdPerToken ranked = e.row->ranked.of(kind), other = e.row->other.of(kind);
    const bool swapped = c.reading == Reading::other;
    const PicoUsdPerToken used = swapped ? other : ranked, unused = swapped ? ranked : other;
    const Claim* a = e.row->claim_of(kind, used);
    const Claim* b = e.row->claim_of(kind, unused);
    if (a == nullptr || b == nullptr) continue;
    const PicoUsd tokens{e.tokens.n - storage.n + (unused * tokens_of(q.usage, kind)).n -
                         (used * tokens_of(q.usage, kind)).n};
    OpenReading r{kind,      used,      unused,
                  a->source, b->source, all.source(a->source).rank != all.source(b->source).rank,
                  {}};
    r.cost_if_other = TRY(adjusted(*e.model, tokens + storage, c));
    e.open.push_back(std::move(r));
  }
  return {};
}

}  // namespace

Result<Explanation> explain(const Target& target, ServiceTier tier, const Quantity& quantity,
                            const Conditions& conditions) {
  Conditions plain = conditions;
  plain.residency = {}, plain.discount = {}, plain.bonus = {};
  const PicoUsd tokens =
      TRY(charge(target, tier, quantity.usage, plain));  // also refuses what is unknown
  Explanation e;
  e.tier = tier;
  e.model = book().find(target.provider, target.model);
  e.row = book().row(*e.model, tier, prompt_of(quantity, conditions), conditions.at);
  const PicoUsd storage = TRY(storage_charge(*e.model, tier, quantity.storage_token_hours));
  add_terms(e, conditions.reading == Reading::ranked ? e.row->ranked : e.row->other,
            quantity.usage);
  add_storage(e, storage, quantity.storage_token_hours);
  e.tokens = tokens + storage;
  CHECKED(add_adjustments(e, conditions));
  e.cost = e.adjustments.empty() ? e.tokens : e.adjustments.back().after;
  if (auto list = charge(target, ServiceTier::standard, quantity.usage, plain))
    e.list = *list + storage;
  CHECKED(add_open(e, quantity, conditions, storage));
  return e;
}

}  // namespace twolane::price
