// What tokens cost: a first table of the current models of three providers, with exact integers.
//
// Pure. This is the seam for the price book: callers know only charge() and bound(). A model or a
// tier without a published rate is unknown, and unknown is never zero.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "model/job.h"
#include "model/usage.h"

namespace twolane::price {

struct Rates {
  PicoUsdPerToken fresh, cache_read, cache_write_5m, cache_write_1h, output;
};

// The rates of one request with that many input tokens (long prompts move as a whole to a higher
// band). Error money.unknown_price.
Result<Rates> rates(const Target& target, ServiceTier tier, int64_t input_tokens);

// The exact charge of what was served.
Result<PicoUsd> charge(const Target& target, ServiceTier tier, const Usage& usage);

// No charge for such a request can be higher: every input token at the dearest input rate of the
// tier.
Result<PicoUsd> bound(const Target& target, ServiceTier tier, int64_t input_tokens,
                      int64_t output_tokens);

struct Row {
  std::string_view provider, model;
  std::string_view source, date;
  ServiceTier tier = ServiceTier::standard;
  int64_t above = 0;  // for prompts of more input tokens than this
  Rates rates;
};
// What the table knows, for display and tests. Rows of one model stand together, those of one tier
// in the order of their bands.
std::span<const Row> rows();

}  // namespace twolane::price
