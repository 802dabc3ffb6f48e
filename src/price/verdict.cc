// The table of decision rules, and reading it.
#include "price/verdict.h"

namespace twolane::price {
namespace {

using enum ServiceTier;

constexpr RuleRow table[] = {
    {Rule::instant,
     milliseconds(100),
     true,
     {priority, standard, standard},
     false,
     "needed in under 100 ms and critical: priority"},
    {Rule::interactive,
     seconds(1),
     false,
     {standard, standard, standard},
     true,
     "needed in under a second: standard, with caching"},
    {Rule::soon,
     minutes(15),
     false,
     {flex, standard, standard},
     false,
     "needed in under 15 minutes: flex"},
    {Rule::today, {}, false, {batch, flex, standard}, false, "can wait: batch"},
    {Rule::not_worth_it,
     {},
     false,
     {standard, standard, standard},
     true,
     "the saving is not worth the wait: synchronous, with caching"},
};

constexpr Duration a_day = hours(24);

bool has(unsigned tiers, ServiceTier tier) { return ((tiers >> static_cast<int>(tier)) & 1) != 0; }

ServiceTier choice(const RuleRow& row, unsigned sold) {
  for (const ServiceTier tier : row.choices)
    if (has(sold, tier)) return tier;
  return standard;
}

Verdict by(const RuleRow& row, ServiceTier tier) {
  return {row.rule, tier, row.with_caching, row.words};
}

const RuleRow& row_for(const Patience& patience) {
  const Duration deadline = patience.deadline.ms > 0 ? patience.deadline : a_day;
  for (const RuleRow& row : table)
    if ((row.below.ms == 0 || deadline < row.below) && (!row.critical_only || patience.critical))
      return row;
  return table[std::size(table) - 1];
}

}  // namespace

std::span<const RuleRow> decision_rules() { return table; }

Verdict verdict(const Patience& patience, unsigned sold) {
  const RuleRow& row = row_for(patience);
  return by(row, choice(row, sold));
}

Verdict verdict(const Patience& patience, unsigned sold, std::span<const PicoUsd> cost_on,
                PicoUsd synchronous, PicoUsd worth) {
  const Verdict plain = verdict(patience, sold);
  if (plain.tier != batch && plain.tier != flex) return plain;
  const PicoUsd saving = synchronous - cost_on[static_cast<size_t>(plain.tier)];
  if (saving >= worth && saving.n > 0) return plain;
  return by(table[std::size(table) - 1], standard);
}

}  // namespace twolane::price
