// The decision rules: every boundary, what is not sold, and what is not worth it.
#include "price/verdict.h"

#include <gtest/gtest.h>

namespace twolane::price {
namespace {

using enum ServiceTier;

constexpr unsigned bit(ServiceTier t) { return 1u << static_cast<int>(t); }
constexpr unsigned all = bit(standard) | bit(batch) | bit(flex) | bit(priority);

TEST(Verdict, EveryBoundary) {
  struct Case {
    Patience patience;
    Rule rule;
    ServiceTier tier;
  };
  for (const Case& c :
       {Case{{milliseconds(99), true}, Rule::instant, priority},
        Case{{milliseconds(100), true}, Rule::interactive, standard},
        Case{{milliseconds(99), false}, Rule::interactive, standard},
        Case{{milliseconds(999), false}, Rule::interactive, standard},
        Case{{seconds(1), false}, Rule::soon, flex},
        Case{{minutes(15) - milliseconds(1), false}, Rule::soon, flex},
        Case{{minutes(15), false}, Rule::today, batch},
        Case{{hours(24), false}, Rule::today, batch}, Case{{days(9), true}, Rule::today, batch},
        Case{{{}, false}, Rule::today, batch}}) {
    const Verdict v = verdict(c.patience, all);
    EXPECT_EQ(v.rule, c.rule) << c.patience.deadline.ms;
    EXPECT_EQ(v.tier, c.tier) << c.patience.deadline.ms;
    EXPECT_FALSE(v.words.empty());
  }
}

TEST(Verdict, WhatIsNotSoldIsNotAdvised) {
  EXPECT_EQ(verdict({milliseconds(50), true}, bit(standard)).tier, standard);
  EXPECT_EQ(verdict({minutes(5)}, bit(standard) | bit(batch)).tier, standard);
  EXPECT_EQ(verdict({hours(12)}, bit(standard) | bit(flex)).tier, flex);
  EXPECT_EQ(verdict({hours(12)}, bit(standard)).tier, standard);
  EXPECT_EQ(verdict({hours(12)}, 0).tier, standard);
}

TEST(Verdict, ASavingBelowWorthStaysSynchronous) {
  std::array<PicoUsd, 5> cost{};
  cost[static_cast<size_t>(batch)] = PicoUsd::from_usd(50);
  cost[static_cast<size_t>(flex)] = PicoUsd::from_usd(50);
  const auto at = [&](int synchronous, int worth, Duration d = hours(12)) {
    return verdict({d}, all, cost, PicoUsd::from_usd(synchronous), PicoUsd::from_usd(worth));
  };
  EXPECT_EQ(at(100, 50).rule, Rule::today);  // exactly worth it
  EXPECT_EQ(at(100, 51).rule, Rule::not_worth_it);
  EXPECT_EQ(at(100, 51).tier, standard);
  EXPECT_TRUE(at(100, 51).with_caching);
  EXPECT_EQ(at(100, 51, minutes(5)).rule, Rule::not_worth_it);
  EXPECT_EQ(at(50, 0).rule, Rule::not_worth_it);  // nothing saved
  EXPECT_EQ(at(40, 0).rule, Rule::not_worth_it);  // caching synchronously is cheaper
  EXPECT_EQ(verdict({milliseconds(500)}, all, cost, PicoUsd::from_usd(100), PicoUsd{}).rule,
            Rule::interactive);
}

TEST(Verdict, TheTableIsInOrder) {
  Duration before{};
  for (const RuleRow& row : decision_rules()) {
    if (row.below.ms == 0) continue;
    EXPECT_GT(row.below, before);
    before = row.below;
  }
  EXPECT_EQ(decision_rules().size(), 5u);
}

}  // namespace
}  // namespace twolane::price
