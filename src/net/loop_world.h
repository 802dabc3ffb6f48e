// The World on real sockets: one thread, one event loop, wall time or the time of a simulator.
//
// Guarantee: callbacks run from run_until() only, one after the other, never from within at(),
// call() or any other member. Timers due at the same instant run in the order in which they were
// asked for. Exceptions of callbacks leave run_until(). After wall time jumped, timers are late by
// at most 10 s. Threads: one. Several worlds may live on several threads, each used by its own
// only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/world.h"

namespace twolane::net {

class EventLoop;

// What `GET /clock` of a simulator says.
struct FollowedClock {
  std::string id;  // of the simulator
  Time now;
  double speed = 1;  // virtual milliseconds in a real one
};

class LoopWorld final : public World {
 public:
  struct Settings {
    Duration sweep = milliseconds(250);      // how exactly timeouts of connections are kept
    std::string trusted_pem;                 // certificates trusted beside those of the system
    int64_t connections_per_origin = 256;    // further calls wait their turn
    Duration idle_connection = seconds(30);  // unused connections are closed after this
    int64_t body_limit = 64 << 20;           // of replies without a sink, in bytes
    bool proxy_from_environment = true;      // HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
  };

  LoopWorld();
  explicit LoopWorld(Settings settings);
  // Calls under way end without being answered. Servers on this world must be gone before.
  ~LoopWorld() override;

  Time now() override;
  TimerId at(Time when, std::function<void()> then) override;
  void forget(TimerId timer) override;
  void call(wire::HttpCall call, std::function<void(wire::HttpResult)> then) override;
  uint64_t random() override;  // seeded by the operating system

  // From now on now() starts at `start` and runs `speed` times as fast as real time; timers asked
  // for before keep their virtual time. `speed` > 0. Timeouts of connections stay real.
  void run_clock(Time start, double speed);
  // Follows the clock of the simulator at `origin` ("http://127.0.0.1:8090"; a path is ignored).
  // Call before anything else: it runs the loop. Errors: clock.none, no clock there; clock.speed,
  // another factor.
  Result<FollowedClock> follow_clock(std::string_view origin, double expected_speed);

  // Runs callbacks until `done` holds (asked first, and after each event) or stop() was called.
  // Returns whether `done` holds.
  bool run_until(const std::function<bool()>& done);
  // Ends the innermost run_until(), or the next one if none runs.
  void stop();

  // Called (as any callback) with SIGINT or SIGTERM instead of ending the process; an empty
  // function restores the default.
  void on_signal(std::function<void(int)> then);

  EventLoop& loop();  // for HttpServer

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace twolane::net
