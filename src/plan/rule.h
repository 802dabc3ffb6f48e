// The planner as a function: step(state, event, now) -> actions.
//
// Pure: no clock, store, network or randomness inside. Events tell what changed; actions are levels,
// not commands to be counted: they say what should be going on as of `now`, and the same actions come
// again until an event tells that they were carried out.
//
// The rule, until a real planner takes this seam over. W(d) is the work due by d, r the live rate that
// is allowed at a provider, margin(d) a twentieth of the job's time within 2 to 5 minutes:
//   start(d) = d - margin(d) - W(d) / r        latest safe start of the drain into the live lane
// From `lead` before start(d) on, batches that hold requests due by d are cancelled, so that their
// finished part comes back before it is bought again; from start(d) on, what is open goes live. Until
// then everything rides in batches. Jobs at best effort never go live; a day past their window, what is
// unanswered expires.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "model/endpoint.h"

namespace twolane::plan {

// What one provider batch may hold: requests for one model by one endpoint.
struct Lane {
  std::string provider;
  Endpoint endpoint = Endpoint::chat_completions;
  std::string model;
  auto operator<=>(const Lane&) const = default;
};

struct JobView {
  JobId id;
  Time accepted, deadline;
  bool kept = false;    // false: best effort
  bool paused = false;  // place nothing new
  bool rush = false;    // promoted by its user
};

// The open requests of one shape of one job.
struct GroupView {
  JobId job;
  int32_t shape = 0;
  Lane lane;
  int64_t open = 0;
  Time since;           // when the oldest of them became open
  bool fresh = true;    // none of them was ever placed: nothing more is coming
  bool untried = false; // one of them must be tried before many are bought
  bool trying = false;  // and that one is under way
};

struct BatchView {
  BatchId id;
  Lane lane;
  bool live = false;        // a wave of synchronous calls
  bool cancelling = false;
  bool returning = true;    // requests may still come back from it
  std::vector<std::pair<JobId, int64_t>> members;  // unfinished requests by job
};

struct State {
  std::map<JobId, JobView> jobs;
  std::map<std::pair<JobId, int32_t>, GroupView> groups;
  std::map<BatchId, BatchView> batches;
  std::map<std::string, double> live_per_minute;  // by provider
  std::map<Lane, Time> held;                      // quota full, throttled: pack nothing before
  int64_t batch_requests = 10'000;                // flush at this size
};

struct JobChanged { JobView job; };
struct JobGone { JobId job; };
struct GroupChanged { GroupView group; };
struct BatchChanged { BatchView batch; };
struct BatchGone { BatchId batch; };
struct RateLearned { std::string provider; double per_minute = 0; };
struct LaneHeld { Lane lane; Time until; };
struct LaneFreed { Lane lane; };
struct Tick {};
using Event = std::variant<JobChanged, JobGone, GroupChanged, BatchChanged, BatchGone, RateLearned,
                           LaneHeld, LaneFreed, Tick>;

struct Try { JobId job; int32_t shape; };                 // send one request of it live
struct Pack { Lane lane; std::vector<std::pair<JobId, int32_t>> groups; bool kept; };  // by deadline
struct Drain { JobId job; int32_t shape; };               // its open requests go live now
struct Overtake { JobId job; BatchId batch; };            // do not wait for a cancelled batch
struct Cancel { BatchId batch; };
struct Expire { JobId job; };                             // best effort, a day past its window
struct AtRisk { JobId job; Time finish; };                // a miss is foreseen
struct Takeover { JobId job; Time at; };                  // when its drain must start, for display
struct WakeAt { Time at; };
using Action = std::variant<Try, Pack, Drain, Overtake, Cancel, Expire, AtRisk, Takeover, WakeAt>;

// What should be going on, with the event taken into `state` first.
std::vector<Action> step(State& state, const Event& event, Time now);

// Takes an event in without asking what follows: for many events at one instant.
void apply(State& state, const Event& event);

}  // namespace twolane::plan
