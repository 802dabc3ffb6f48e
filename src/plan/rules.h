// The planner's rules of thumb as functions of their figures, each with its source.
//
// Sections refer to ../shared/reference/scheduling.md. Pure; no state.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "plan/completion_times.h"

namespace twolane::plan {

// --- promotion (sections 2 and 3)

// Kept free before the deadline for what the plan cannot see: a twentieth of the job's time, 2 to 5
// minutes, and a generous synchronous call.
Duration margin(Duration job_time);
// How long before the drain batches are cancelled, so that their finished part comes back before it is
// bought again: nearly every cancel takes effect within 11 min; a fifth of the job's time at most.
Duration cancel_lead(Duration job_time);
// The newsvendor ratio: promote what is late with at least this probability. 0: leave nothing to chance.
double gamble(double on_time);
// The share of its remaining time that a step of a chain may use when `steps_after` follow it.
Time step_deadline(Time accepted, Time deadline, int32_t steps_after);

// --- packing (section 3, flush and sub-batch size)

// When a group that waits for company goes: 15 min, or a twentieth of the time that is left.
Duration flush_after(Duration left);
// Cancelling gives back what the drain can use: ten minutes of it, a quarter of the quota, four batches to a
// job of 1,000 and more.
struct BatchRoom {
  int64_t provider_requests = 0;  // the provider's limit, 0: none
  int64_t quota_requests = 0;     // what fits into the enqueued-token quota, 0: no limit
  double live_per_minute = 0;
};
int64_t batch_size(int64_t job_requests, const BatchRoom& room);
// A batch pays as long as it ends in time with at least this probability (P4 with 10 % billed twice).
inline constexpr double batch_pays_from = 0.09;

// --- stuck and slow (rule R)

struct PeerEnd {
  Time sent;
  Duration took;
};
// When a batch counts as overtaken: three peers sent no earlier have ended, and it is older than three
// times the slowest of them and ten minutes. `never` while fewer have.
Time overtaken_at(Time sent, std::span<const PeerEnd> ended);
// A lone batch is sent again when it is far older than most and a new one is likelier to make it.
bool restart_lone(const CompletionTimes& times, Duration age, Duration left, int32_t restarts);
// Which lane an unfinished request should be in: worth moving when (c_s - c_to) F_to > (c_s - c_here) F_here.
struct LaneOffer {
  double price = 0.5;    // of list
  double in_time = 0;    // probability
};
bool worth_moving(const LaneOffer& here, const LaneOffer& there);

// --- fairness

struct Claim {
  double wants = 0, weight = 1;
};
// Shares `room` by weight: nobody gets more than they want, what one leaves goes to the others
// (max-min). One tenant's million takes nothing from another's hundred.
std::vector<double> shares(double room, std::span<const Claim> claims);

}  // namespace twolane::plan
