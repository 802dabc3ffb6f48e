// A request on its way along a route: whom it has asked, whom it asks next, what became of each try.
//
// Belongs to one request, on its worker's thread. The place that a try holds at its target is given
// back at the latest with the object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/money.h"
#include "gateway/router.h"
#include "gateway/routes.h"
#include "net/asio.h"

namespace twolane::gateway {

struct RoutedCall {
  explicit RoutedCall(std::shared_ptr<Route> r) : route(std::move(r)), choices(route->rules().targets.size()) {}
  RoutedCall(const RoutedCall&) = delete;
  RoutedCall& operator=(const RoutedCall&) = delete;
  ~RoutedCall() { end(Outcome::left, 0, sent, began); }

  // Fills `order` with the targets that can be asked for this request and sell `tier`; where none
  // does, it stays as it was. Whether there is one.
  bool aim_at(std::optional<ServiceTier> tier, uint64_t draw);
  // The first of them that sells batches, or null.
  const Choice* for_batches() const;
  // Takes the next step; false where nobody may be asked.
  bool step_on(Route::Try why, Time now, uint64_t draw);
  // The try under way is over. Once for each; further calls do nothing.
  void end(Outcome outcome, int status, bool may_be_billed, Time now);
  // Its target cannot be asked this at all: it was not made, and the target is not asked again.
  void drop_target(Time now);

  const std::shared_ptr<Route> route;
  std::vector<std::shared_ptr<const Choice>> choices;  // by target; null: not for this request
  std::vector<size_t> order;
  Progress progress;
  Step step;
  std::string body;                  // as the client wrote it
  std::optional<ServiceTier> tier;   // to ask for; nothing: whatever the body says
  bool again = false;                // another step has been chosen, or a pause for capacity
  Duration capacity_pause;           // ... of this length

  // Of a flex call.
  Duration window;                   // 0: it is none, or goes on at the standard tier
  bool kept = false;                 // the client named the time
  Time began;
  int rounds = 0;                    // that found no capacity

  // Of the try under way.
  bool placed = false;   // its place is taken
  bool sent = false;     // its request, at least a part
  bool heard = false;    // its target is known to answer
  bool broke = false;    // its answer broke off
  net::Clock::time_point tried;

  // A try whose answer nobody has may cost that much; nothing: as much as nobody knows.
  void may_cost(std::optional<PicoUsd> up_to) {
    if (up_to) this->up_to = this->up_to.value_or(PicoUsd{}) + *up_to;
  }
  std::optional<PicoUsd> up_to;  // of all such tries but the last

  std::string tries;     // what became of those before: members of a JSON array, for the log
};

}  // namespace twolane::gateway
