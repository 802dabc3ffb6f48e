// Which of the models that a caller named a request goes to: what each costs comes from the price book.
#include "foretold.h"
#include "one_engine.h"

namespace twolane {
namespace {

class LaneChoice : public OneEngine {
 protected:
  const patient::ShapeAtWork& shape(JobId job) {
    return patient::EngineProbe::core(*engine_).jobs.at(job).shapes.front();
  }
  JobId ask(std::vector<Target> models) {
    return give({.owner = "ana", .requests = 50, .within = hours(6), .kept = true, .models = std::move(models)});
  }
};

TEST_F(LaneChoice, ADearerModelIsPricedAsSuch) {
  open(steady(hours(1)), 0);
  const auto& prices = shape(ask({{"openai", "gpt-5.4-mini"}, {"openai", "gpt-5.4"}})).batch_prices;
  ASSERT_EQ(prices.size(), 2u);
  EXPECT_DOUBLE_EQ(prices[0], 0.5);
  EXPECT_GT(prices[1], 1) << "half of a list price that is more than three times as high";
}

TEST_F(LaneChoice, ACheaperModelIsPricedAsSuch) {
  open(steady(hours(1)), 0);
  const auto& prices = shape(ask({{"openai", "gpt-5.4"}, {"openai", "gpt-5.4-mini"}})).batch_prices;
  ASSERT_EQ(prices.size(), 2u);
  EXPECT_DOUBLE_EQ(prices[0], 0.5);
  EXPECT_LT(prices[1], 0.2);
}

TEST_F(LaneChoice, OneModelIsNoChoice) {
  open(steady(hours(1)), 0);
  EXPECT_TRUE(shape(ask({{"openai", "gpt-5.4-mini"}})).batch_prices.empty());
}

}  // namespace
}  // namespace twolane
