// Amounts are differences of exact products; only a share of requests is rounded, and to the dear
// side.
#include "price/prefix_caching.h"

#include <algorithm>

#include "price/price.h"

namespace twolane::price {
namespace {

constexpr int64_t whole = 1000;

bool knows(const Rates& rates, std::initializer_list<Kind> kinds) {
  return std::all_of(kinds.begin(), kinds.end(), [&](Kind k) { return rates.knows(k); });
}

}  // namespace

std::string_view name_of(CacheWay way) {
  switch (way) {
    case CacheWay::none:
      return "none";
    case CacheWay::automatic:
      return "automatic";
    case CacheWay::marked:
      return "marked";
    case CacheWay::explicit_:
      break;
  }
  return "explicit";
}

CacheWay cache_way_of(std::string_view name) {
  for (const CacheWay way : {CacheWay::automatic, CacheWay::marked, CacheWay::explicit_})
    if (name == name_of(way)) return way;
  return CacheWay::none;
}

CacheWay way_of(const Model& model) {
  const bool gemini = model.provider == "gemini" || model.provider == "vertex";
  if (gemini) return model.caching.on_request ? CacheWay::explicit_ : CacheWay::none;
  if (model.caching.automatic) return CacheWay::automatic;
  return model.caching.on_request ? CacheWay::marked : CacheWay::none;
}

HitRate hit_rate(CacheWay way, ServiceTier tier) {
  if (way == CacheWay::none) return {};
  if (way == CacheWay::explicit_) return {whole, whole, whole};
  switch (tier) {
    case ServiceTier::batch:
      return {300, 650, 980};
    case ServiceTier::flex:
      return {385, 735, 985};
    default:
      return {500, 900, 990};
  }
}

std::optional<PicoUsd> added_cost(CacheWay way, const Rates& rates, const PrefixUse& use,
                                  int64_t hit_thousandths) {
  if (way == CacheWay::none) return PicoUsd{};
  if (!knows(rates, {Kind::fresh, Kind::cache_read})) return std::nullopt;
  const int64_t hits = use.requests * hit_thousandths / whole;
  const PicoUsd per_hit = rates.cache_read * use.tokens - rates.fresh * use.tokens;
  PicoUsd added{per_hit.n * hits};
  if (way == CacheWay::marked) {
    if (!rates.knows(Kind::cache_write_1h)) return std::nullopt;
    const PicoUsd per_miss = rates.cache_write_1h * use.tokens - rates.fresh * use.tokens;
    added.n += per_miss.n * (use.requests - hits);
  }
  if (way == CacheWay::explicit_) {
    if (!use.storage) return std::nullopt;
    added += rates.fresh * use.tokens + storage_charge(*use.storage, use.tokens, use.kept);
  }
  return added;
}

std::optional<int64_t> break_even_hits(const Rates& rates) {
  if (!knows(rates, {Kind::fresh, Kind::cache_read, Kind::cache_write_1h})) return std::nullopt;
  const int64_t dearer = rates.cache_write_1h.n - rates.fresh.n;
  const int64_t between = rates.cache_write_1h.n - rates.cache_read.n;
  if (dearer <= 0) return 0;
  if (between <= dearer) return std::nullopt;  // reading is no cheaper than plain input
  return (dearer * whole + between - 1) / between;
}

std::optional<int64_t> break_even_requests(const Rates& rates, const PrefixUse& use) {
  if (!knows(rates, {Kind::fresh, Kind::cache_read}) || !use.storage || use.tokens <= 0)
    return std::nullopt;
  const PicoUsd once = rates.fresh * use.tokens + storage_charge(*use.storage, use.tokens, use.kept);
  const PicoUsd each = rates.fresh * use.tokens - rates.cache_read * use.tokens;
  if (each.n <= 0) return std::nullopt;
  return static_cast<int64_t>((once.n + each.n - 1) / each.n);
}

}  // namespace twolane::price
