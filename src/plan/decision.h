// One decision: what should be going on as of a time. For the parts of the planner; callers use planner.h.
//
// decide.cc promotes, decide_batches.cc restarts and packs. Neither keeps anything beyond the decision.
#pragma once

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "plan/events.h"
#include "plan/state.h"

namespace twolane::plan {

class Decision {
 public:
  Decision(State& s, Time now) : s_(s), now_(now) {}
  std::vector<Action> take();

 private:
  static constexpr Time far{std::numeric_limits<int64_t>::max()};

  void wake(Time at);
  void expire();
  void try_shapes();
  // How long until the drain must start that this job is part of; never for best effort.
  Duration wait_of(const JobState& job) const;
  static Duration time_of(const JobState& job) { return job.view.deadline - job.view.accepted; }
  // What the state's indexes name is there.
  static const Group& group_of(const JobState& job, int32_t shape) {
    return *std::find_if(job.groups.begin(), job.groups.end(), [&](const Group& g) { return g.view.shape == shape; });
  }
  bool has_flex(const Group& g) const { return s_.lanes_[g.view.lane.n].flex; }
  Duration flex_window(const Provider& p, const JobState& job) const;
  // A job that is too large for the live lane has no time for calls that may be given up.
  static bool fits_live(const Provider& p, const JobState& job);
  Duration lead_of(const Provider& p, const JobState& job) const;

  // --- promotion
  void drain(uint32_t number);
  // Returns whether the live lane alone is too slow for it.
  bool look(const Provider& p, uint32_t number, const JobState& job);
  void advance(int64_t requests);
  // From now until the drain comes to what is looked at: after all that is due earlier or, where there is
  // not enough for all, after what its own tenant has before it at that tenant's share of the rate.
  Duration turn(Duration wait) const;
  // Fresh requests of a job that may gamble ride in a batch even now if that is likely enough to be in time.
  bool gambles(const JobState& job, const Group& g) const;
  // Cancels what the drain reaches within the lead of a cancel, likeliest to be late first.
  void reach_batches(const JobState& job, uint32_t number, Duration wait, Duration lead, bool idle);
  void cancel(const BatchView& b, CancelFor why);
  // A miss is foreseen when even the rate that drains really reach is too slow for what stands before it.
  bool foresee(const JobState& job, Duration wait);
  // Where there is not enough for all, tenants share the drain by weight: whoever wants less than a share goes
  // first, the others take turns, a second each, as often as they weigh.
  void share_drain(size_t first);
  // Whose requests an action sends into the live lane.
  const JobState* goes_live(const Action& action) const;
  // The time that a step of a chain takes is taken from the steps behind it: flex costs what a batch costs and
  // is quicker. What is shed stays open; while most is shed, the step rides in batches like any other.
  bool goes_by_flex(const JobState& job, const Group& g) const;
  void step_by_flex(const JobState& job);
  // Promoted by its user: everything goes live now.
  void rush(const JobState& job);

  // --- batches: those that nobody wants, stuck and slow ones, and those to come
  // A provider cannot take one request out of a batch. One in which nothing is wanted is cancelled, as is one
  // that was not sent yet; one with both kinds where at least a third of it is not wanted and a new batch for
  // the rest will probably (three in four) end before any job of it would have to go live: of what that saves at most
  // half is lost again by promotions.
  void withdraw();
  bool room_for_another(const BatchView& b) const;
  void restart(LaneState& lane);
  bool restarted_enough(const JobState& job) const;
  void overtaken(const BatchView& b, const std::deque<PeerEnd>& peers);
  void alone(const BatchView& b, const JobState& job);
  bool waits_for_company(const LaneState& lane);
  void pack(LaneState& lane);
  int64_t size_for(const LaneState& lane, const JobState& job) const;
  // How many of a group's open requests ride in batches: all as long as that may be in time; close to the
  // drain those that it would not reach before some batches end.
  int64_t batch_share(const LaneState& lane, const JobState& job, const Group& g);
  const Alternative* better_lane(const JobState& job, const Group& g) const;
  // The chance that a batch sent now ends within `most`: what the lane's history says, given that its
  // batches in flight have not ended yet.
  double likely_by(LaneId lane, int64_t requests, Duration most) const;
  // Tenants share a batch that cannot hold everything by weight, each filling its share by deadline.
  void share_batch(Pack& pack, int64_t taken);

  State& s_;
  Time now_;
  Time wake_ = far;
  std::vector<Action> actions_;
  // Of the walk through one provider's jobs: a request's time at the full rate and at the one counted on,
  // and what stands before the job that is looked at.
  struct Queue {
    int64_t requests = 0;
  };
  double full_us_ = 0, counted_us_ = 0;
  Queue queue_;
  Queue* tenant_ = nullptr;      // its own, where there is more than one
  double tenant_slowness_ = 1;   // all weights over its own
  std::map<JobId, Duration> turns_;
  std::set<BatchId> cancelled_;
};

}  // namespace twolane::plan
