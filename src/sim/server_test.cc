// The simulator behind a socket: its clock, its answers, and its state over restarts.

#include "sim/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
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

// Moves the real time at which the clock was saved `back`: as if that long had passed since.
void let_pass(const std::filesystem::path& directory, Duration back) {
  const auto path = directory / "clock.json";
  std::ifstream in(path);
  auto saved = *wire::parse_json(std::string{std::istreambuf_iterator<char>(in), {}});
  saved["wall_ms"] = wire::int_at(saved, "wall_ms") - back.ms;
  std::ofstream(path) << wire::dump(saved);
}

TEST(Server, AClockThatStandsGoesOnWhereItStopped) {
  const auto path = std::filesystem::path(testing::TempDir()) / ("sim-stands-" + std::to_string(::getpid()));
  ServeSettings settings;
  settings.directory = path;
  settings.speed = 1000;
  for (const bool stands : {true, false}) {
    settings.clock_stands = stands;
    int64_t before = 0;
    {
      Served s(settings);
      before = wire::int_at(s.get("/clock"), "now_ms");
    }
    let_pass(path, hours(1));
    const auto copy = path / "clock.json", crash = path / "clock.crash";
    {
      Served s(settings);
      std::filesystem::copy_file(copy, crash, std::filesystem::copy_options::overwrite_existing);  // as kill -9 leaves it
      const int64_t now = wire::int_at(s.get("/clock"), "now_ms");
      EXPECT_GE(now, before);
      const int64_t passed = hours(1).ms * 1000;
      if (stands) EXPECT_LT(now, before + passed / 10);
      else EXPECT_GE(now, before + passed);
      before = now;
    }
    std::filesystem::rename(crash, copy);
    Served s(settings);
    EXPECT_GE(wire::int_at(s.get("/clock"), "now_ms"), before) << "after a crash";
  }
  std::filesystem::remove_all(path);
}

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
