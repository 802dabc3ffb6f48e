// The planner as a function: step(state, event, now) -> actions.
//
// Pure: no clock, store, network or randomness inside. A batch bills only what it completes, so waiting is
// free, and the question is when the drain into the live lane must start: latest_start of the deadline
// tree, over all jobs of a provider together. From cancel_lead before it on, the batches that the drain
// reaches first are cancelled; from it on, what is open goes live, earliest deadline first; when batches
// return enough, it stops. Everything else rides in batches. docs/planner.md explains it.
//
// The engine and `twolane simulate` run this same code.
#pragma once

#include <string_view>
#include <vector>

#include "plan/events.h"
#include "plan/state.h"

namespace twolane::plan {

// What should be going on, with the event taken into `state` first.
std::vector<Action> step(State& state, const Event& event, Time now);

// Takes an event in without asking what follows: for many events at one instant. About 0.1 us for a count.
void apply(State& state, const Event& event);

// How one job stands, for displays.
struct Outlook {
  Time takeover;             // when its drain must start; 0: never
  Time finish;               // of the drain, if it started now with all that is unfinished
  double in_batches = 0;     // probability that batches return it all before that (a lower bound)
};
Outlook outlook(const State& state, JobId job, Time now);

// What can be said to who asks for so many answers by a deadline, before anything is bought.
struct Verdict {
  enum class Kind : uint8_t { accepted, at_risk, cannot } kind = Kind::accepted;
  double on_time = 1;        // probability
  Time earliest;             // by which it can be kept by the live lane alone
};
std::string_view name_of(Verdict::Kind kind);  // accepted, at_risk, cannot
// Of a deadline that is to be kept: accepted from 0.99 on, without hope below 0.05.
Verdict::Kind kind_of(double on_time);
Verdict assess(const State& state, LaneId lane, int64_t requests, Time deadline, bool kept, Time now);
// The same of a job that was told already and of which nothing was placed yet.
Verdict assess(const State& state, JobId job, Time now);

}  // namespace twolane::plan
