// What is billed by a rate of its own beside or instead of tokens, each with its arithmetic.
#include <gtest/gtest.h>

#include "price/price.h"

namespace twolane::price {
namespace {

const Target sonnet{"anthropic", "claude-sonnet-4.6"}, flash{"gemini", "gemini-2.5-flash"},
    image{"gemini", "gemini-2.5-flash-image"};

std::string cost(const Target& target, ServiceTier tier, const Usage& usage) {
  const auto amount = charge(target, tier, usage);
  return amount ? exact_usd(*amount) : amount.error().code;
}

TEST(Extras, SearchesCostTheSameOnEveryTier) {
  const Usage usage{.fresh = 1'000, .output = 100, .searches = 2};
  // 1,000 x 3 + 100 x 15 a million = 0.0045, half in a batch; 2 searches at 10.00 a thousand = 0.02.
  EXPECT_EQ(cost(sonnet, ServiceTier::standard, usage), "0.0245");
  EXPECT_EQ(cost(sonnet, ServiceTier::batch, usage), "0.02225");
  EXPECT_FALSE(has_unknown_extras(sonnet, ServiceTier::batch, usage));
}

TEST(Extras, AudioIsBilledInsteadOfText) {
  const Usage usage{.fresh = 1'000, .audio_input = 400};
  // 600 x 0.30 + 400 x 1.00 a million.
  EXPECT_EQ(cost(flash, ServiceTier::standard, usage), "0.00058");
  // Nobody prints what a batch makes of it: as text, 1,000 x 0.15, and said to be unknown.
  EXPECT_EQ(cost(flash, ServiceTier::batch, usage), "0.00015");
  EXPECT_FALSE(has_unknown_extras(flash, ServiceTier::standard, usage));
  EXPECT_TRUE(has_unknown_extras(flash, ServiceTier::batch, usage));
}

TEST(Extras, ImagesAreBilledInsteadOfTextAndWithinTheBound) {
  const Usage usage{.fresh = 10, .output = 1'300, .image_output = 1'290};
  // 10 x 0.30 + 10 x 2.50 + 1,290 x 30 a million.
  EXPECT_EQ(cost(image, ServiceTier::standard, usage), "0.038728");
  EXPECT_GE(*bound(image, ServiceTier::standard, 10, 1'300), *charge(image, ServiceTier::standard, usage));
}

TEST(Extras, WithoutARateTheyAreSaidToBeUnknown) {
  const Usage usage{.fresh = 1'000, .searches = 1};
  EXPECT_EQ(cost(flash, ServiceTier::standard, usage), "0.0003");
  EXPECT_TRUE(has_unknown_extras(flash, ServiceTier::standard, usage));
  EXPECT_TRUE(has_unknown_extras({"acme", "nova"}, ServiceTier::standard, usage));
  EXPECT_FALSE(has_unknown_extras({"acme", "nova"}, ServiceTier::standard, {.fresh = 1}));
  EXPECT_EQ(cost(flash, ServiceTier::standard, {.searches = -1}), "money.negative");
}

}  // namespace
}  // namespace twolane::price
