// What a job cost and whether it was on time, in every policy's books.
#pragma once

#include <cstdint>

namespace twolane::trial {

// One job to be done: so many requests, from `start` (minutes of the run) until `deadline`.
struct Task {
  uint64_t number = 0;
  double start = 0, deadline = 0;
  int64_t requests = 0;
  uint32_t tenant = 0;
  double weight = 1;
  int32_t steps_after = 0;
};

// Counts of requests. Half prices: a request by batch or flex costs one, live two.
struct Tally {
  double batch = 0, flex = 0, live = 0;  // executed and billed
  double twice = 0;                      // billed for nothing: the request had been, or was, bought otherwise
  double on_time = 0;                    // answers before the deadline
  double batches = 0, cancels = 0;

  double cost(double requests) const { return (batch + flex + 2 * live) / (2 * requests); }
  double late(double requests) const { return (requests - on_time) / requests; }
  Tally& operator+=(const Tally& t) {
    batch += t.batch, flex += t.flex, live += t.live, twice += t.twice, on_time += t.on_time;
    batches += t.batches, cancels += t.cancels;
    return *this;
  }
};

}  // namespace twolane::trial
