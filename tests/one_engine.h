// For tests: one engine with one provider, in virtual time, on a simulated disk.
#pragma once

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

inline constexpr Time begin{1'790'000'000'000};

class OneEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("twolane-one-engine-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    store_ = store::open_sqlite(disk_, "state.db").value();
    ASSERT_TRUE(payloads_.prepare());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void open(sim::Scenario scenario, int64_t quota, double live_per_minute = 600, double live_reserve = 0) {
    engine_.reset();
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
    account.live_reserve = live_reserve;
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
    std::string lines = {};  // instead of so many requests
    std::optional<PicoUsd> cap = {};
    std::vector<Target> models = {};  // instead of those that the requests name
  };
  JobId give(const Given& g) {
    const std::string path = directory_ / (std::to_string(++given_) + ".jsonl");
    {
      std::ofstream out(path);
      out << g.lines;
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
    job.cap = g.cap;
    patient::IntakeOptions options;
    options.input.models = g.models;
    const auto checked = patient::take_in(path, options, job, {world_->random() | 1}, "", *store_, payloads_, false);
    if (!checked) {
      ADD_FAILURE() << checked.error().message << ": " << checked.error().why;
      return {};
    }
    EXPECT_TRUE(patient::remember(*store_, checked->id, patient::Terms{g.owner, g.weight, 0.99}));
    EXPECT_TRUE(engine_->take_up(checked->id));
    return checked->id;
  }

  int64_t cancelled_batches(JobId id) {
    const auto batches = store_->batches_of(id).value();
    return std::count_if(batches.begin(), batches.end(), [](const Batch& b) { return b.cancelling(); });
  }
  Totals totals(JobId id) { return store_->job(id).value()->totals; }
  int64_t answered(JobId id) { return totals(id).of(RequestState::succeeded); }
  int64_t placed(JobId id) { return totals(id).of(RequestState::batched) + totals(id).of(RequestState::live); }
  void run_until(Time at) {
    while (world_->next_at() && *world_->next_at() <= at) world_->step();
    ASSERT_FALSE(engine_->broken());
  }
  void say(JobId job, const std::string& verb, const std::string& argument = {}) {
    ASSERT_TRUE(engine_->obey({0, job, verb, argument}));
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

// Every batch takes as long.
inline sim::Scenario steady(Duration median) {
  sim::Scenario s;
  s.median = median;
  s.sigma = 0;
  return s;
}

}  // namespace twolane
