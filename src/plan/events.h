// What the planner is told and what it answers.
//
// Events carry levels: how a job, a group, a batch stands now, not what was added to it. Actions are
// levels as well: what should be going on as of `now`; the same actions come again until an event tells
// that they were carried out. So nothing is lost when an event is told twice or an action is dropped, and a
// planner that is told everything anew decides as the one that saw it happen.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "plan/live_rate.h"

namespace twolane::plan {

// What one provider batch may hold: requests for one model by one endpoint.
struct Lane {
  std::string provider;
  Endpoint endpoint = Endpoint::chat_completions;
  std::string model;
  auto operator<=>(const Lane&) const = default;
};

// A lane as the state numbers it: State::number.
struct LaneId {
  uint32_t n = 0;
  auto operator<=>(const LaneId&) const = default;
};

struct JobView {
  JobId id;
  Time accepted, deadline;
  bool kept = false;        // false: best effort, never above batch price
  bool paused = false;      // place nothing new
  bool capped = false;      // nothing of it can be bought at present: it is not packed, and drains only what is given back
  bool rush = false;        // promoted by its user
  int64_t requests = 0;     // of the whole job
  double on_time = 0.99;    // wanted probability; from 0.999 on nothing is left to chance
  uint32_t tenant = 0;      // whose it is
  double weight = 1;        // of that tenant, where there is not enough for all
  int32_t steps_after = 0;  // of its chain: they need their share of the time
  int32_t restarts = 0;     // batches given up for being slow, so far
};

// Another lane in which a group may run, and what its batches cost as a share of list where the group is now:
// what would be late goes live there.
struct Alternative {
  LaneId lane;
  double price = 0.5;
};

// The open requests of one shape of one job.
struct GroupView {
  JobId job;
  int32_t shape = 0;
  LaneId lane;
  int64_t open = 0;
  Time since;            // when the oldest of them became open
  bool fresh = true;     // none of them was ever placed: nothing more is coming
  bool untried = false;  // one of them must be tried before many are bought
  bool trying = false;   // and that one is under way
  std::vector<Alternative> elsewhere = {};  // within the caller's equivalence set; its own lane not among them
  bool more = false;     // others of the job will be open behind answers that are still to come
  double price = 0.5;    // of batches in its own lane, as a share of list
};

struct BatchView {
  BatchId id;
  LaneId lane;
  bool live = false;        // a wave of synchronous calls
  bool cancelling = false;
  bool returning = true;    // requests may still come back from it
  int64_t requests = 0;     // that it was sent with
  Time sent;                // accepted by the provider; 0 before
  Time cancel_since;        // 0: no cancel was asked for
  std::vector<std::pair<JobId, int64_t>> members;  // unfinished requests by job
  int64_t unwanted = 0;    // beside them: unfinished requests that their users cancelled
};

struct JobChanged { JobView job; };
struct JobGone { JobId job; };
struct GroupChanged { GroupView group; };
struct BatchChanged { BatchView batch; };
struct BatchGone { BatchId batch; };
// A batch left its lane: by itself, or censored (cancelled, expired, never seen to end).
struct BatchTook { LaneId lane; int64_t requests = 0; Time sent; Duration took; bool by_itself = false; };
struct RateKnown { std::string provider; LiveLimits limits; double reserved = 0; };
struct RateMeasured { std::string provider; double per_minute = 0; };  // of a drain of a minute or more
struct FlexOffered { LaneId lane; bool offered = false; };  // the same requests are sold on the flex tier
struct FlexHeard { std::string provider; int64_t tried = 0, shed = 0; Time at; };
struct LaneHeld { LaneId lane; Time until; };  // quota full, throttled: pack nothing before
struct LaneFreed { LaneId lane; };
struct Tick {};
using Event = std::variant<JobChanged, JobGone, GroupChanged, BatchChanged, BatchGone, BatchTook, RateKnown,
                           RateMeasured, FlexOffered, FlexHeard, LaneHeld, LaneFreed, Tick>;

// This group goes to another lane from now on: its own is slow.
struct Move { JobId job; int32_t shape = 0; LaneId lane; };
// Some open requests of a group.
struct Portion { JobId job; int32_t shape = 0; int64_t most = 0; };

struct Try { JobId job; int32_t shape = 0; };  // send one request of it live
// Into batches of at most `batch_requests`, in this order.
struct Pack { LaneId lane; std::vector<Portion> portions; int64_t batch_requests = 0; bool kept = false; };
// Open requests that go live now, in the order of the actions, as fast as the lane allows. Flex calls are
// given up after `patience`.
struct Drain { JobId job; int32_t shape = 0; ServiceTier tier = ServiceTier::standard; Duration patience; int64_t most = 0; };
struct Overtake { JobId job; BatchId batch; };  // do not wait for a cancelled batch
enum class CancelFor : uint8_t { deadline, slow, unwanted };
struct Cancel { BatchId batch; CancelFor why = CancelFor::deadline; };
struct Expire { JobId job; };                   // best effort, a day past its window
// A miss is foreseen: the live lane alone would finish at `finish`; `probability` that batches do not
// return in time what it cannot take.
struct AtRisk { JobId job; Time finish; double probability = 1; };
struct WakeAt { Time at; };
using Action = std::variant<Try, Pack, Move, Drain, Overtake, Cancel, Expire, AtRisk, WakeAt>;

}  // namespace twolane::plan
