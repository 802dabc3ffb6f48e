// For tests of the keeper, its tickets and its doors: a keeper on a home of its own whose thread never
// runs, opened again as after a crash. Nothing is bought: requests get their outcomes by hand.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "gateway/keeper.h"

namespace twolane::gateway {

class KeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    home_ = std::filesystem::path(testing::TempDir()) /
            ("keeper-" + std::to_string(::getpid()) + "-" + test->name());
    std::filesystem::remove_all(home_);
    open();
  }
  void TearDown() override {
    keeper_.reset();
    std::filesystem::remove_all(home_);
  }

  // As a process that starts: what was not durable is gone.
  void open() {
    keeper_.reset();
    Keeper::Settings settings;
    settings.home = home_;
    settings.retention = retention_;
    settings.engine.world = "test";
    patient::Account account;
    account.provider = "openai";
    account.access = {"http://127.0.0.1:9/v1", "k"};
    settings.engine.accounts = {account};
    auto keeper = Keeper::open(std::move(settings), keys_);
    ASSERT_TRUE(keeper) << keeper.error().code << ": " << keeper.error().message << ": " << keeper.error().why;
    keeper_ = std::move(*keeper);
  }

  Tickets& tickets() { return keeper_->tickets(); }
  store::Store& store() { return keeper_->home().store(); }
  std::vector<Job> jobs() { return store().jobs().value_or(std::vector<Job>()); }

  // Every request of the job fails: it has ended.
  void end(const Job& job) {
    const auto shapes = store().close_open(job.id, std::nullopt, std::nullopt, RequestState::failed,
                                           R"({"code":"test","message":"ended by hand"})");
    ASSERT_TRUE(shapes);
    auto ended = **store().job(job.id);
    ended.state = JobState::done;
    ended.finished = keeper_->now();
    ASSERT_TRUE(store().amend(ended));
  }

  // A request at a door, answered on this thread. `owner`: the name of its key.
  wire::HttpReply ask(const std::string& method, const std::string& target, const std::string& body = {},
                      const std::string& owner = {}, wire::Headers headers = {}) {
    Ask ask;
    ask.method = method;
    ask.target = target;
    if (wire::header(headers, "content-type").empty()) headers.emplace_back("content-type", "application/json");
    ask.headers = std::move(headers);
    ask.door = find_door(ask.method, ask.target, ask.headers);
    ask.id = "req_test";
    ask.origin = "http://127.0.0.1:8080";
    if (!owner.empty()) {
      KeyRules rules;
      rules.name = owner;
      ask.key = std::make_shared<Key>(std::move(rules));
    }
    ask.body = std::make_unique<Incoming>(keeper_->incoming_directory(), wire::header(ask.headers, "content-type"));
    EXPECT_TRUE(ask.body->take(body, 1 << 30));
    EXPECT_TRUE(ask.body->finish());
    switch (ask.door.want) {
      case Want::tickets: return own_objects(*keeper_, ask);
      case Want::responses: return response_objects(*keeper_, ask);
      default: break;
    }
    if (ask.door.dialect == Dialect::anthropic) return anthropic_batches(*keeper_, ask);
    if (ask.door.dialect == Dialect::gemini) return gemini_objects(*keeper_, ask);
    return openai_objects(*keeper_, ask);
  }
  static wire::Json json(const wire::HttpReply& reply) {
    return wire::parse_json(reply.body.text().value_or("")).value_or(wire::Json());
  }

  std::string home_;
  Duration retention_ = days(30);
  KeyRing keys_{""};
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace twolane::gateway
