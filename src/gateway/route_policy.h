// Which target of a route is asked next: order, retries, budget, circuits, and how long a flex call
// waits for capacity. No clock and no chance inside: both come in as arguments.
//
// Pure. A route is a name of a model that leads to several targets. A request walks through them in
// an order (as written, or drawn by weight), skips those that are not to be asked now, and comes
// back to the first when all have failed, with a pause. Nothing here says what a target is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/endpoint.h"

namespace twolane::gateway {

struct RouteRules {
  std::string name;
  std::vector<std::string> targets;  // "provider/model"
  std::vector<int> weights;          // one for each target; empty: in the order written
  int attempts = 0;                  // calls for one request at most; 0: one for each target, at least 2
  int concurrency = 0;               // calls at a time for each target; 0: unlimited
  int failures = 5;                  // within `window` open a target's circuit, if no fewer than successes
  Duration window = seconds(30);
  Duration cooldown = seconds(15);   // an open circuit lets one call try again after this
  Duration connect = seconds(10);
  Duration first_byte;               // 0: the gateway's own limit
  Duration idle;                     // 0: the gateway's own limit
  std::string lane;                  // "patient", "interactive" or empty, for requests that say nothing
  Duration deadline;                 // 0: none; of its patient and flex requests that name none
  std::optional<ServiceTier> tier;   // of requests that name none

  int most_attempts() const;
};

// How an attempt went, as its answer's head told.
enum class Heard : uint8_t {
  good,       // also a refusal that is the request's own fault: the target works
  unreached,  // no connection
  late,       // no answer within the route's own limit for the first byte
  refused,    // 408, 429, 5xx that may pass
  broken,     // the connection broke after the request was sent
  unknown,    // the client left before
};
Heard heard_of(int status);
// Whether another attempt may follow. `broken` and `unknown` may not: the provider may have done the
// work. `late` may: that is what the route's own limit is for.
bool allows_another(Heard heard);
// Whether the provider may bill an attempt whose answer was not kept. A refusal to take the request
// (408, 429, 529) is not billed; another 5xx may come after the work was done.
bool may_be_billed(Heard heard, int status, bool was_sent);

// Closed: every call goes. Open: none. After the cooldown one goes ahead, and its end decides.
class Circuit {
 public:
  bool admits(const RouteRules& rules, Time now) const;
  void begin(const RouteRules& rules, Time now);  // after admits()
  void heard(const RouteRules& rules, Heard heard, Time now);
  void end();  // the call is over and its place free
  bool is_open() const { return open_; }
  int in_flight() const { return in_flight_; }
  // When it is worth asking again, where it is open.
  Time opens_at() const { return until_; }

 private:
  void trip(const RouteRules& rules, Time now);

  bool open_ = false, probing_ = false;
  Time until_, window_began_;
  int good_ = 0, bad_ = 0;  // in this window
  int in_flight_ = 0;
};

// Attempts beyond the first, limited to a tenth of all requests over time, with a reserve for bursts:
// a provider in trouble is not buried under retries.
class RetryBudget {
 public:
  void first();  // a request's first attempt
  bool take();   // one more attempt, if there is one left

 private:
  static constexpr int price = 10, reserve = 200;
  int saved_ = reserve;
};

// The order in which a request asks the targets; `draw` is evenly distributed over 64 bits.
std::vector<size_t> order_of(const RouteRules& rules, uint64_t draw);

struct Step {
  size_t target = 0;
  Duration pause;
};
// The next attempt of a request that made `made` of them so far, the last one at position
// `position` of its order; nothing where it has to end. A first attempt (made == 0) starts at
// position 0. `wait`: what the last target asked for (retry-after). A pause falls due only where
// a target is asked again.
struct Progress {
  int made = 0;
  size_t position = 0;
  std::optional<Duration> wait;
  int uncounted = 0;  // of `made`: they found no capacity, which costs nothing
};
std::optional<Step> next_step(const RouteRules& rules, std::span<const size_t> order,
                              std::span<const Circuit> circuits, Progress& progress, Time now, uint64_t draw);

inline constexpr Duration longest_pause = seconds(5);

// A flex call that names no time is answered within this.
inline constexpr Duration flex_window = minutes(15);
// No later than this a flex call with this window goes on at the standard tier: a minute before its
// end, or a third of a short window.
Duration flex_until(Duration window);
// Until then a flex answer may begin, where the window has to be kept: half of what is left then.
Duration flex_limit(Duration window);
// How long a flex call that found no capacity `rounds` times (at least once) waits before it asks
// again; nothing: it goes on at the standard tier, because the time for that would come meanwhile.
// `wait`: retry-after.
std::optional<Duration> flex_pause(Duration window, Duration passed, int rounds, std::optional<Duration> wait,
                                   uint64_t draw);

}  // namespace twolane::gateway
