// Which lane a request on a synchronous door takes, and how long it can wait: the first match wins of
// the headers Twolane-Deadline and Twolane-Lane, Prefer: respond-async (RFC 7240), service_tier:
// batch, and the key's default.
//
// Pure.
#pragma once

#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "gateway/body_scan.h"
#include "gateway/keys.h"
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

// Error gateway.deadline, gateway.lane: a header says what cannot be.
Result<LaneChoice> choose_lane(const wire::Headers& headers, const BodyScan& body, const KeyRules* key, Time now);

// Twolane-Deadline (6h, or RFC 3339) as a span from now. Error gateway.deadline.
Result<std::optional<Duration>> asked_deadline(const wire::Headers& headers, Time now);

}  // namespace twolane::gateway
