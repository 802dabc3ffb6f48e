// Looking up rates and multiplying; the rates are in rate_table.cc.
#include "price/price.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "model/model_name.h"

namespace twolane::price {
namespace {

std::string name_key(std::string_view provider, std::string_view model) {
  return std::string(provider) + '/' + model_key(model);
}

using Index = std::map<std::string, std::span<const Row>, std::less<>>;

Index make_index() {
  Index index;
  std::span<const Row> all = rows();
  for (size_t begin = 0; begin < all.size();) {
    size_t end = begin;
    while (end < all.size() && all[end].provider == all[begin].provider &&
           all[end].model == all[begin].model)
      ++end;
    index.emplace(name_key(all[begin].provider, all[begin].model), all.subspan(begin, end - begin));
    begin = end;
  }
  return index;
}

// All rows of a model; of its family where the table does not have the snapshot.
std::span<const Row> rows_of(const Target& target) {
  static const Index index = make_index();
  std::string key = name_key(target.provider, target.model);
  auto found = index.find(key);
  if (found == index.end()) {
    key.resize(key.size() - snapshot_suffix(key));
    found = index.find(key);
  }
  return found == index.end() ? std::span<const Row>{} : found->second;
}

std::unexpected<Error> unknown_price(const Target& target, ServiceTier tier) {
  Error e;
  e.code = "money.unknown_price";
  e.message = "the price of " + target.provider + '/' + target.model + " on tier " +
              std::string(name_of(tier)) + " is unknown";
  e.why = "unknown is not zero";
  e.where.provider = target.provider;
  return fail(std::move(e));
}

PicoUsdPerToken dearest_input(const Rates& r) {
  return {std::max({r.fresh.n, r.cache_read.n, r.cache_write_5m.n, r.cache_write_1h.n})};
}

}  // namespace

Result<Rates> rates(const Target& target, ServiceTier tier, int64_t input_tokens) {
  const Row* best = nullptr;
  bool banded = false;  // on any tier
  for (const Row& row : rows_of(target)) {
    if (row.above > 0 && input_tokens > row.above) banded = true;
    if (row.tier == tier && (row.above == 0 || input_tokens > row.above)) best = &row;
  }
  // A tier that prints no rate for long prompts does not sell them at its rate for short ones.
  if (!best || (banded && best->above == 0)) return unknown_price(target, tier);
  return best->rates;
}

Result<PicoUsd> charge(const Target& target, ServiceTier tier, const Usage& usage) {
  Rates r = TRY(rates(target, tier, usage.input()));
  return r.fresh * usage.fresh + r.cache_read * usage.cache_read +
         r.cache_write_5m * usage.cache_write_5m + r.cache_write_1h * usage.cache_write_1h +
         r.output * usage.output;
}

Result<PicoUsd> bound(const Target& target, ServiceTier tier, int64_t input_tokens,
                      int64_t output_tokens) {
  // Rates only rise from band to band, so the band of the longest possible prompt is the dearest; a
  // test holds the table to that.
  Rates r = TRY(rates(target, tier, input_tokens));
  return dearest_input(r) * input_tokens + r.output * output_tokens;
}

}  // namespace twolane::price
