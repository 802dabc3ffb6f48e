// On which tier work belongs, from one table of decision rules.
//
// Pure. Source: the decision framework in ../shared/background/batch_apis_and_async_discounts.txt,
// section 9, with the tight deadlines of batch_api_economics.txt. First match wins.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/money.h"
#include "base/time.h"
#include "model/endpoint.h"

namespace twolane::price {

// What is known of the work. Where `deadline` is 0, nobody said when the answer is needed: a day.
struct Patience {
  Duration deadline;      // from now until the answer is needed
  bool critical = false;  // reliability matters more than price
};

enum class Rule : uint8_t {
  instant,       // < 100 ms and critical: priority, or standard where priority is not sold
  interactive,   // < 1 s: standard, with caching
  soon,          // < 15 min: flex, or standard where flex is not sold
  today,         // 15 min and more: batch
  not_worth_it,  // the saving is below what is worth the trouble: stay synchronous
};

struct RuleRow {
  Rule rule;
  Duration below;  // the deadline is under this; 0: any
  bool critical_only = false;
  std::array<ServiceTier, 3> choices;  // the first that is sold
  bool with_caching = false;
  std::string_view words;  // "needed in under 15 minutes: flex"
};
std::span<const RuleRow> decision_rules();

struct Verdict {
  Rule rule = Rule::today;
  ServiceTier tier = ServiceTier::batch;
  bool with_caching = false;
  std::string_view words;
};

// The rule for such work, and its tier: the first choice that is sold, standard where none is.
// `sold` has a bit for each ServiceTier; a tier whose sale is unknown counts as not sold.
Verdict verdict(const Patience& patience, unsigned sold);

// The same with money: a tier that saves less than `worth` against `synchronous` (standard with
// caching, at the hit rate it really has) is not worth it. `cost_on` gives the cost of each tier.
Verdict verdict(const Patience& patience, unsigned sold, std::span<const PicoUsd> cost_on,
                PicoUsd synchronous, PicoUsd worth);

}  // namespace twolane::price
