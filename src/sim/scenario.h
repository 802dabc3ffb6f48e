// How bad the simulated providers are: one plain value, by name or from TOML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sim/rates.h"

namespace twolane::sim {

// Probabilities are 0..1 and are drawn per call, per batch or per request as named.
struct Scenario {
  std::string name = "calm";

  // Completion time of a batch: lognormal, mixed with a share that never finishes by itself.
  Duration median = minutes(20);
  double sigma = 0.7;
  double stuck = 0;      // share of batches that never move (until cancelled or expired)
  double slow_days = 0;  // share of days on which everything takes `slow_factor` times as long
  double slow_factor = 10;
  Duration validation = seconds(5);
  Duration finalizing = seconds(2);
  Duration cancel_lag = minutes(2), cancel_lag_most = minutes(10);

  // Requests.
  double request_error = 0;         // permanent error (4xx)
  double request_server_error = 0;  // retryable error (5xx)
  double billed_failure =
      0;  // share of server errors that are billed; half of them with usage in the line
  double expired_share = 0;  // share of requests left over when a batch reaches its window

  // Result files.
  bool shuffled = true;
  double duplicate_line = 0, missing_line = 0, foreign_line = 0, corrupt_line = 0;
  double truncated_download = 0;  // per download: cut off
  Duration late_output;           // output_file_id appears this long after `completed`
  double counts_lie = 0;          // per poll: counts that do not match the lines
  std::vector<long long>
      counts_always;              // total, completed, failed shown whatever the lines are; or empty
  bool empty_string_ids = false;  // "" for absent file ids

  // Calls.
  double too_many = 0;                   // 429
  double server_error = 0;               // 5xx without effect
  double server_error_after = 0;         // 5xx after the call took effect
  double lost = 0;                       // no answer, no effect
  double lost_after = 0;                 // no answer, after it took effect
  double refused = 0;                    // connection refused
  double unknown_state = 0;              // per poll: a state nobody knows
  double unreadable = 0;                 // 2xx with a body that is not JSON, after it took effect
  Duration list_lag;                     // new batches appear in lists this much later
  Duration latency = milliseconds(300);  // of control calls
  Duration live_latency = seconds(2);    // median of synchronous calls
  Duration flex_latency = seconds(10);   // the same of calls on the flex tier, which differ more
  Duration chunk_pause = milliseconds(20);  // between the events of a streamed answer

  // Limits.
  long long enqueued_tokens = 0;  // per model, 0: unlimited
  double live_per_minute = 6000;  // per account and provider
  double flex_refused = 0.05;     // per call on the flex tier: no capacity

  // Money: which reading of an open price rule these providers bill by.
  Billing billing = Billing::ranked;

  double cache_hits = 0.6;  // chance that a shared prefix of 1,024 tokens and more is found cached
  std::vector<Duration> blackout_at;  // from the start: everything answers 503 for `blackout`
  Duration blackout = minutes(10);
};

// "calm", "busy", "outage", "hostile", "incident", or a path of a TOML file (optionally `base =
// "calm"`). Errors: sim.scenario naming the key.
Result<Scenario> scenario(std::string_view name_or_file);
Result<Scenario> scenario_from_toml(std::string_view text, std::string_view file);

}  // namespace twolane::sim
