#include "gateway/spending.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "store/home.h"

namespace twolane::gateway {
namespace {

constexpr Time noon{1'795'046'400'000};  // 2026-11-19, a day in the middle of its month

PicoUsd usd(const char* text) { return *parse_usd(text); }

// A home with keys, opened again as after a crash: nothing is written on the way out.
class SpendingTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(testing::TempDir()) / ("spending-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    KeyRules ana, ben;
    ana.name = "ana";
    ana.hash = key_hash("a");
    ana.budget_per_day = usd("1.00");
    ana.budget_per_month = usd("10.00");
    ben.name = "ben";
    ben.hash = key_hash("b");
    ASSERT_TRUE(write_keys(directory_ + "/keys.json", {ana, ben}));
    open();
  }
  void TearDown() override {
    close();
    std::filesystem::remove_all(directory_);
  }
  void close() {
    spending_.reset();
    home_.reset();
    keys_.reset();
  }
  void open(Time now = noon) {
    close();
    keys_ = std::make_unique<KeyRing>(directory_ + "/keys.json");
    ASSERT_TRUE(keys_->refresh());
    home_ = std::move(*store::Home::open(directory_));
    spending_ = std::make_unique<Spending>(*keys_, home_->store());
    ASSERT_TRUE(spending_->load(now));
    for (const auto& [id, owner] : owners_) ASSERT_TRUE(spending_->watch(id, owner));
  }
  Key& ana() { return *keys_->find("a"); }
  PicoUsd today(Key& key, Time now = noon) { return key.spent().at(now).today_usd; }

  // A job with requests of which none was placed.
  Job accept(uint64_t number, std::string owner, Time at, int64_t requests = 2) {
    Job job;
    job.id = JobId{number};
    job.accepted = at;
    job.deadline = at + hours(24);
    job.input = SegmentId{number};
    job.options = "{}";
    job.requests = requests;
    auto acceptance = std::move(*home_->store().accept(job.id));
    std::vector<RequestRow> rows(static_cast<size_t>(requests));
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].job = job.id;
      rows[i].index = static_cast<int64_t>(i);
      rows[i].line = static_cast<int64_t>(i) + 1;
    }
    EXPECT_TRUE(acceptance->add(rows));
    Shape shape;
    shape.targets = {{"openai", "gpt-5.4-mini"}};
    shape.requests = requests;
    const Status committed = acceptance->commit(job, std::vector<Shape>{shape});
    EXPECT_TRUE(committed) << committed.error().message;
    owners_[job.id] = owner;
    EXPECT_TRUE(spending_->watch(job.id, owner));
    return job;
  }

  // Request `index` of the job is placed, reserving `most`.
  Batch place(const Job& job, int64_t index, const char* most) {
    Batch batch;
    batch.id = BatchId{job.id.n * 100 + static_cast<uint64_t>(index) + 1};
    batch.provider = "openai";
    batch.tier = ServiceTier::standard;
    batch.state = BatchState::submitted;
    batch.requests = 1;
    batch.created = batch.sent = noon;
    const Status placed = home_->store().place(batch, std::vector<store::Placement>{{job.id, index, usd(most)}});
    EXPECT_TRUE(placed) << placed.error().message;
    return batch;
  }
  void answer(const Batch& batch, const char* cost) {
    store::Settlement s;
    s.key = {batch.id, 0};
    s.state = AttemptState::answered;
    s.request = RequestState::succeeded;
    s.served = ServiceTier::standard;
    s.charged = true;
    s.cost = s.list = usd(cost);
    s.response_id = "r";
    const Status settled = home_->store().settle(std::vector<store::Settlement>{s}, nullptr, noon);
    ASSERT_TRUE(settled) << settled.error().message;
  }
  void buy(const Job& job, int64_t index, const char* cost) { answer(place(job, index, cost), cost); }
  void finish(Job job) {
    job.finished = noon;
    job.state = JobState::done;
    ASSERT_TRUE(home_->store().amend(job));
  }

  std::string directory_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<store::Home> home_;
  std::unique_ptr<Spending> spending_;
  std::map<JobId, std::string> owners_;
};

