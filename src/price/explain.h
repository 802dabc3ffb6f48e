// A price with its terms: every rate used, who says so, and what disagrees.
//
// Pure. The terms sum to `tokens`; `cost` is that after residency, discount and bonus.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "model/job.h"
#include "model/usage.h"
#include "price/book.h"
#include "price/price.h"

namespace twolane::price {

// What is to be priced: the tokens of one or of many requests together, and storage of a cache.
struct Quantity {
  Usage usage;
  int64_t storage_token_hours = 0;
};

struct Term {
  std::string what;    // "input", "cached", "write_5m", "write_1h", "output", "storage"
  int64_t tokens = 0;  // of storage: token-hours
  PicoUsdPerToken rate;
  PicoUsd amount;
  int source = -1;       // in Book::sources
  bool derived = false;  // by the provider's rule from its standard rate
};

// A step after the rates: residency, discount, bonus.
struct Adjustment {
  Step step = Step::discount;
  std::string text;  // "x 1.1 (us)", "- 15 %", "/ 1.10"
  PicoUsd after;
};

// A kind of token on which sources disagree.
struct OpenReading {
  Kind kind = Kind::fresh;
  PicoUsdPerToken used, other;
  int used_source = -1, other_source = -1;
  bool by_rank = false;   // a better rank decided; otherwise the dearer of one rank was taken
  PicoUsd cost_if_other;  // of the whole quantity, by the other reading
};

struct Explanation {
  const Model* model = nullptr;
  const Row* row = nullptr;
  ServiceTier tier = ServiceTier::standard;
  std::vector<Term> terms;
  PicoUsd tokens;  // sum of the terms
  std::vector<Adjustment> adjustments;
  PicoUsd cost;
  std::optional<PicoUsd> list;  // the same at the standard tier without adjustments, if known
  std::vector<OpenReading> open;
};

// Errors as for charge().
Result<Explanation> explain(const Target& target, ServiceTier tier, const Quantity& quantity,
                            const Conditions& conditions = {});

}  // namespace twolane::price
