// What caching a shared prefix saves or costs, and from which hit rate on it pays.
//
// Pure. Hit rates are assumptions, with their source, until a job's own usage tells; they are never
// taken for certain: a quote's high figure assumes the lowest of them.
#pragma once

#include <optional>

#include "base/money.h"
#include "price/book.h"

namespace twolane::price {

// How a provider caches a prefix.
enum class CacheWay : uint8_t {
  none,       // not at all, or the prefix is too short
  automatic,  // found by the provider; writing costs nothing
  marked,     // by a mark with a lifetime of an hour; the write is dearer than plain input
  explicit_,  // a cache object that is kept for a fee per hour
};
std::string_view name_of(CacheWay way);
CacheWay cache_way_of(std::string_view name);  // none for any other word
// How a model's prefixes can be cached and counted on. Gemini's implicit caching is never budgeted: nobody
// can ask for it.
CacheWay way_of(const Model& model);

// In thousandths.
struct HitRate {
  int64_t low = 0, expected = 0, high = 0;
};
// Of requests that lie side by side and share a prefix. Batches: "best effort, 30 to 98 % reported"
// (Anthropic, Message Batches); flex: 8.5 points above the same batch (OpenAI cookbook);
// synchronous calls in a row: nearly all but the first.
HitRate hit_rate(CacheWay way, ServiceTier tier);

// Requests that share a prefix of `tokens` (the cacheable part of it), at these rates.
struct PrefixUse {
  int64_t requests = 0;
  int64_t tokens = 0;
  Duration kept;                           // of explicit_: how long the object stays
  std::optional<PicoUsdPerToken> storage;  // of explicit_: per token and hour
};

// What caching adds to the cost of the same requests without it, at this hit rate: below zero where
// it saves. Nothing where a rate that it needs is unknown. With explicit_ every request hits, the
// object is written once at the price of plain input, and stays for `kept`.
std::optional<PicoUsd> added_cost(CacheWay way, const Rates& rates, const PrefixUse& use,
                                  int64_t hit_thousandths);

// The least hit rate, in thousandths, at which a marked prefix costs no more than plain input:
// (write - input) / (write - read); 526 where a write costs twice the input and a read a tenth.
std::optional<int64_t> break_even_hits(const Rates& rates);
// The least number of requests for which an explicit cache costs no more than plain input.
std::optional<int64_t> break_even_requests(const Rates& rates, const PrefixUse& use);

}  // namespace twolane::price
