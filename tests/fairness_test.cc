// Owners beside one another in one engine: quotas and the live lane are shared by weight, whoever wants
// little is not held up by whoever wants much, and within an owner the earliest deadline comes first.
#include "one_engine.h"

namespace twolane {
namespace {

class Fairness : public OneEngine {};

TEST_F(Fairness, AHundredThousandOfOneDoNotHoldUpAHundredOfAnother) {
  open(steady(minutes(20)), 200'000);
  const JobId many = give({"ana", 1, 100'000, hours(24)});
  run_until(begin + minutes(5));  // the quota is full of ana's
  EXPECT_GT(placed(many), 0);
  const JobId few = give({"ben", 1, 100, hours(24)});
  // The first of ana's batches to end makes room for all of ben's: two batches one after the other.
  EXPECT_LE(done(few, begin + hours(24)), begin + minutes(55));
  EXPECT_EQ(answered(few), 100);
  EXPECT_LT(answered(many), 50'000);
}

TEST_F(Fairness, AQuotaIsSharedByWeight) {
  open(steady(minutes(20)), 200'000);
  const JobId light = give({"ana", 1, 20'000, hours(24)}), heavy = give({"ben", 3, 20'000, hours(24)});
  run_until(begin + minutes(10));
  const auto a = static_cast<double>(placed(light)), b = static_cast<double>(placed(heavy));
  EXPECT_GT(a, 0);
  EXPECT_NEAR(b / (a + b), 0.75, 0.02) << a << " and " << b;
}

TEST_F(Fairness, TheEarliestDeadlineOfAnOwnerComesFirst) {
  open(steady(minutes(20)), 200'000);
  const JobId later = give({"ana", 1, 20'000, hours(24)});
  const JobId sooner = give({"ana", 1, 20'000, hours(12)});
  const JobId other = give({"ben", 1, 20'000, hours(24)});
  run_until(begin + minutes(10));
  EXPECT_GT(placed(sooner), 0);
  EXPECT_EQ(placed(later), 0);
  EXPECT_NEAR(static_cast<double>(placed(other)) / static_cast<double>(placed(other) + placed(sooner)), 0.5, 0.02);
}

TEST_F(Fairness, TheLiveLaneIsSharedByWeightWhereItIsTooSlowForAll) {
  open(steady(hours(20)), 0);
  const JobId light = give({"ana", 1, 3'000, minutes(6), true}), heavy = give({"ben", 3, 3'000, minutes(6), true});
  run_until(begin + minutes(4));
  const auto a = static_cast<double>(answered(light)), b = static_cast<double>(answered(heavy));
  EXPECT_GT(a + b, 600);
  EXPECT_NEAR(b / (a + b), 0.75, 0.07) << a << " and " << b;
}

// A batch may hold requests of many jobs. What one owner cancels of it delays nobody else ...
TEST_F(Fairness, ACancelDelaysNobodyElse) {
  open(steady(hours(5)), 0);
  const JobId many = give({"ana", 1, 100, hours(24)}), few = give({"ben", 1, 50, hours(24)});
  run_until(begin + minutes(10));
  ASSERT_EQ(store_->batches_of(few).value().size(), 1u);
  ASSERT_EQ(store_->batches_of(many).value().front().id, store_->batches_of(few).value().front().id) << "they share it";
  say(many, "cancel");
  EXPECT_LE(done(few, begin + hours(24)), begin + minutes(310));
  EXPECT_FALSE(store_->batches_of(few).value().front().cancelling());
  EXPECT_EQ(answered(few), 50);
}

// ... and what the same owner wants of it goes into another batch.
TEST_F(Fairness, AnOwnersOtherJobMovesOn) {
  open(steady(hours(5)), 0);
  const JobId many = give({"ana", 1, 100, hours(24)}), few = give({"ana", 1, 50, hours(24)});
  run_until(begin + minutes(10));
  ASSERT_EQ(store_->batches_of(many).value().front().id, store_->batches_of(few).value().front().id) << "they share it";
  say(many, "cancel");
  run_until(begin + minutes(11));
  EXPECT_TRUE(store_->batches_of(few).value().front().cancelling());
  done(few, begin + hours(24));
  EXPECT_EQ(answered(few), 50);
}

TEST_F(Fairness, AHundredAreDrainedBesideThousandsThatAreLate) {
  open(steady(hours(20)), 0);
  give({"ana", 1, 10'000, minutes(12), true});
  const JobId few = give({"ben", 1, 100, minutes(12), true});
  EXPECT_LE(done(few, begin + hours(1)), begin + minutes(12));
  EXPECT_EQ(answered(few), 100);
}

}  // namespace
}  // namespace twolane
