// The gateway as a whole, on a port of its own. What its doors answer is tested by tests/command.
#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "net/testing.h"

namespace twolane::gateway {
namespace {

// Two looks, a second apart: one sees that calls came, the next that none came since.
TEST(Gateway, MemoryIsGivenBackOnceCallsHaveStopped) {
  std::promise<void> rested;
  std::atomic<int> rests = 0, served = 0;
  Settings settings;
  settings.port = 0;
  settings.threads = 1;
  settings.at_rest = [&] {
    EXPECT_EQ(served, 1) << "before any call there is nothing to give back";
    if (rests++ == 0) rested.set_value();
  };
  auto gateway = Gateway::make(std::move(settings));
  ASSERT_TRUE(gateway) << gateway.error().message;
  const auto port = (*gateway)->listen();
  ASSERT_TRUE(port);
  std::thread running([&] { (*gateway)->run(); });
  net::LoopWorld world(net::testing::quick());
  const auto reply = net::testing::fetch(world, net::testing::get("http://127.0.0.1:" + std::to_string(*port) + "/healthz"));
  EXPECT_EQ(net::testing::shown(reply), "200 ok\n");
  served = 1;
  EXPECT_EQ(rested.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  (*gateway)->stop();
  running.join();
  EXPECT_EQ(rests, 1);
}

}  // namespace
}  // namespace twolane::gateway
