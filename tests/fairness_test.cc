// Owners beside one another in one engine: quotas and the live lane are shared by weight, whoever wants
// little is not held up by whoever wants much, and within an owner the earliest deadline comes first.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "patient/engine.h"
#include "patient/intake.h"
#include "sim/faulty_disk.h"
#include "sim/providers.h"
#include "sim/virtual_world.h"
#include "store/payloads.h"
#include "store/sqlite/sqlite_store.h"

namespace twolane {
namespace {

constexpr Time begin{1'790'000'000'000};

class Fairness : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("twolane-fairness-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    store_ = store::open_sqlite(disk_, "state.db").value();
    ASSERT_TRUE(payloads_.prepare());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void open(sim::Scenario scenario, int64_t quota, double live_per_minute = 600) {
    providers_ = sim::Providers::open(std::move(scenario), 1, "").value();
    world_ = std::make_unique<sim::VirtualWorld>(*providers_, 1, begin);
    patient::Settings s;
    s.world = "test";
    s.probe = false;
    patient::Account account;
    account.provider = "openai";
    account.access = {"http://sim/openai/v1", "key"};
    account.fingerprint = "k1";
    account.live_per_minute = live_per_minute;
    account.enqueued_tokens = quota;
    s.accounts = {account};
    engine_ = std::make_unique<patient::Engine>(*world_, *store_, payloads_, std::move(s));
    ASSERT_TRUE(engine_->recover());
  }

  struct Given {
    std::string owner;
    double weight = 1;
    int64_t requests = 0;
    Duration within = hours(24);
    bool kept = false;
  };
  JobId give(const Given& g) {
    const std::string path = directory_ / (std::to_string(++given_) + ".jsonl");
    {
      std::ofstream out(path);
      for (int64_t i = 0; i < g.requests; ++i)
        out << R"({"custom_id":"r)" << i << R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-5.4-mini",)"
            << R"("max_completion_tokens":20,"messages":[{"role":"user","content":")" << given_ << " of " << g.owner << ", "
            << i << "\"}]}}\n";
    }
    Job job;
    job.input_name = path;
    job.world = "test";
    job.accepted = world_->now();
    job.deadline = world_->now() + g.within;
    job.kept = g.kept;
    const auto checked = patient::take_in(path, {}, job, {world_->random() | 1}, "", *store_, payloads_, false);
    if (!checked) {
      ADD_FAILURE() << checked.error().message << ": " << checked.error().why;
      return {};
    }
    EXPECT_TRUE(patient::remember(*store_, checked->id, patient::Terms{g.owner, g.weight, 0.99}));
    EXPECT_TRUE(engine_->take_up(checked->id));
    return checked->id;
  }

  Totals totals(JobId id) { return store_->job(id).value()->totals; }
  int64_t answered(JobId id) { return totals(id).of(RequestState::succeeded); }
  int64_t placed(JobId id) { return totals(id).of(RequestState::batched) + totals(id).of(RequestState::live); }
  void run_until(Time at) {
    while (world_->next_at() && *world_->next_at() <= at) world_->step();
    ASSERT_FALSE(engine_->broken());
  }
  // When it was done, or `at_most`.
  Time done(JobId id, Time at_most) {
    while (totals(id).unfinished() > 0 && world_->now() < at_most && world_->step()) {
    }
    return world_->now();
  }

  sim::FaultyDisk disk_;
  std::filesystem::path directory_;
  std::unique_ptr<store::Store> store_;
  store::Payloads payloads_{disk_};
  std::unique_ptr<sim::Providers> providers_;
  std::unique_ptr<sim::VirtualWorld> world_;
  std::unique_ptr<patient::Engine> engine_;
  int given_ = 0;
};

sim::Scenario steady(Duration median) {
  sim::Scenario s;
  s.median = median;
  s.sigma = 0;
  return s;
}

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

TEST_F(Fairness, AHundredAreDrainedBesideThousandsThatAreLate) {
  open(steady(hours(20)), 0);
  give({"ana", 1, 10'000, minutes(12), true});
  const JobId few = give({"ben", 1, 100, minutes(12), true});
  EXPECT_LE(done(few, begin + hours(1)), begin + minutes(12));
  EXPECT_EQ(answered(few), 100);
}

}  // namespace
}  // namespace twolane
