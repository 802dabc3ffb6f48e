// Ranking: a rate published for that model and tier, then the provider's own rule, then third
// parties; within one rank the dearer one.
#include "price/claims.h"

#include <algorithm>
#include <tuple>

namespace twolane::price {
namespace {

void set(Rates& r, Kind kind, PicoUsdPerToken rate) {
  PicoUsdPerToken* const into[] = {&r.fresh, &r.cache_read, &r.cache_write_5m, &r.cache_write_1h,
                                   &r.output};
  *into[static_cast<size_t>(kind)] = rate;
  r.unknown = static_cast<uint8_t>(r.unknown & ~(1 << static_cast<int>(kind)));
}

constexpr uint8_t all_kinds = (1 << kind_count) - 1;

bool same_place(const Row& a, const Row& b) {
  return std::tie(a.tier, a.above, a.from, a.until, a.window) ==
         std::tie(b.tier, b.above, b.from, b.until, b.window);
}

bool overlap(const Row& a, const Row& b) {
  return a.tier == b.tier && a.above == b.above && a.window == b.window &&
         (a.until.ms == 0 || b.from < a.until) && (b.until.ms == 0 || a.from < b.until);
}

// Billed as plain input: there is no cached rate, or no fee for writing.
bool plain(const Rates& standard, Kind kind) {
  return kind != Kind::fresh && kind != Kind::output && standard.knows(kind) &&
         standard.of(kind) == standard.fresh;
}

// What one source's factors make of the standard rates. What is plain input there stays plain
// input.
Claim derived(const Rates& standard, ServiceTier tier, const Stacking& stacking, int source) {
  Claim claim{.rates = {.unknown = all_kinds}, .source = source, .derived = true};
  for (const Factor& f : stacking.factors) {
    if (f.tier != tier || f.source != source || f.as_input) continue;
    if (!standard.knows(f.kind) || plain(standard, f.kind)) continue;
    const __int128 rate = static_cast<__int128>(standard.of(f.kind).n) * f.millionths;
    set(claim.rates, f.kind, {static_cast<int64_t>((rate + 999'999) / 1'000'000)});  // up
  }
  if (!claim.rates.knows(Kind::fresh)) return claim;
  for (const Factor& f : stacking.factors)
    if (f.tier == tier && f.source == source && f.as_input)
      set(claim.rates, f.kind, claim.rates.fresh);
  for (int k = 0; k < kind_count; ++k)
    if (plain(standard, static_cast<Kind>(k)))
      set(claim.rates, static_cast<Kind>(k), claim.rates.fresh);
  return claim;
}

std::vector<int> sources_of(const Stacking& stacking, ServiceTier tier) {
  std::vector<int> found;
  for (const Factor& f : stacking.factors)
    if (f.tier == tier && std::ranges::find(found, f.source) == found.end())
      found.push_back(f.source);
  return found;
}

Row& place(std::vector<Row>& rows, const Row& like) {
  for (Row& row : rows)
    if (same_place(row, like)) return row;
  rows.push_back(like);
  rows.back().claims.clear();
  return rows.back();
}

void add_derived(ModelDraft& draft, const Stacking& stacking, std::vector<Row>& rows) {
  std::vector<Row> standard;
  for (const Row& row : rows)
    if (row.tier == ServiceTier::standard) standard.push_back(row);
  for (const ServiceTier tier : draft.by_rule) {
    if (tier == ServiceTier::standard) continue;
    for (const Row& base : standard)
      for (const int source : sources_of(stacking, tier)) {
        const Claim claim = derived(base.ranked, tier, stacking, source);
        if (claim.rates.unknown == all_kinds) continue;
        Row like = base;
        like.tier = tier;
        place(rows, like).claims.push_back(claim);
      }
  }
}

void decide(Row& row, std::span<const Source> sources) {
  row.ranked = row.other = {.unknown = all_kinds};
  row.open = 0;
  for (int k = 0; k < kind_count; ++k) {
    const auto kind = static_cast<Kind>(k);
    std::vector<const Claim*> said;
    for (const Claim& c : row.claims)
      if (c.rates.knows(kind)) said.push_back(&c);
    if (said.empty()) continue;
    std::ranges::stable_sort(said, [&](const Claim* a, const Claim* b) {
      const auto weight = [&](const Claim* c) {
        return std::pair(sources[static_cast<size_t>(c->source)].rank, -c->rates.of(kind).n);
      };
      return weight(a) < weight(b);
    });
    const PicoUsdPerToken used = said.front()->rates.of(kind);
    set(row.ranked, kind, used);
    set(row.other, kind, used);
    for (const Claim* c : said)
      if (!(c->rates.of(kind) == used)) {
        set(row.other, kind, c->rates.of(kind));
        row.open = static_cast<uint8_t>(row.open | 1 << k);
        break;
      }
  }
  // The best claim first, so that claim_of() names it.
  std::ranges::stable_sort(
      row.claims, {}, [&](const Claim& c) { return sources[static_cast<size_t>(c.source)].rank; });
}

}  // namespace

std::optional<int64_t> put_together(ModelDraft& draft, const Stacking* stacking,
                                    std::span<const Source> sources) {
  std::vector<Row>& rows = draft.model.rows;
  for (DraftRow& d : draft.rows) {
    for (const Row& before : rows)
      if (overlap(before, d.row) && !same_place(before, d.row)) return d.line;
    place(rows, d.row).claims.push_back(d.row.claims.front());
  }
  for (Row& row : rows) decide(row, sources);
  if (stacking != nullptr) add_derived(draft, *stacking, rows);
  for (Row& row : rows) decide(row, sources);
  std::ranges::stable_sort(
      rows, {}, [](const Row& r) { return std::tuple(r.tier, r.above, r.from.ms, r.window); });
  for (const Row& a : rows)
    for (const Row& b : rows)
      if (&a != &b && overlap(a, b)) return draft.line;
  return std::nullopt;
}

}  // namespace twolane::price
