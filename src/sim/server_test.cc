// The simulator behind a socket: its clock, its answers, and its state over restarts.

#include "sim/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "net/loop_world.h"
#include "wire/json.h"

namespace twolane::sim {
namespace {

class Served {
 public:
  explicit Served(ServeSettings settings) {
    std::promise<uint16_t> port;
    auto ready = port.get_future();
    thread_ = std::thread([this, settings, &port] {
      result_ = serve(
          settings, [&port](uint16_t p) { port.set_value(p); }, [this] { return stop_.load(); });
    });
    origin_ = "http://127.0.0.1:" + std::to_string(ready.get());
  }
  ~Served() {
    stop_ = true;
    thread_.join();
    EXPECT_TRUE(result_);
  }
  wire::Json get(const std::string& path, int status = 200) {
    net::LoopWorld world;
    wire::HttpCall call;
    call.url = origin_ + path;
    call.headers = {{"authorization", "Bearer k"}};
    std::optional<wire::HttpResult> result;
    world.call(std::move(call), [&](wire::HttpResult r) { result = std::move(r); });
    world.run_until([&] { return result.has_value(); });
    if (status == 0) return result->failure() ? wire::Json("failed") : wire::Json("answered");
    EXPECT_TRUE(result->reply()) << result->failure()->message;
    if (!result->reply()) return {};
    EXPECT_EQ(result->reply()->status, status);
    return wire::parse_json(result->reply()->body.text().value_or("")).value_or(wire::Json());
  }
  const std::string& origin() const { return origin_; }

 private:
  std::atomic<bool> stop_ = false;
  Status result_;
  std::thread thread_;
  std::string origin_;
};

TEST(Server, KeepsItsClockAndStateOverRestarts) {
  const auto path =
      std::filesystem::path(testing::TempDir()) / ("sim-server-" + std::to_string(::getpid()));
  std::filesystem::remove_all(path);
  ServeSettings settings{.speed = 50'000, .seed = 3, .scenario = {}, .directory = path.string()};
  wire::Json before;
  {
    Served s(settings);
    net::LoopWorld world;
    auto clock = world.follow_clock(s.origin(), 50'000);
    ASSERT_TRUE(clock) << clock.error().message;
    EXPECT_EQ(s.get("/openai/v1/models")["object"], "list");
    s.get("/nowhere", 404);
    before = s.get("/clock");
    EXPECT_EQ(before["id"], clock->id);
    EXPECT_EQ(before["speed"], 50'000);
  }
  settings.speed = 1;
  {
    Served s(settings);
    const wire::Json after = s.get("/clock");
    EXPECT_EQ(after["id"], before["id"]);
    EXPECT_GE(after["now_ms"].get<int64_t>(), before["now_ms"].get<int64_t>());
    EXPECT_EQ(after["speed"], 1);
  }
  std::filesystem::remove_all(path);
}

TEST(Server, LostAndRefusedCallsEndWithAClosedConnection) {
  for (double Scenario::* fault : {&Scenario::lost, &Scenario::refused}) {
    ServeSettings settings;
    settings.speed = 10'000;
    settings.scenario.*fault = 1;
    Served s(settings);
    EXPECT_EQ(s.get("/openai/v1/models", 0), "failed");
    EXPECT_EQ(s.get("/clock")["speed"], 10'000);
  }
}

}  // namespace
}  // namespace twolane::sim
