// Which lane a request on a synchronous door takes, and how long it can wait: the first match wins of
// the headers Twolane-Deadline and Twolane-Lane, Prefer: respond-async (RFC 7240), service_tier: flex
// or batch, and the default of its route or key. A flex request is never made a batch by a deadline
// alone: it is sent live, and the deadline is its patience.
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "wire/http.h"

namespace twolane::gateway {

struct LaneChoice {
  bool patient = false;
  bool overrides_stream = false;  // only headers turn stream: true into a patient request
  Duration window = hours(24);
  bool kept = false;              // the client named the time: it is kept, else best effort
  bool respond_async = false;     // 202 and a Location
  std::optional<Duration> wait;   // ... after this
};

// What holds where the request says nothing: of its route, or else of its key.
struct LaneDefaults {
  std::string_view lane;  // "patient", "interactive" or empty
  Duration deadline;      // 0: none
};

// `tier`: as the request or its route names it. Error gateway.deadline, gateway.lane: a header says
// what cannot be.
Result<LaneChoice> choose_lane(const wire::Headers& headers, std::string_view tier, const LaneDefaults& otherwise,
                               Time now);

// Twolane-Deadline (6h, or RFC 3339) as a span from now. Error gateway.deadline.
Result<std::optional<Duration>> asked_deadline(const wire::Headers& headers, Time now);

// Twolane-On-Time (0.999): with which probability the deadline is to be kept; nothing where it is not said.
// Error gateway.on_time.
Result<std::optional<double>> asked_on_time(const wire::Headers& headers);

// Twolane-Steps-After (9): how many steps of a chain wait for this one; the deadline is the last one's. 0
// where it is not said. Error gateway.steps_after.
Result<int32_t> asked_steps_after(const wire::Headers& headers);

}  // namespace twolane::gateway
