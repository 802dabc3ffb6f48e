// Clock, timers, signals and the following of a simulator's clock.
#include "net/loop_world.h"

#include <csignal>
#include <stdexcept>

#include "net/http_server.h"
#include "net/testing.h"

namespace twolane::net {
namespace {

using testing::RawPeer;

TEST(LoopWorld, TimersRunByTimeThenByTheOrderInWhichTheyWereAskedFor) {
  LoopWorld world(testing::quick());
  const Time now = world.now();
  std::string seen;
  world.at(now + milliseconds(4), [&] { seen += 'd'; });
  world.at(now - milliseconds(5), [&] { seen += 'b'; });
  world.at(now - milliseconds(9), [&] { seen += 'a'; });
  world.at(now - milliseconds(5), [&] { seen += 'c'; });
  world.at(now + milliseconds(4), [&] { seen += 'e'; });
  EXPECT_EQ(seen, "");  // never from within at()
  world.run_until([&] { return seen.size() == 5; });
  EXPECT_EQ(seen, "abcde");
  EXPECT_GE(world.now(), now + milliseconds(4));
}

TEST(LoopWorld, ForgottenTimersDoNotRun) {
  LoopWorld world(testing::quick());
  const Time now = world.now();
  std::string seen;
  TimerId later = 0;
  const TimerId never = world.at(now, [&] { seen += 'x'; });
  world.at(now, [&] {
    world.forget(later);
    world.forget(12345);
    seen += 'a';
  });
  later = world.at(now, [&] { seen += 'y'; });
  const TimerId ran = world.at(now, [&] { seen += 'b'; });
  world.forget(never);
  world.run_until([&] { return seen.size() == 2; });
  world.forget(ran);
  world.at(now, [&] { seen += 'c'; });
  world.run_until([&] { return seen.size() == 3; });
  EXPECT_EQ(seen, "abc");
}

TEST(LoopWorld, AnEarlierTimerOvertakesOneThatIsArmed) {
  LoopWorld world(testing::quick());
  bool late = false, early = false;
  world.at(world.now() + hours(1), [&] { late = true; });
  world.at(world.now() + milliseconds(3), [&] { early = true; });
  world.run_until([&] { return early; });
  EXPECT_FALSE(late);
}

TEST(LoopWorld, ManyTimersMostOfThemForgotten) {
  LoopWorld world(testing::quick());
  const Time now = world.now();
  int ran = 0;
  std::vector<TimerId> ids;
  for (int i = 0; i < 20'000; ++i)
    ids.push_back(world.at(now + milliseconds(i % 20), [&ran] { ++ran; }));
  for (size_t i = 0; i < ids.size(); ++i)
    if (i % 10 != 0) world.forget(ids[i]);
  bool over = false;
  world.at(now + milliseconds(20), [&over] { over = true; });
  world.run_until([&over] { return over; });
  EXPECT_EQ(ran, 2000);
}

TEST(LoopWorld, TheUserLooksBetweenTwoTimers) {
  LoopWorld world(testing::quick());
  int ran = 0;
  for (int i = 0; i < 3; ++i) world.at(world.now(), [&ran] { ++ran; });
  EXPECT_TRUE(world.run_until([&ran] { return ran == 1; }));
  EXPECT_EQ(ran, 1);
}

TEST(LoopWorld, RunsAClockOfItsOwn) {
  LoopWorld world(testing::quick());
  const Time start{1'764'000'000'000};
  Time asked_before{};
  world.at(start + hours(2), [&] { asked_before = world.now(); });
  world.run_clock(start, 1e6);  // an hour in 3.6 ms
  EXPECT_GE(world.now(), start);
  Time first{};
  world.at(start + hours(1), [&] { first = world.now(); });
  world.run_until([&] { return first != Time{} && asked_before != Time{}; });
  EXPECT_GE(first, start + hours(1));
  EXPECT_GE(asked_before, start + hours(2));
  EXPECT_LT(asked_before, start + days(365));
}

TEST(LoopWorld, AClockMayBeSlow) {
  LoopWorld world(testing::quick());
  world.run_clock(Time{1000}, 0.5);
  const auto real_start = Clock::now();
  bool rang = false;
  world.at(Time{1004}, [&rang] { rang = true; });
  world.run_until([&rang] { return rang; });
  EXPECT_GE(Clock::now() - real_start, std::chrono::milliseconds(8));
}

TEST(LoopWorld, StopEndsTheRunAndExceptionsLeaveIt) {
  LoopWorld world(testing::quick());
  world.at(world.now(), [&] { world.stop(); });
  EXPECT_FALSE(world.run_until([] { return false; }));
  bool done = false;
  world.at(world.now(), [&] {
    done = true;
    world.stop();
  });
  EXPECT_TRUE(world.run_until([&done] { return done; }));
  world.at(world.now(), [] { throw std::runtime_error("a crash of the test"); });
  EXPECT_THROW(world.run_until([] { return false; }), std::runtime_error);
  bool ran = false;
  world.at(world.now(), [&ran] { ran = true; });
  EXPECT_TRUE(world.run_until([&ran] { return ran; }));
}

TEST(LoopWorld, SignalsBecomeCallbacks) {
  LoopWorld world(testing::quick());
  std::vector<int> seen;
  world.on_signal([&seen](int number) { seen.push_back(number); });
  std::raise(SIGINT);
  world.run_until([&seen] { return seen.size() == 1; });
  std::raise(SIGTERM);
  world.run_until([&seen] { return seen.size() == 2; });
  EXPECT_EQ(seen, (std::vector<int>{SIGINT, SIGTERM}));
  world.on_signal({});
}

TEST(LoopWorld, RandomNumbersDifferFromWorldToWorld) {
  LoopWorld a(testing::quick()), b(testing::quick());
  EXPECT_NE(a.random(), b.random());
  EXPECT_NE(a.random(), a.random());
}

TEST(LoopWorld, CallsUnderWayEndWithTheWorld) {
  bool answered = false;
  {
    LoopWorld world(testing::quick());
    RawPeer peer(world, {{{.reply = "HTTP/1.1 200 OK\r\n", .end = testing::Turn::hang}}});
    for (int i = 0; i < 3; ++i)
      world.call(testing::get(peer.url()), [&](wire::HttpResult) { answered = true; });
    world.run_until([&] { return peer.requests().size() == 3; });
  }
  EXPECT_FALSE(answered);
}

class ClockServer {
 public:
  ClockServer(LoopWorld& world, std::string body, int status = 200)
      : server_(world, {}, [body, status](HttpRequest request, Responder to) {
          to.reply({request.target == "/clock" ? status : 404, {}, body});
        }) {
    origin_ = "http://127.0.0.1:" + std::to_string(server_.listen("127.0.0.1", 0).value());
  }
  const std::string& origin() const { return origin_; }

 private:
  HttpServer server_;
  std::string origin_;
};

TEST(FollowClock, FollowsASimulator) {
  LoopWorld world(testing::quick());
  const ClockServer sim(
      world, R"({"id":"sim-7","now":"2026-11-25T05:00:00Z","now_ms":1795582800000,"speed":3600})");
  const auto clock = world.follow_clock(sim.origin() + "/openai/v1", 3600);
  ASSERT_TRUE(clock) << clock.error().why;
  EXPECT_EQ(clock->id, "sim-7");
  EXPECT_EQ(clock->speed, 3600);
  const Time start{1'795'582'800'000};
  EXPECT_GE(world.now(), start);
  EXPECT_LT(world.now(), start + hours(10));
  Time rang{};
  world.at(world.now() + seconds(30), [&] { rang = world.now(); });  // 8.3 ms
  world.run_until([&rang] { return rang != Time{}; });
  EXPECT_GE(rang, start + seconds(30));
}

TEST(FollowClock, ReadsTheWrittenTimeWhereThereAreNoMilliseconds) {
  LoopWorld world(testing::quick());
  const ClockServer sim(world, R"({"id":"s","now":"2026-11-25T05:00:00Z","speed":1})");
  const auto clock = world.follow_clock(sim.origin(), 1);
  ASSERT_TRUE(clock);
  EXPECT_GE(clock->now, parse_rfc3339("2026-11-25T05:00:00Z").value());
  EXPECT_LT(clock->now, parse_rfc3339("2026-11-25T05:00:30Z").value());
}

TEST(FollowClock, RefusesAnotherSpeedAndPlacesWithoutAClock) {
  LoopWorld world(testing::quick());
  const auto code = [&world](const std::string& origin, double speed) {
    const auto clock = world.follow_clock(origin, speed);
    return clock ? "ok" : clock.error().code + ": " + clock.error().why;
  };
  const ClockServer sim(world, R"({"id":"s","now_ms":5000,"speed":60})");
  EXPECT_TRUE(code(sim.origin(), 61).starts_with("clock.speed: 127.0.0.1:"))
      << code(sim.origin(), 61);
  EXPECT_GT(world.now(), Time{1'600'000'000'000});  // a refused clock is not followed
  const ClockServer missing(world, "", 404), prose(world, "hello"), empty(world, "{}");
  EXPECT_TRUE(code(missing.origin(), 1).starts_with("clock.none")) << code(missing.origin(), 1);
  EXPECT_TRUE(code(prose.origin(), 1).starts_with("clock.none"));
  EXPECT_TRUE(code(empty.origin(), 1).starts_with("clock.none"));
  EXPECT_TRUE(code("not a url", 1).starts_with("clock.none"));
  EXPECT_TRUE(code("http://127.0.0.1:1", 1).starts_with("clock.none"));
}

}  // namespace
}  // namespace twolane::net
