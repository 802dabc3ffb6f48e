// The world outside of the engine: a clock, timers, a network and randomness.
//
// Two implementations: net::LoopWorld (sockets, real or followed time) and sim::VirtualWorld (one
// thread, seeded, time jumps). Everything runs on one thread: callbacks are never called from within
// at() or call(), and those due at the same instant run in the order in which they were asked for.
#pragma once

#include <cstdint>
#include <functional>

#include "base/time.h"
#include "wire/http.h"

namespace twolane::net {

using TimerId = uint64_t;

class World {
 public:
  virtual ~World() = default;
  virtual Time now() = 0;
  virtual TimerId at(Time when, std::function<void()> then) = 0;
  virtual void forget(TimerId timer) = 0;  // a timer that ran or is unknown: nothing happens
  virtual void call(wire::HttpCall call, std::function<void(wire::HttpResult)> then) = 0;
  virtual uint64_t random() = 0;
};

}  // namespace twolane::net
