// Laws of charges over random tokens, for every row of the book. The generator is seeded; a failure
// names its model.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "price/explain.h"

namespace twolane::price {
namespace {

struct Place {
  Target target;
  ServiceTier tier;
  Conditions when;
};

std::vector<Place> places() {
  std::vector<Place> all;
  for (const Model& m : book().models())
    for (const Row& r : m.rows) {
      const Time at = r.from.ms != 0    ? r.from
                      : r.until.ms != 0 ? r.until - milliseconds(1)
                                        : Time{};
      // The band is fixed, as in a job whose requests are of one length: across a band prices do
      // jump.
      const Place p{
          {m.provider, m.name}, r.tier, {.at = at, .prompt_tokens = r.above > 0 ? r.above + 1 : 0}};
      if (charge(p.target, p.tier, {}, p.when)) all.push_back(p);
    }
  return all;
}

class Tokens {
 public:
  explicit Tokens(uint64_t seed) : random_(seed) {}
  int64_t count() {
    return static_cast<int64_t>(random_() % 3 == 0 ? random_() % 10 : random_() % 5'000'000'000);
  }
  Usage usage() { return {count(), count(), count(), count(), count(), 0}; }

 private:
  std::mt19937_64 random_;
};

Usage operator+(const Usage& a, const Usage& b) {
  return {a.fresh + b.fresh,
          a.cache_read + b.cache_read,
          a.cache_write_5m + b.cache_write_5m,
          a.cache_write_1h + b.cache_write_1h,
          a.output + b.output,
          a.reasoning + b.reasoning};
}

// Charges of what is known; kinds without a rate are left out of the usage.
Usage known(Usage u, const Place& p) {
  const Rates r = rates(p.target, p.tier, p.when.prompt_tokens, p.when).value();
  if (!r.knows(Kind::cache_read)) u.cache_read = 0;
  if (!r.knows(Kind::cache_write_5m)) u.cache_write_5m = 0;
  if (!r.knows(Kind::cache_write_1h)) u.cache_write_1h = 0;
  return u;
}

PicoUsd cost(const Place& p, const Usage& u) {
  const auto c = charge(p.target, p.tier, u, p.when);
  EXPECT_TRUE(c) << p.target.model << " " << (c ? "" : c.error().message);
  return c.value_or(PicoUsd{});
}

TEST(Properties, CostIsAdditiveOverRequests) {
  Tokens tokens(1);
  for (const Place& p : places())
    for (int i = 0; i < 5; ++i) {
      const Usage a = known(tokens.usage(), p), b = known(tokens.usage(), p);
      EXPECT_TRUE(cost(p, a) + cost(p, b) == cost(p, a + b)) << p.target.model;
    }
}

TEST(Properties, CostIsEqualWhicheverWayAJobIsSplit) {
  Tokens tokens(2);
  std::mt19937_64 random(3);
  for (const Place& p : places()) {
    const Usage all = known(tokens.usage(), p);
    PicoUsd sum;
    Usage left = all;
    for (int parts = 2 + static_cast<int>(random() % 9); parts > 0; --parts) {
      Usage part = left;
      if (parts > 1)
        for (int64_t* n : {&part.fresh, &part.cache_read, &part.cache_write_5m,
                           &part.cache_write_1h, &part.output})
          *n = *n == 0 ? 0 : static_cast<int64_t>(random() % static_cast<uint64_t>(*n + 1));
      sum += cost(p, part);
      left = {left.fresh - part.fresh,
              left.cache_read - part.cache_read,
              left.cache_write_5m - part.cache_write_5m,
              left.cache_write_1h - part.cache_write_1h,
              left.output - part.output,
              0};
    }
    EXPECT_TRUE(sum == cost(p, all)) << p.target.model;
  }
}

TEST(Properties, CostIsMonotoneInEachCountAndNeverNegative) {
  Tokens tokens(4);
  for (const Place& p : places()) {
    const Usage u = known(tokens.usage(), p);
    const PicoUsd base = cost(p, u);
    EXPECT_GE(base.n, 0) << p.target.model;
    for (Usage more : {Usage{.fresh = 1}, Usage{.cache_read = 1}, Usage{.cache_write_5m = 1},
                       Usage{.cache_write_1h = 1}, Usage{.output = 1}})
      EXPECT_GE(cost(p, u + known(more, p)), base) << p.target.model;
  }
}

// Where the prompt itself decides the band, more tokens never cost less either.
TEST(Properties, CostIsMonotoneAcrossBands) {
  for (const Model& m : book().models())
    for (const Row& r : m.rows) {
      if (r.above == 0 || !r.in_force(book().date())) continue;
      const auto below = charge({m.provider, m.name}, r.tier, {.fresh = r.above, .output = 10});
      const auto above = charge({m.provider, m.name}, r.tier, {.fresh = r.above + 1, .output = 10});
      if (below && above) EXPECT_LT(*below, *above) << m.name;
    }
}

TEST(Properties, NegativeCountsAndOverflowAreErrors) {
  const Target t{"anthropic", "claude-sonnet-4.6"};
  for (const Usage& u : {Usage{.fresh = -1}, Usage{.cache_read = -1}, Usage{.cache_write_5m = -1},
                         Usage{.cache_write_1h = -1}, Usage{.output = -1}})
    EXPECT_EQ(charge(t, ServiceTier::batch, u, {.prompt_tokens = 0}).error().code,
              "money.negative");
  EXPECT_EQ(charge(t, ServiceTier::batch, {.fresh = INT64_MAX, .cache_read = 1}).error().code,
            "money.overflow");
  const Rates dear{{INT64_MAX}, {INT64_MAX}, {INT64_MAX}, {INT64_MAX}, {INT64_MAX}};
  EXPECT_TRUE(charge(dear, Usage{.fresh = INT64_MAX}));
  EXPECT_EQ(charge(dear, Usage{.fresh = INT64_MAX, .cache_read = INT64_MAX, .output = INT64_MAX})
                .error()
                .code,
            "money.overflow");
  // The largest count at the dearest real rate still fits.
  EXPECT_TRUE(charge({"openai", "o1-pro"}, ServiceTier::standard, {.output = INT64_MAX},
                     {.prompt_tokens = 0}));
  const Model& m = *book().find("anthropic", "claude-sonnet-4.6");
  EXPECT_EQ(adjusted(m, PicoUsd{~static_cast<unsigned __int128>(0) >> 1}, {.residency = "us"})
                .error()
                .code,
            "money.overflow");
}

TEST(Properties, StepsCommuteAndOnlyTheDivisionRounds) {
  const Model& m = *book().find("anthropic", "claude-sonnet-4.6");
  Tokens tokens(5);
  for (int i = 0; i < 200; ++i) {
    const PicoUsd amount{tokens.count()};
    const auto stepwise = [&](PicoUsd n, std::initializer_list<Conditions> steps) {
      for (const Conditions& c : steps) n = adjusted(m, n, c).value();
      return n;
    };
    const PicoUsd scaled{amount.n * 1'000'000};  // so that 1.1 and 0.85 leave nothing over
    const Conditions us{.residency = "us"}, off{.discount = {150'000}};
    EXPECT_TRUE(stepwise(scaled, {us, off}) == stepwise(scaled, {off, us}));
    EXPECT_TRUE(stepwise(scaled, {us, off}) ==
                adjusted(m, scaled, {.residency = "us", .discount = {150'000}}).value());
    const PicoUsd whole = adjusted(m, amount, {.bonus = {100'000}}).value();  // / 1.1, up
    EXPECT_TRUE(whole.n * 11 >= amount.n * 10 && (whole.n - 1) * 11 < amount.n * 10);
  }
}

}  // namespace
}  // namespace twolane::price
