// A world on one thread in which time jumps from event to event; the network leads to Providers.
//
// Deterministic: the order of events depends on their times and on the order in which they were
// asked for. Base URLs under this world: "http://sim/openai/v1", "http://sim/anthropic",
// "http://sim/gemini".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "net/world.h"
#include "sim/providers.h"

namespace twolane::sim {

class VirtualWorld final : public net::World {
 public:
  VirtualWorld(Providers& providers, uint64_t seed, Time start);

  Time now() override { return now_; }
  net::TimerId at(Time when, std::function<void()> then) override;
  void forget(net::TimerId timer) override;
  void call(wire::HttpCall call, std::function<void(wire::HttpResult)> then) override;
  uint64_t random() override;

  // Runs the next event. False when there is none.
  bool step();
  // The time of the next event, if there is one.
  std::optional<Time> next_at() const;
  // Forgets every timer and every call under way (their effects at the providers stay): a crash.
  void forget_everything();
  // Called before each event is run and each call is made; throwing from it is how tests crash an
  // engine.
  std::function<void()> before_event;

 private:
  struct Due {
    Time when;
    uint64_t order;
    auto operator<=>(const Due&) const = default;
  };
  Providers& providers_;
  Time now_;
  uint64_t random_state_;
  uint64_t next_order_ = 1;
  std::map<Due, std::function<void()>> events_;
  std::unordered_map<uint64_t, Time> timers_;  // order -> when, of those that may be forgotten
};

}  // namespace twolane::sim
