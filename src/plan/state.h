// What the planner knows, indexed so that an update costs a tree path and a decision looks only at what is
// urgent. Callers use planner.h; this is for the parts of the planner.
//
// Everything here follows from the events, told in any order that ends with the same levels, and from
// what was learned (CompletionTimes, peers that ended, measured rates), which is saved and restored.
#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/completion_times.h"
#include "plan/deadline_tree.h"
#include "plan/events.h"
#include "plan/id_map.h"
#include "plan/live_rate.h"
#include "plan/rules.h"

namespace twolane::plan {

using GroupKey = std::pair<JobId, int32_t>;

struct Flex {
  bool offered = false;        // in any of its lanes
  double tried = 0, shed = 0;  // of about the last 50
  Time heard;
  // Not while most calls are shed; an hour later it is tried again.
  bool open(Time now) const { return offered && (tried < 10 || shed <= 0.7 * tried || now - heard > hours(1)); }
};

struct Provider {
  std::string name;
  LiveRate rate;
  int64_t need_us[2] = {0, 0};  // of a request, by Pace
  Flex flex;
  DeadlineTree tree;
  std::set<std::pair<Time, JobId>> by_due;  // jobs that have booked here, earliest first
};

struct LaneState {
  Lane lane;
  uint32_t provider = 0;
  bool flex = false;                          // its requests are sold on the flex tier
  CompletionTimes times[4];                   // by size class
  std::deque<PeerEnd> ended[4];               // the last few of each class, for who overtakes whom
  std::optional<Time> held;
  std::set<std::pair<Time, GroupKey>> waiting;  // open groups of jobs that may place, earliest deadline first
  std::set<std::pair<Time, GroupKey>> flush_at; // the same groups by when they wait no longer for company
  int64_t open = 0;                           // requests of those groups
  std::set<std::pair<Time, BatchId>> in_flight; // provider batches by when they were sent
  int64_t returning = 0;                      // batches that may still give something back
};

struct Group {
  GroupView view;
  bool waiting = false;  // stands in its lane's indexes, with the two times below
  Time due, flush;
  int64_t counted = 0;
};

// Nearly every job has one group at one provider: those lie in the job itself, so that an update touches one
// stretch of memory.
struct JobState {
  JobView view;
  Time end;                  // its deadline; a step of a chain: the end of its share of the time
  Time due;                  // live drain must be over by then
  Pace pace = Pace::measured;
  bool known = false;        // the view was told, not only a part of it
  bool rides = false;        // too large for the live lane: in batches alone for the first half of its time
  struct Booked {
    uint32_t provider;
    int64_t requests = 0;    // unfinished
    int64_t need_us = 0;     // what the tree holds for them
  };
  boost::container::small_vector<Booked, 1> booked;
  boost::container::small_vector<Group, 1> groups;
  std::vector<BatchId> batches;  // that hold unfinished requests of it, newest last
  bool places() const { return known && !view.paused; }
  bool books() const { return places() && view.kept && !rides; }
};

int size_class(int64_t requests);  // 1, up to 100, up to 10,000, more

class State {
 public:
  explicit State(double headroom = 0) : headroom_(headroom) {}

  LaneId number(const Lane& lane);
  const std::vector<LaneState>& lanes() const { return lanes_; }
  const CompletionTimes& times(LaneId lane, int64_t requests) const {
    return lanes_[lane.n].times[size_class(requests)];
  }
  // What was learned of a lane and of a provider's live lane, for the store, and back. Error plan.evidence.
  std::string learned(LaneId lane) const;
  Status learn(LaneId lane, std::string_view text);
  std::string learned(const std::string& provider) const;
  Status learn(const std::string& provider, std::string_view text);

  int64_t batch_requests = 0;  // a provider batch never holds more; 0: the rules alone

 private:
  friend void apply(State& state, const Event& event);
  friend class Decision;
  friend struct Outlooks;

  void take(const JobChanged& e);
  void take(const JobGone& e);
  void take(const GroupChanged& e);
  void take(const BatchChanged& e);
  void take(const BatchGone& e);
  void take(const BatchTook& e);
  void take(const RateKnown& e);
  void take(const RateMeasured& e);
  void take(const FlexOffered& e);
  void take(const FlexHeard& e);
  void take(const LaneHeld& e) { lanes_[e.lane.n].held = e.until; }
  void take(const LaneFreed& e) { lanes_[e.lane.n].held.reset(); }
  void take(const Tick&) {}

  uint32_t provider(const std::string& name);
  Provider& provider_of(LaneId lane) { return providers_[lanes_[lane.n].provider]; }
  const Provider& provider_of(LaneId lane) const { return providers_[lanes_[lane.n].provider]; }
  void rates_changed(uint32_t provider);
  void book(JobState& job, uint32_t provider, int64_t requests);  // so many more, or fewer, unfinished
  void rebook(JobState& job);                                     // after its deadline, pace or state changed
  void place_in_lane(JobState& job, Group& group);
  void take_from_lane(Group& group);
  void unbatch(const BatchView& batch, bool gone);
  Pace pace_of(const JobState& job) const;
  bool rides(const JobState& job, uint32_t provider) const;
  Time ride_end(const JobState& job) const { return job.view.accepted + (job.view.deadline - job.view.accepted) / 2; }
  void end_rides(Time now);

  double headroom_;
  std::vector<Provider> providers_;
  std::vector<LaneState> lanes_;
  std::map<Lane, uint32_t> lane_numbers_;
  IdMap<JobTag, JobState> jobs_;
  IdMap<BatchTag, BatchView> batches_;
  std::set<GroupKey> untried_;
  std::set<JobId> rush_;
  std::set<BatchId> unwanted_;                    // not cancelled yet, with requests that nobody wants any more
  std::set<JobId> chained_;                       // kept jobs for which further steps wait
  std::set<std::pair<Time, JobId>> riding_;       // by when that ends
  std::set<std::pair<Time, JobId>> best_effort_;  // by when they expire
};

}  // namespace twolane::plan
