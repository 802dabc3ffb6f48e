// Sums of buckets, and a chain of bills from one period to the other.
#include "audit/invoices.h"

#include <algorithm>
#include <set>

#include "price/price.h"

namespace twolane::audit {
namespace {

constexpr int64_t day_ms = days(1).ms;

// amount * num / den, rounded down. Token counts of a day stay below 10^15, so nothing overflows.
PicoUsd scaled(PicoUsd amount, int64_t num, int64_t den) {
  if (den <= 0) return {};
  const __int128 whole = amount.n / den, rest = amount.n % den;
  return {whole * num + rest * num / den};
}

PicoUsd cost_of(const InvoiceLine& line, bool billed) { return billed ? line.billed.value_or(PicoUsd{}) : line.list; }

PerDay per_day(const InvoiceLine& line, bool billed, Duration span) {
  return {static_cast<int64_t>(static_cast<__int128>(line.tokens()) * day_ms / span.ms), scaled(cost_of(line, billed), day_ms, span.ms)};
}

bool all_billed(const Invoices& i) {
  return i.has_costs && std::ranges::all_of(i.lines, [](const auto& l) { return l.second.billed.has_value() || l.second.tokens() == 0; });
}

// A model's rows together, and the bills in between.
struct OfModel {
  PerDay before, after;
  PicoUsd new_tiers;  // at the tiers of after and the prices of before, for the tokens of after
};

std::map<std::string, OfModel> by_model(const std::vector<InvoiceRow>& rows) {
  std::map<std::string, OfModel> models;
  for (const InvoiceRow& r : rows) {
    OfModel& m = models[r.model];
    m.before.tokens += r.before_day.tokens, m.before.cost += r.before_day.cost;
    m.after.tokens += r.after_day.tokens, m.after.cost += r.after_day.cost;
    // A tier that was not used before has no other price than today's.
    m.new_tiers += r.before_day.tokens > 0 ? scaled(r.before_day.cost, r.after_day.tokens, r.before_day.tokens) : r.after_day.cost;
  }
  return models;
}

void explain(Comparison& c) {
  PicoUsd rows_before{}, rows_after{}, at_new_models{}, at_new_tiers{};
  for (const auto& [name, m] : by_model(c.rows)) {
    rows_before += m.before.cost, rows_after += m.after.cost;
    at_new_models += m.before.tokens > 0 ? scaled(m.before.cost, m.after.tokens, m.before.tokens) : m.after.cost;
    at_new_tiers += m.before.tokens > 0 ? m.new_tiers : m.after.cost;
  }
  const PicoUsd at_new_volume = scaled(rows_before, c.after.tokens, c.before.tokens);
  c.volume = at_new_volume - rows_before;
  c.models = at_new_models - at_new_volume;
  c.tiers = at_new_tiers - at_new_models;
  c.price = rows_after - at_new_tiers;
  if (!c.total_billed) c.before.cost = rows_before, c.after.cost = rows_after;
  c.other = (c.after.cost - rows_after) - (c.before.cost - rows_before);
}

Status check(const Invoices& i, std::string_view which) {
  Error e;
  e.code = "audit.invoices";
  e.where.field = "--" + std::string(which);
  e.message = "the exports of --" + std::string(which) + " cannot be compared";
  e.next = {"give usage exports of both periods, and cost exports beside them where you have them"};
  if (!i.has_usage) e.why = "they hold no tokens";
  else if (i.span().ms <= 0) e.why = "they cover no time";
  else return {};
  return fail(std::move(e));
}

}  // namespace

void Invoices::see(Time begin, Time end) {
  if (!from || begin < *from) from = begin;
  if (!until || *until < end) until = end;
}

void Invoices::tokens(std::string_view provider, std::string_view model, ServiceTier tier, const Usage& usage, int64_t requests,
                      bool long_context, Time at) {
  InvoiceLine& line = lines[{std::string(model.empty() ? std::string_view("all models") : model), tier}];
  has_usage = true;
  line.requests += requests;
  const int64_t count = usage.input() + usage.output;
  line.usage.fresh += usage.fresh, line.usage.cache_read += usage.cache_read, line.usage.output += usage.output;
  line.usage.cache_write_5m += usage.cache_write_5m, line.usage.cache_write_1h += usage.cache_write_1h, line.usage.reasoning += usage.reasoning;
  const price::Model* known = models_.find(provider, model);
  const auto* row = known ? price::book().row(*known, tier, long_context ? 200'001 : 0, at) : nullptr;
  const auto charge = row != nullptr ? price::charge(row->ranked, usage) : Result<PicoUsd>(fail("price.unknown", "no price"));
  if (charge) line.list += *charge;
  else line.without_price += count;
}

void Invoices::call(const Call& c) {
  if (!c.usage || !c.start) return;
  see(*c.start, *c.start);
  tokens(c.provider, c.model, c.tier.value_or(ServiceTier::standard), *c.usage, 1, c.usage->input() > 200'000, *c.start);
}

void Invoices::bucket(const Bucket& b) {
  see(b.start, b.start + b.width);
  const ServiceTier tier = b.tier.value_or(ServiceTier::standard);
  if (b.cost) {
    has_costs = true;
    billed += *b.cost;
    if (b.model.empty()) {
      items[b.line_item.empty() ? "(no name)" : std::string(b.line_item)] += *b.cost;
    } else {
      auto& line = lines[{std::string(b.model), tier}];
      line.billed = line.billed.value_or(PicoUsd{}) + *b.cost;
    }
  }
  if (b.usage) tokens({}, b.model, tier, *b.usage, b.requests.value_or(0), b.long_context, b.start);
}

Result<Comparison> compare_invoices(const Invoices& before, const Invoices& after) {
  CHECKED(check(before, "before"));
  CHECKED(check(after, "after"));
  Comparison c;
  c.before_from = *before.from, c.before_until = *before.until, c.after_from = *after.from, c.after_until = *after.until;
  c.total_billed = before.has_costs && after.has_costs;
  c.rows_billed = all_billed(before) && all_billed(after);
  std::set<InvoiceKey> keys;
  for (const auto* period : {&before, &after})
    for (const auto& [key, line] : period->lines) keys.insert(key);
  for (const InvoiceKey& key : keys) {
    InvoiceRow row;
    row.model = key.first, row.tier = key.second;
    if (const auto it = before.lines.find(key); it != before.lines.end()) row.before = it->second;
    if (const auto it = after.lines.find(key); it != after.lines.end()) row.after = it->second;
    row.before_day = per_day(row.before, c.rows_billed, before.span());
    row.after_day = per_day(row.after, c.rows_billed, after.span());
    c.before.tokens += row.before_day.tokens, c.after.tokens += row.after_day.tokens;
    c.without_price += row.before.without_price + row.after.without_price;
    c.rows.push_back(std::move(row));
  }
  if (c.total_billed) {
    c.before.cost = scaled(before.billed, day_ms, before.span().ms);
    c.after.cost = scaled(after.billed, day_ms, after.span().ms);
  }
  std::ranges::stable_sort(c.rows, std::ranges::greater{}, [](const InvoiceRow& r) { return r.before_day.cost + r.after_day.cost; });
  explain(c);
  return c;
}

}  // namespace twolane::audit