TEST_F(SpendingTest, InteractiveSpendingIsThereAfterACrash) {
  ana().used(noon, 10, usd("0.40"));
  ASSERT_TRUE(spending_->look(noon, noon));
  ana().used(noon, 10, usd("0.07"));  // in the second before the crash: this is what is lost
  open();
  EXPECT_EQ(today(ana()), usd("0.40"));
  EXPECT_EQ(ana().admit(noon).is, Key::Verdict::Is::good);
  ana().used(noon, 10, usd("0.60"));
  EXPECT_EQ(ana().admit(noon).is, Key::Verdict::Is::budget);
  ASSERT_TRUE(spending_->look(noon, noon));
  open();
  EXPECT_EQ(ana().admit(noon).is, Key::Verdict::Is::budget);
  EXPECT_EQ(ana().admit(noon + days(1)).is, Key::Verdict::Is::good);  // another day, the same month
  EXPECT_EQ(*ana().left(noon + days(1)), usd("1.00"));
  EXPECT_EQ(ana().spent().at(noon + days(1)).month_usd, usd("1.00"));
  EXPECT_EQ(ana().spent().at(noon + days(31)).month_usd, PicoUsd{});
}

TEST_F(SpendingTest, WhatJobsCostIsCountedOnceWhateverTheMomentOfACrash) {
  // Before the first count, between counts, after a count, after the end: each time it is opened anew.
  for (const int crash : {0, 1, 2, 3, 4, 5}) {
    const Time began = noon + minutes(crash + 1), day = noon + days(crash);
    const Job job = accept(10 + static_cast<uint64_t>(crash), "ana", began);
    const auto step = [&](int at, bool look) {
      if (look) ASSERT_TRUE(spending_->look(began + seconds(10), day));
      if (crash == at) open(began + seconds(20));
    };
    step(0, false);
    buy(job, 0, "0.25");
    step(1, false);
    step(2, true);
    buy(job, 1, "0.05");
    step(3, false);
    finish(job);
    step(4, true);
    step(5, true);
    ASSERT_TRUE(spending_->look(began + seconds(30), day));
    EXPECT_EQ(today(ana(), day), usd("0.30")) << crash;
  }
}

TEST_F(SpendingTest, JobsOfBeforeAreNotCountedWhenThisBegins) {
  const Job job = accept(7, "ana", noon - hours(1));
  ASSERT_TRUE(home_->store().remember(Spending::fact, ""));
  buy(job, 0, "0.75");
  open();
  ASSERT_TRUE(spending_->look(noon, noon));
  EXPECT_EQ(today(ana()), PicoUsd{});
  buy(job, 1, "0.20");  // what it costs from now on is
  ASSERT_TRUE(spending_->look(noon, noon));
  EXPECT_EQ(today(ana()), usd("0.20"));
}

TEST_F(SpendingTest, ALateBillAndARetryAreCounted) {
  const Job job = accept(8, "ana", noon + seconds(1), 1);
  const Batch slow = place(job, 0, "0.10");
  finish(job);
  ASSERT_TRUE(spending_->look(noon, noon));
  answer(slow, "0.09");
  ASSERT_TRUE(spending_->look(noon, noon));
  EXPECT_EQ(today(ana()), usd("0.09"));
  const Job again = accept(9, "ana", noon + seconds(1), 1);
  finish(again);
  ASSERT_TRUE(spending_->look(noon, noon));
  ASSERT_TRUE(spending_->watch_again(again.id, "ana"));
  buy(again, 0, "0.01");
  ASSERT_TRUE(spending_->look(noon, noon));
  EXPECT_EQ(today(ana()), usd("0.10"));
}

TEST_F(SpendingTest, WhatIsReservedIsNotLeft) {
  EXPECT_FALSE(spending_->left("ben", noon));  // no budget
  EXPECT_FALSE(spending_->left("nobody", noon));
  EXPECT_EQ(*spending_->left("ana", noon), usd("1.00"));
  const Job job = accept(5, "ana", noon + seconds(1));
  place(job, 0, "0.30");
  ASSERT_TRUE(spending_->look(noon, noon));
  EXPECT_EQ(*spending_->left("ana", noon), usd("0.70"));
  place(job, 1, "0.90");
  ASSERT_TRUE(spending_->look(noon, noon));
  EXPECT_EQ(*spending_->left("ana", noon), PicoUsd{});
}

TEST_F(SpendingTest, NothingIsWrittenWhereNothingChanged) {
  ana().used(noon, 1, usd("0.01"));
  ASSERT_TRUE(spending_->look(noon, noon));
  const auto written = *home_->store().recall(Spending::fact);
  ASSERT_TRUE(spending_->look(noon + hours(1), noon + hours(1)));
  EXPECT_EQ(*home_->store().recall(Spending::fact), written);
  EXPECT_EQ(spent_by_key(written).size(), 1u);
  EXPECT_TRUE(spent_by_key("").empty());
  EXPECT_TRUE(spent_by_key("[1]").empty());
}

}  // namespace
}  // namespace twolane::gateway
