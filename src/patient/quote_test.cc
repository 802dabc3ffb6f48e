// Quotes of a few requests, against products worked out here from the price book's rates.
#include "patient/quote.h"

#include <gtest/gtest.h>

#include "price/price.h"
#include "wire/json.h"

namespace twolane::patient {
namespace {

struct Asked {
  TokenCounting counting{{}};
  PromptTally tally{counting};
  QuoteQuestion question;
  price::tokens::Correction learned;

  Asked() { question.now = price::book().date(); }

  void see(const Target& target, int requests, const std::string& content, int64_t limit, size_t answers = 0) {
    Shape shape;
    shape.number = shapes_++;
    shape.targets = {target};
    const std::string body = wire::dump({{"messages", {{{"role", "user"}, {"content", content}}}}});
    for (int i = 0; i < requests; ++i)
      ASSERT_TRUE(tally.see({shape, Endpoint::chat_completions, body, limit, true, answers}));
  }

  QuotedChoice quote() {
    const auto choices =
        patient::quote(tally, counting, [&](const Target&) { return learned; }, question);
    EXPECT_TRUE(choices);
    EXPECT_EQ(choices->size(), 1u);
    return choices->at(0);
  }

 private:
  int32_t shapes_ = 0;
};

const Target mini{"openai", "gpt-5.4-mini"};

PicoUsd by_hand(ServiceTier tier, int64_t input, int64_t output) {
  Usage usage;
  usage.fresh = input;
  usage.output = output;
  return *price::charge(mini, tier, usage);
}

TEST(Quote, AnswersOfOtherRequestsAreCountedAsLongAsAnswersAre) {
  Asked alone, chained;
  for (Asked* a : {&alone, &chained}) {
    a->question.output_tokens = 20;
    a->see(mini, 100, "one two three", 40);
  }
  alone.see(mini, 100, "after {{answer}}", 40);
  chained.see(mini, 100, "after {{answer}}", 40, 1);
  const auto plain = alone.quote(), q = chained.quote();
  EXPECT_EQ(q.answers, 100);
  EXPECT_EQ(q.input_tokens, plain.input_tokens + 100 * 20);
  const auto& cost = *q.lane(QuotedLane::Kind::batch)->cost;
  EXPECT_EQ(cost.expected, by_hand(ServiceTier::batch, plain.input_tokens + 100 * 20, 200 * 20));
  EXPECT_EQ(cost.high - plain.lane(QuotedLane::Kind::batch)->cost->high, by_hand(ServiceTier::batch, 100 * 40, 0));
}

TEST(Quote, IsTokensTimesRates) {
  Asked a;
  a.see(mini, 100, "one two three", 40);
  a.question.output_tokens = 20;
  const auto q = a.quote();
  EXPECT_EQ(q.requests, 100);
  EXPECT_EQ(q.output.expected, 2'000);
  EXPECT_EQ(q.output.limit, 4'000);
  const auto* batch = q.lane(QuotedLane::Kind::batch);
  ASSERT_TRUE(batch && batch->cost);
  EXPECT_EQ(batch->cost->expected, by_hand(ServiceTier::batch, q.input_tokens, 2'000));
  const int64_t most = q.input_tokens * (1000 + q.error_thousandths) / 1000;
  EXPECT_EQ(batch->cost->high, by_hand(ServiceTier::batch, most, 4'000));
  EXPECT_EQ(q.lane(QuotedLane::Kind::standard)->cost->expected,
            by_hand(ServiceTier::standard, q.input_tokens, 2'000));
}

TEST(Quote, OutputsComeFromTheUserThenFromHistoryThenFromTheLimit) {
  Asked a;
  a.see(mini, 10, "x", 400);
  EXPECT_EQ(a.quote().output_from, "assumed");
  EXPECT_EQ(a.quote().output.expected, 1'000);
  a.question.output_seen = 7;
  EXPECT_EQ(a.quote().output_from, "earlier answers");
  EXPECT_EQ(a.quote().output.expected, 70);
  a.question.output_tokens = 9;
  EXPECT_EQ(a.quote().output.expected, 90);
  a.question.output_tokens = 1'000;  // the requests' own limit is less
  EXPECT_EQ(a.quote().output.expected, 4'000);
}

TEST(Quote, AKeptDeadlineCostsAtWorstTheListPrice) {
  Asked a;
  a.see(mini, 100, "one two three", 40);
  a.question.kept = true;
  a.question.deadline = hours(6);
  const auto q = a.quote();
  const auto& kept = *q.lane(QuotedLane::Kind::kept)->cost;
  EXPECT_EQ(kept.high, q.lane(QuotedLane::Kind::standard)->cost->high);
  EXPECT_GT(kept.expected, q.lane(QuotedLane::Kind::batch)->cost->expected);
  EXPECT_EQ(*cap_of(q, true), kept.high);
  EXPECT_EQ(*cap_of(q, false), q.lane(QuotedLane::Kind::batch)->cost->high);
}

TEST(Quote, WhatWasLearnedCorrectsTheEstimateAndItsError) {
  Asked a;
  a.see(mini, 100, "one two three", 40);
  const auto before = a.quote();
  for (int i = 0; i < 1'000; ++i) a.learned.learn(100, 150);
  const auto after = a.quote();
  EXPECT_NEAR(static_cast<double>(after.input_tokens),
              1.5 * static_cast<double>(before.input_tokens), 20);
  EXPECT_LT(after.error_thousandths, before.error_thousandths);
}

TEST(Quote, AnUnknownPriceHasNoFiguresAndNoCap) {
  Asked a;
  a.see({"openai", "gpt-99-nova"}, 3, "x", 10);
  const auto q = a.quote();
  EXPECT_FALSE(q.lane(QuotedLane::Kind::standard)->cost);
  EXPECT_EQ(cap_of(q, false).error().code, "money.unknown_price");
}

TEST(Quote, ALargeDrainIsNotOnTime) {
  Asked a;
  a.see(mini, 1'000, "x", 10);
  a.question.deadline = minutes(1);
  a.question.live_per_minute = 100;
  EXPECT_NEAR(*a.quote().lane(QuotedLane::Kind::standard)->on_time, 0.1, 0.001);
}

}  // namespace
}  // namespace twolane::patient
