// The order of events in virtual time, and how faults arrive.

#include "sim/virtual_world.h"

#include <gtest/gtest.h>

#include "sim/client_for_tests.h"

namespace twolane::sim {
namespace {

class World : public testing::Test {
 protected:
  void make(const Scenario& s = {}) {
    providers_ = std::move(*Providers::open(s, 1, ""));
    world_ = std::make_unique<VirtualWorld>(*providers_, 1, start_of_tests());
  }
  wire::HttpCall get(std::string path) {
    wire::HttpCall call;
    call.url = "http://sim" + path;
    call.headers = {{"authorization", "Bearer k"}};
    return call;
  }
  std::unique_ptr<Providers> providers_;
  std::unique_ptr<VirtualWorld> world_;
};

TEST_F(World, EventsRunByTimeAndThenByAsking) {
  make();
  std::string order;
  const Time t = world_->now();
  world_->at(t + seconds(2), [&] { order += "c"; });
  world_->at(t + seconds(1), [&] {
    order += "a";
    world_->at(t, [&] { order += "b"; });  // the past is now
  });
  const auto gone = world_->at(t + seconds(1), [&] { order += "x"; });
  world_->at(t + seconds(2), [&] { order += "d"; });
  world_->forget(gone);
  world_->forget(gone);
  world_->forget(12345);
  EXPECT_EQ(world_->next_at(), t + seconds(1));
  while (world_->step()) {
  }
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(world_->now(), t + seconds(2));
  EXPECT_FALSE(world_->next_at());
}

TEST_F(World, RepliesComeAfterTheirLatency) {
  make();
  int status = 0;
  world_->call(get("/openai/v1/models"), [&](wire::HttpResult r) { status = r.reply()->status; });
  EXPECT_EQ(status, 0);
  EXPECT_GT(*world_->next_at(), world_->now());
  ASSERT_TRUE(world_->step());
  EXPECT_EQ(status, 200);
}

TEST_F(World, FaultsArriveAsFailures) {
  for (auto [change, sent] : {std::pair<double Scenario::*, bool>{&Scenario::refused, false},
                              {&Scenario::lost, true},
                              {&Scenario::lost_after, true}}) {
    Scenario s;
    s.*change = 1;
    make(s);
    const Time asked = world_->now();
    wire::HttpCall call = get("/openai/v1/models");
    call.timeout = seconds(40);
    bool failed = false;
    world_->call(std::move(call),
                 [&](wire::HttpResult r) { failed = r.failure() && r.failure()->sent == sent; });
    ASSERT_TRUE(world_->step());
    EXPECT_TRUE(failed);
    if (sent) {
      EXPECT_EQ(world_->now() - asked, seconds(40));
    }
  }
}

TEST_F(World, ASinkIsFedInPiecesAndMayRefuse) {
  for (const double cut : {0.0, 1.0}) {
    Scenario s;
    s.truncated_download = cut;
    make(s);
    std::string text = chat_lines(1);
    while (text.size() < 200'000)
      text += chat_line("x" + std::to_string(text.size()), std::string(500, 'y'));
    wire::HttpCall up = get("/openai/v1/files");
    up.method = "POST";
    up.headers.emplace_back("content-type", "multipart/form-data; boundary=B");
    up.body = wire::Body(
        "--B\r\nContent-Disposition: form-data; "
        "name=\"purpose\"\r\n\r\nbatch\r\n--B\r\nContent-Disposition: "
        "form-data; name=\"file\"; filename=\"i.jsonl\"\r\n\r\n" +
        text + "\r\n--B--\r\n");
    std::string id;
    world_->call(std::move(up), [&](wire::HttpResult r) {
      id = wire::string_at(*wire::parse_json(*r.reply()->body.text()), "id");
    });
    world_->step();
    std::string got;
    size_t largest = 0;
    wire::HttpCall down = get("/openai/v1/files/" + id + "/content");
    down.sink = [&](std::string_view piece) {
      got += piece;
      largest = std::max(largest, piece.size());
      return Status();
    };
    bool failed = false;
    world_->call(std::move(down), [&](wire::HttpResult r) { failed = r.failure() != nullptr; });
    world_->step();
    EXPECT_EQ(failed, cut > 0);
    EXPECT_LE(largest, 64u << 10);
    EXPECT_EQ(got, text.substr(0, got.size()));
    EXPECT_EQ(got.size() == text.size(), cut == 0);
    wire::HttpCall no = get("/openai/v1/files/" + id + "/content");
    no.sink = [](std::string_view) -> Status { return fail("test", "enough"); };
    world_->call(std::move(no), [&](wire::HttpResult r) { failed = r.failure() != nullptr; });
    world_->step();
    EXPECT_TRUE(failed);
  }
}

TEST_F(World, ACrashForgetsWhatWasUnderWay) {
  make();
  world_->at(world_->now(), [] { FAIL(); });
  world_->call(get("/openai/v1/models"), [](wire::HttpResult) { FAIL(); });
  int seen = 0;
  world_->before_event = [&] { ++seen; };
  world_->forget_everything();
  EXPECT_FALSE(world_->step());
  world_->call(get("/openai/v1/models"), [](wire::HttpResult) {});
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(world_->step());
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace twolane::sim
