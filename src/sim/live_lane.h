// Synchronous calls: their rate limit, their answers, and the charge for each one that is executed.
#pragma once

#include <simdjson.h>

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sim/answers.h"
#include "sim/ask.h"
#include "sim/batches.h"
#include "sim/cached_contents.h"
#include "sim/scenario.h"
#include "sim/state.h"
#include "sim/storage.h"

namespace twolane::sim {

class LiveLane {
 public:
  LiveLane(const Scenario& scenario, State& state, Storage& storage)
      : scenario_(scenario), state_(state), storage_(storage) {}

  // One call's place in the minute.
  struct Turn {
    bool granted = true;
    int64_t limit = 0, remaining = 0;
    Duration reset;        // until the full limit is there again
    Duration retry_after;  // until the next place, when this one was not granted
  };
  Turn take(Provider provider, std::string_view account, Time now);

  // Reads the body into line(). line().ask.refusal tells whether it is refused. `model` for
  // providers that name it in the URL.
  // `reader` where the request may name a cached content.
  void read(Endpoint endpoint, std::string_view body, const Model* model, Draw draw,
            const CacheReader& reader = {});
  // Whether the tier asked for has no room now (flex).
  bool shed() const;
  // Answers what was read: line().said.
  void answer(Provider provider, std::string_view account);
  // Books it under line().response_id. Comes before the answer leaves.
  Status charge(Provider provider, std::string_view account, Time now);

  Line& line() { return line_; }
  ServiceTier tier() const { return tier_; }

 private:
  struct Bucket {
    double left = 0;
    Time at;
  };
  const Scenario& scenario_;
  State& state_;
  Storage& storage_;
  std::map<std::string, Bucket, std::less<>> buckets_;
  std::map<std::string, PrefixCache, std::less<>> caches_;
  simdjson::dom::parser parser_;
  simdjson::padded_string text_;
  Answerer answerer_;
  Line line_;
  ServiceTier tier_ = ServiceTier::standard;
};

}  // namespace twolane::sim
