// One function for each line: from a cell's tokens to its cost there, or the reason why not.
#include "audit/savings.h"

#include <algorithm>

#include "price/prefix_caching.h"
#include "price/price.h"

namespace twolane::audit {
namespace {

struct CellPrice {
  PicoUsd cost, low, high;
};
using Maybe = std::optional<CellPrice>;

std::optional<PicoUsd> charged(const price::Rates& rates, const Usage& usage) {
  const auto charge = price::charge(rates, usage);
  return charge ? std::optional(*charge) : std::nullopt;
}

// At both readings of the row: `ranked` is what is shown, the other widens the range.
Maybe at_row(const price::Row* row, const Usage& expected, const Usage& fewest_hits, const Usage& most_hits) {
  if (row == nullptr) return {};
  const auto cost = charged(row->ranked, expected);
  if (!cost) return {};
  CellPrice out{*cost, *cost, *cost};
  for (const price::Rates* rates : {&row->ranked, &row->other})
    for (const Usage* usage : {&expected, &fewest_hits, &most_hits})
      if (const auto c = charged(*rates, *usage)) out.low = std::min(out.low, *c), out.high = std::max(out.high, *c);
  return out;
}
Maybe at_row(const price::Row* row, const Usage& usage) { return at_row(row, usage, usage, usage); }

const price::Row* row_of(const PriceCell& cell, ServiceTier tier) { return cell.rows[static_cast<size_t>(tier)]; }

// The same tokens with that many read and written; writes by 5-minute or 1-hour marks.
Usage with_cache(const Usage& logged, int64_t read, int64_t written, bool hour) {
  const int64_t input = logged.input();
  Usage u{.output = logged.output, .reasoning = logged.reasoning};
  u.cache_read = std::clamp<int64_t>(read, 0, input);
  (hour ? u.cache_write_1h : u.cache_write_5m) = std::clamp<int64_t>(written, 0, input - u.cache_read);
  u.fresh = input - u.cache_read - u.cache_write_5m - u.cache_write_1h;
  return u;
}

Maybe caching(const PriceCell& cell, std::string& why) {
  const price::Row* row = row_of(cell, cell.tier);
  if (!cell.measured) {
    why = "the log holds neither prompts nor hashes of them: reuse cannot be measured";
    return {};
  }
  const bool marked = price::way_of(*cell.model) == price::CacheWay::marked;
  if (cell.read <= cell.usage.cache_read) return at_row(row, cell.usage);
  return at_row(row, with_cache(cell.usage, cell.read, marked ? cell.written : 0, false));
}

Maybe flex(const PriceCell& cell, std::string& why) {
  const price::Row* row = row_of(cell, ServiceTier::flex);
  if (row == nullptr) why = cell.model->provider + " sells no flex for " + cell.model->name;
  return at_row(row, cell.usage);
}

Maybe batch(const PriceCell& cell, std::string& why) {
  const price::Row* row = row_of(cell, ServiceTier::batch);
  if (row == nullptr) why = cell.model->provider + " sells no batch for " + cell.model->name;
  return at_row(row, with_cache(cell.usage, 0, 0, false));
}

Maybe batch_cached(const PriceCell& cell, std::string& why) {
  const price::Row* row = row_of(cell, ServiceTier::batch);
  if (row == nullptr) return batch(cell, why);
  const price::CacheWay way = price::way_of(*cell.model);
  if (cell.read == 0 || way == price::CacheWay::none || way == price::CacheWay::explicit_ ||
      !row->ranked.knows(price::Kind::cache_read)) {
    if (cell.read > 0) why = "what a batch caches here is not promised, so no hits are counted";
    return batch(cell, why);
  }
  const bool marked = way == price::CacheWay::marked;
  const price::HitRate hits = price::hit_rate(way, ServiceTier::batch);
  const auto usage = [&](int64_t thousandths) {
    const int64_t read = cell.read * thousandths / 1000;
    return with_cache(cell.usage, read, marked ? cell.written + (cell.read - read) : 0, true);
  };
  why = "cache hits in a batch are best effort: 65 % of the measured ones, 30 to 98 % in the range";
  return at_row(row, usage(hits.expected), usage(hits.low), usage(hits.high));
}

// The cheapest row of the same tier, band and time at another hour.
Maybe cheaper_hours(const PriceCell& cell, std::string& why) {
  const price::Row* now = row_of(cell, cell.tier);
  const price::Row* best = nullptr;
  for (const price::Row& row : cell.model->rows) {
    const bool meets = row.until.ms == 0 || row.until > now->from;
    const bool begins = now->until.ms == 0 || row.from < now->until;
    if (row.tier != now->tier || row.above != now->above || row.window == now->window || !meets || !begins) continue;
    if (best == nullptr || row.ranked.fresh.n < best->ranked.fresh.n) best = &row;
  }
  if (best == nullptr) {
    why = cell.model->provider + " has one price at all hours";
    return {};
  }
  const Maybe then = at_row(best, cell.usage);
  const auto today = charged(now->ranked, cell.usage);
  return then && today && then->cost < *today ? then : at_row(now, cell.usage);
}

Maybe cheaper_model(const PriceCell& cell, std::string& why) {
  const price::Model* sibling = cheaper_sibling(*cell.model);
  if (sibling == nullptr) {
    why = "the book has no cheaper model of the family of " + cell.model->name;
    return {};
  }
  why = "same tokens at " + sibling->name + "; whether its answers are good enough is not known here";
  const price::Row* now = row_of(cell, cell.tier);
  return at_row(price::book().row(*sibling, cell.tier, now->above > 0 ? now->above + 1 : 0, {}), cell.usage);
}

Maybe on_line(Line line, const PriceCell& cell, std::string& why) {
  switch (line) {
    case Line::caching: return caching(cell, why);
    case Line::flex: return flex(cell, why);
    case Line::batch: return batch(cell, why);
    case Line::batch_cached: return batch_cached(cell, why);
    case Line::cheaper_hours: return cheaper_hours(cell, why);
    case Line::cheaper_model: return cheaper_model(cell, why);
    case Line::as_is: break;
  }
  return at_row(row_of(cell, cell.tier), cell.usage);
}

// Batches stay; flex is at the price of a batch already.
bool may_move(Line line, ServiceTier tier) {
  if (tier == ServiceTier::batch || tier == ServiceTier::scale) return false;
  return tier != ServiceTier::flex || line == Line::caching || line == Line::cheaper_model;
}

Priced price_line(Line line, std::span<const PriceCell> cells, PicoUsd unpriced) {
  Priced out;
  PicoUsd cost = unpriced, low = unpriced, high = unpriced;
  bool any = line == Line::as_is;
  for (const PriceCell& cell : cells) {
    if (!cell.priced) continue;  // its logged cost is in `unpriced`
    const auto now = charged(row_of(cell, cell.tier)->ranked, cell.usage);
    if (!now) continue;
    std::string why;
    const Maybe there = may_move(line, cell.tier) ? on_line(line, cell, why) : std::nullopt;
    if (!why.empty() && out.why.empty()) out.why = why;
    const CellPrice price = line != Line::as_is && there ? *there : CellPrice{*now, *now, *now};
    cost += price.cost, low += price.low, high += price.high;
    if (there) any = true, out.moved += *now;
  }
  if (any) out.cost = cost;
  else if (out.why.empty()) out.why = cells.empty() ? "no call has a price here" : "nothing of it can move there";
  out.low = low, out.high = high;
  return out;
}

// What to replace in a model's name for the next cheaper of its family; the longest match wins.
struct Step {
  std::string_view from, to;
};
constexpr Step steps[] = {
    {"claude-opus-", "claude-sonnet-"}, {"claude-sonnet-", "claude-haiku-"}, {"-pro", "-flash"}, {"-flash", "-flash-lite"},
    {"-large", "-medium"},              {"-medium", "-small"},               {"-mini", "-nano"}, {"-sol", "-terra"}, {"-terra", "-luna"},
};

bool cheaper(const price::Model& than, const price::Model& model) {
  const auto* a = price::book().row(model, ServiceTier::standard, 0, {});
  const auto* b = price::book().row(than, ServiceTier::standard, 0, {});
  return a != nullptr && b != nullptr && a->ranked.fresh.n < b->ranked.fresh.n && a->ranked.output.n < b->ranked.output.n;
}

const price::Model* if_cheaper(const price::Model& model, const std::string& name) {
  const price::Model* other = price::book().find(model.provider, name);
  return other != nullptr && other != &model && cheaper(model, *other) ? other : nullptr;
}

// The dearest of those whose name begins with `stem` and that are cheaper: the newest of a family whose
// versions differ (claude-opus-4-8 -> claude-sonnet-4-6).
const price::Model* newest_with(const price::Model& model, std::string_view stem) {
  const price::Model* best = nullptr;
  for (const price::Model& other : price::book().models())
    if (other.provider == model.provider && other.name.starts_with(stem) && cheaper(model, other) &&
        (best == nullptr || other.name > best->name))
      best = &other;
  return best;
}

}  // namespace

std::string_view name_of(Line line) {
  static constexpr std::string_view names[] = {"as_is", "caching", "flex", "batch", "batch_cached", "cheaper_hours", "cheaper_model"};
  return names[static_cast<size_t>(line)];
}

std::string_view words_of(Line line) {
  static constexpr std::string_view words[] = {"as is",
                                               "prompt caching only",
                                               "flex",
                                               "batch",
                                               "batch, cached by the provider's rule",
                                               "cheaper hours",
                                               "a cheaper model of the family"};
  return words[static_cast<size_t>(line)];
}

const price::Model* cheaper_sibling(const price::Model& model) {
  for (const Step& step : steps) {
    const size_t at = model.name.find(step.from);
    if (at == std::string::npos) continue;
    std::string name = model.name;
    name.replace(at, step.from.size(), step.to);
    if (const auto* same = if_cheaper(model, name)) return same;
    if (at == 0)
      if (const auto* other = newest_with(model, step.to)) return other;
  }
  return if_cheaper(model, model.name + "-mini");
}

Prices price_lines(std::span<const PriceCell> cells, PicoUsd unpriced) {
  Prices out;
  for (int i = 0; i < line_count; ++i) {
    const auto line = static_cast<Line>(i);
    out.of(line) = price_line(line, cells, unpriced);
  }
  return out;
}

}  // namespace twolane::audit
