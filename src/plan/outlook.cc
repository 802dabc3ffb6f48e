// What can be said about a job, and to who asks for one.
#include <algorithm>
#include <cmath>

#include "plan/planner.h"

namespace twolane::plan {
namespace {

constexpr double sure = 0.99;            // from this probability on a job is accepted without a word
constexpr double hopeless_below = 0.05;  // what is less likely is said to be impossible

}  // namespace

struct Outlooks {
  // A lower bound of the probability that every batch of the job ends in time.
  static double in_batches(const State& s, const JobState& job, Time now) {
    double chance = 1;
    bool open = false;
    for (const Group& g : job.groups) open = open || g.view.open > 0;
    const auto consider = [&](LaneId lane, int64_t requests, Duration age) {
      // Batches of a day share their fate: the likeliest to be late speaks for all.
      chance = std::min(chance, 1 - s.times(lane, requests).late(age, job.end - now));
    };
    for (const BatchId id : job.batches) {
      const BatchView& b = s.batches_.at(id);
      if (!b.live) consider(b.lane, b.requests, b.sent.ms == 0 ? Duration{0} : now - b.sent);
    }
    if (open) consider(job.groups.front().view.lane, job.view.requests, Duration{0});
    return chance;
  }

  static Outlook of(const State& s, JobId id, Time now) {
    Outlook o;
    const JobState* job = s.jobs_.find(id);
    if (job == nullptr || !job->known) return o;
    o.in_batches = in_batches(s, *job, now);
    o.finish = now;
    for (const JobState::Booked& b : job->booked) {
      if (b.requests <= 0 || !job->books()) continue;
      const Provider& p = s.providers_[b.provider];
      const Time start = p.tree.latest_start_from(job->due);
      if (start != DeadlineTree::never && (o.takeover.ms == 0 || start < o.takeover)) o.takeover = start;
      o.finish = std::max(o.finish, now + Duration{p.tree.need_by(job->due) / 1000});
    }
    return o;
  }

  static Verdict judge(const State& s, JobId id, Time now) {
    const JobState* job = s.jobs_.find(id);
    if (job == nullptr || !job->known || job->groups.empty()) return {};
    const LaneId lane = job->groups.front().view.lane;
    int64_t own_us = 0;
    for (const JobState::Booked& b : job->booked)
      if (b.provider == s.lanes_[lane.n].provider) own_us = b.need_us;
    return judge(s, lane, job->view.requests, job->end, job->view.kept, now, own_us);
  }

  // `own_us`: what the tree holds for it already.
  static Verdict judge(const State& s, LaneId lane, int64_t requests, Time deadline, bool kept, Time now, int64_t own_us = 0) {
    const Provider& p = s.providers_[s.lanes_[lane.n].provider];
    const Duration room = std::min(margin(deadline - now), std::max((deadline - now) / 10, Duration{0}));
    const auto need_us = static_cast<double>(p.need_us[static_cast<int>(Pace::measured)]) * static_cast<double>(requests);
    const Duration need{static_cast<int64_t>(need_us / 1000) + (p.tree.need_by(deadline) - own_us) / 1000};
    const double late = s.times(lane, requests).late(Duration{0}, deadline - now);
    Verdict v;
    v.earliest = now + need + room;
    if (!kept) {
      v.on_time = 1 - late;
      return v;
    }
    const Time later = p.tree.latest_start_from(deadline);
    const Duration more = Duration{static_cast<int64_t>(need_us / 1000)} - (own_us > 0 ? Duration{own_us / 1000} : Duration{0});
    const bool room_behind = later == DeadlineTree::never || later - std::max(more, Duration{0}) >= now;
    if (v.earliest <= deadline && room_behind) return v;
    // The live lane cannot do it alone: batches must return the rest.
    v.on_time = 1 - late;
    v.kind = kind_of(v.on_time);
    return v;
  }
};

Outlook outlook(const State& state, JobId job, Time now) { return Outlooks::of(state, job, now); }

Verdict::Kind kind_of(double on_time) {
  if (on_time >= sure) return Verdict::Kind::accepted;
  return on_time >= hopeless_below ? Verdict::Kind::at_risk : Verdict::Kind::cannot;
}

std::string_view name_of(Verdict::Kind kind) {
  constexpr std::string_view names[] = {"accepted", "at_risk", "cannot"};
  return names[static_cast<size_t>(kind)];
}

Verdict assess(const State& state, LaneId lane, int64_t requests, Time deadline, bool kept, Time now) {
  return Outlooks::judge(state, lane, requests, deadline, kept, now);
}

Verdict assess(const State& state, JobId job, Time now) { return Outlooks::judge(state, job, now); }

}  // namespace twolane::plan
