// What should be going on: the drain of each provider, and what has to go live.
//
// A decision looks at the root of each deadline tree first. Only when something must start within the lead
// of a cancel does it walk jobs, earliest deadline first, and only as far as that reaches.
#include <algorithm>
#include <cmath>

#include "plan/decision.h"
#include "plan/planner.h"

namespace twolane::plan {
namespace {

constexpr Duration most_lead = minutes(11);      // cancel_lead of a long job
constexpr Duration most_flex = minutes(10);      // a flex call is given this long
constexpr Duration least_flex = minutes(1);      // below this flex is not tried
constexpr Duration gamble_again = seconds(30);   // a gamble is looked at again after this
constexpr Duration share_window = minutes(1);    // who wants less than a share of this long goes first
constexpr size_t walked_most = 256;              // jobs in one decision; those behind them wait for their turn

}  // namespace

std::vector<Action> Decision::take() {
  s_.end_rides(now_);
  if (!s_.riding_.empty()) wake(s_.riding_.begin()->first);
  expire();
  try_shapes();
  for (uint32_t p = 0; p < s_.providers_.size(); ++p) drain(p);
  if (std::any_of(s_.providers_.begin(), s_.providers_.end(), [&](const Provider& p) { return p.flex.open(now_); }))
    for (const JobId id : s_.chained_) step_by_flex(s_.jobs_.at(id));
  for (const JobId id : s_.rush_) rush(s_.jobs_.at(id));
  withdraw();
  for (LaneState& lane : s_.lanes_) {
    restart(lane);
    pack(lane);
  }
  if (wake_ != far) actions_.push_back(WakeAt{wake_});
  return std::move(actions_);
}

void Decision::wake(Time at) {
  if (at > now_) wake_ = std::min(wake_, at);
}

void Decision::expire() {
  for (const auto& [at, job] : s_.best_effort_) {
    if (at > now_) return wake(at);
    actions_.push_back(Expire{job});
  }
}

void Decision::try_shapes() {
  for (const auto& [job, shape] : s_.untried_) {
    const JobState& j = s_.jobs_.at(job);
    const Group& g = group_of(j, shape);
    if (!g.view.trying && wait_of(j) > Duration{0}) actions_.push_back(Try{job, shape});
  }
}

Duration Decision::wait_of(const JobState& job) const {
  if (job.view.rush) return {0};
  Duration least{DeadlineTree::never.ms};
  if (!job.books()) return least;
  for (const JobState::Booked& b : job.booked)
    if (b.requests > 0) least = std::min(least, s_.providers_[b.provider].tree.latest_start_from(job.due) - now_);
  return least;
}

Duration Decision::flex_window(const Provider& p, const JobState& job) const {
  if (!p.flex.open(now_) || !fits_live(p, job)) return {0};
  const bool any = std::any_of(job.groups.begin(), job.groups.end(), [&](const Group& g) { return has_flex(g); });
  return any ? std::min(most_flex, time_of(job) / 3) : Duration{0};
}

bool Decision::fits_live(const Provider& p, const JobState& job) {
  const auto need_us = static_cast<double>(p.need_us[static_cast<int>(Pace::measured)]) * static_cast<double>(job.view.requests);
  return need_us <= static_cast<double>(time_of(job).ms) * 1000;
}

Duration Decision::lead_of(const Provider& p, const JobState& job) const {
  return cancel_lead(time_of(job)) + flex_window(p, job);
}

// ---------------------------------------------------------------- promotion

void Decision::drain(uint32_t number) {
  Provider& p = s_.providers_[number];
  p.tree.move_to(now_);
  const Time start = p.tree.latest_start();
  if (start == DeadlineTree::never) return;
  const Duration lead = most_lead + (p.flex.open(now_) ? most_flex : Duration{0});
  if (start - lead > now_) return wake(start - lead);
  const auto until = p.tree.last_starting_by(now_ + lead);
  full_us_ = 60e6 / p.rate.allowed_per_minute();
  counted_us_ = static_cast<double>(p.need_us[static_cast<int>(Pace::measured)]);
  queue_ = {};
  std::vector<const JobState*> jobs;
  for (auto at = p.by_due.begin(); at != p.by_due.end() && at->first <= *until && jobs.size() < walked_most; ++at)
    jobs.push_back(&s_.jobs_.at(at->second));
  std::map<uint32_t, Queue> tenants;
  double weights = 0;
  for (const JobState* job : jobs)
    if (tenants.try_emplace(job->view.tenant).second) weights += job->view.weight;
  const size_t first = actions_.size();
  bool short_of_room = false;
  for (const JobState* job : jobs) {
    tenant_ = tenants.size() > 1 ? &tenants.at(job->view.tenant) : nullptr;
    tenant_slowness_ = weights / job->view.weight;
    short_of_room = look(p, number, *job) || short_of_room;
  }
  if (short_of_room) share_drain(first);
}

bool Decision::look(const Provider& p, uint32_t number, const JobState& job) {
  const Duration wait = p.tree.latest_start_from(job.due) - now_;
  const Duration flex = flex_window(p, job), lead = lead_of(p, job);
  const bool drains = wait <= Duration{0};
  const bool flexes = flex.ms > 0 && wait <= flex && wait >= least_flex;
  turns_[job.view.id] = turn(wait);
  int64_t open = 0;
  for (const Group& g : job.groups) {
    if (g.view.open == 0 || s_.lanes_[g.view.lane.n].provider != number) continue;
    open += g.view.open;
    if (drains && !gambles(job, g)) actions_.push_back(Drain{job.view.id, g.view.shape, ServiceTier::standard, {}, g.view.open});
    else if (flexes && has_flex(g)) actions_.push_back(Drain{job.view.id, g.view.shape, ServiceTier::flex, wait, g.view.open});
  }
  advance(open);
  reach_batches(job, number, wait, lead, drains && open == 0);
  if (!drains) wake(now_ + wait);
  if (wait > flex) wake(now_ + wait - flex);
  wake(now_ + wait - lead);
  const bool too_slow = wait < Duration{0} && now_ + Duration{p.tree.need_by(job.due) / 1000} > job.view.deadline;
  return foresee(job, wait) || too_slow;
}

void Decision::advance(int64_t requests) {
  queue_.requests += requests;
  if (tenant_ != nullptr) tenant_->requests += requests;
}

Duration Decision::turn(Duration wait) const {
  auto before_us = static_cast<double>(queue_.requests) * full_us_;
  if (tenant_ != nullptr && wait < Duration{0})
    before_us = std::min(before_us, static_cast<double>(tenant_->requests) * full_us_ * tenant_slowness_);
  return std::max(wait, Duration{0}) + Duration{static_cast<int64_t>(before_us / 1000)};
}

bool Decision::gambles(const JobState& job, const Group& g) const {
  const double theta = gamble(job.view.on_time);
  return theta > 0 && g.view.fresh && !job.view.rush &&
         s_.times(g.view.lane, job.view.requests).late(Duration{0}, job.end - now_) < theta;
}

void Decision::reach_batches(const JobState& job, uint32_t number, Duration wait, Duration lead, bool idle) {
  struct Reach {
    double late;
    const BatchView* batch;
    int64_t requests;
  };
  std::vector<Reach> reached;
  for (const BatchId id : job.batches) {
    const BatchView& b = s_.batches_.at(id);
    if (b.live || s_.lanes_[b.lane.n].provider != number) continue;
    const auto m = std::find_if(b.members.begin(), b.members.end(), [&](const auto& x) { return x.first == job.view.id; });
    if (m == b.members.end() || m->second == 0) continue;
    const Duration age = b.sent.ms == 0 ? Duration{0} : now_ - b.sent;
    const double late = b.cancelling ? 2 : s_.times(b.lane, b.requests).late(age, job.end - now_);
    reached.push_back({late, &b, m->second});
  }
  // Of equal ones the order is that of their ids: the same in every process.
  std::sort(reached.begin(), reached.end(), [](const Reach& a, const Reach& b) {
    return a.late != b.late ? a.late > b.late : a.batch->id < b.batch->id;
  });
  const double theta = job.view.rush ? 0 : gamble(job.view.on_time);
  for (const Reach& r : reached) {
    const Duration at = turn(wait);
    if (r.batch->cancelling) {
      if (idle) actions_.push_back(Overtake{job.view.id, r.batch->id});
      idle = false;
    } else if (at > lead) {  // once the drain goes on, its answers bring the next look
      return wake(now_ + std::max(at - lead, wait > Duration{0} ? Duration{0} : gamble_again));
    } else if (r.late >= theta) {
      cancel(*r.batch, CancelFor::deadline);
    } else {
      wake(now_ + gamble_again);
    }
    advance(r.requests);
  }
}

void Decision::cancel(const BatchView& b, CancelFor why) {
  if (cancelled_.insert(b.id).second) actions_.push_back(Cancel{b.id, why});
}

bool Decision::foresee(const JobState& job, Duration wait) {
  if (wait >= Duration{0}) return false;
  const Time finish = now_ + Duration{static_cast<int64_t>(static_cast<double>(queue_.requests) * counted_us_ / 1000)};
  if (finish <= job.view.deadline) return false;
  double late = 0;
  for (const BatchId id : job.batches) {
    const BatchView& b = s_.batches_.at(id);
    const Duration age = b.sent.ms == 0 ? Duration{0} : now_ - b.sent;
    if (!b.live) late = std::max(late, s_.times(b.lane, b.requests).late(age, job.view.deadline - now_));
  }
  actions_.push_back(AtRisk{job.view.id, finish, job.batches.empty() ? 1 : late});
  return true;
}

void Decision::share_drain(size_t first) {
  std::set<JobId> counted;
  std::map<uint32_t, Claim> claims;
  for (size_t i = first; i < actions_.size(); ++i)
    if (const JobState* const job = goes_live(actions_[i]); job != nullptr && counted.insert(job->view.id).second) {
      Claim& c = claims[job->view.tenant];
      for (const JobState::Booked& b : job->booked) c.wants += static_cast<double>(b.requests);
      c.weight = job->view.weight;
    }
  if (claims.size() < 2) return;
  std::vector<Claim> all;
  for (const auto& [tenant, claim] : claims) all.push_back(claim);
  const auto got = shares(static_cast<double>(share_window.ms) * 1000 / full_us_, all);
  std::map<uint32_t, double> rank;  // least first
  size_t i = 0;
  for (const auto& [tenant, claim] : claims) {
    // A number in (0, 1) for each tenant and second; its power by the weight makes the odds.
    const uint64_t h = (static_cast<uint64_t>(now_.ms / 1000) * 0x9E3779B97F4A7C15ull) ^ (tenant * 0xC2B2AE3D27D4EB4Full);
    const double u = (static_cast<double>((h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ull >> 11) + 0.5) * 0x1.0p-53;
    rank[tenant] = got[i++] >= claim.wants ? -1 : -std::log(u) / claim.weight;
  }
  std::stable_sort(actions_.begin() + static_cast<ptrdiff_t>(first), actions_.end(), [&](const Action& a, const Action& b) {
    const auto of = [&](const Action& x) {
      const JobState* const job = goes_live(x);
      return job == nullptr ? -2 : rank.at(job->view.tenant);
    };
    return of(a) < of(b);
  });
}

const JobState* Decision::goes_live(const Action& action) const {
  if (const auto* d = std::get_if<Drain>(&action)) return &s_.jobs_.at(d->job);
  const auto* o = std::get_if<Overtake>(&action);
  return o == nullptr ? nullptr : &s_.jobs_.at(o->job);
}

bool Decision::goes_by_flex(const JobState& job, const Group& g) const {
  const Provider& p = s_.providers_[s_.lanes_[g.view.lane.n].provider];
  return job.view.steps_after > 0 && job.books() && !job.view.rush && has_flex(g) && p.flex.open(now_) && wait_of(job) > flex_window(p, job);
}

void Decision::step_by_flex(const JobState& job) {
  for (const Group& g : job.groups)
    if (g.view.open > 0 && goes_by_flex(job, g))
      actions_.push_back(Drain{job.view.id, g.view.shape, ServiceTier::flex, std::min(wait_of(job), most_flex), g.view.open});
}

void Decision::rush(const JobState& job) {
  bool idle = true;
  for (const Group& g : job.groups) {
    if (g.view.open == 0) continue;
    idle = false;
    actions_.push_back(Drain{job.view.id, g.view.shape, ServiceTier::standard, {}, g.view.open});
  }
  for (const BatchId id : job.batches) {
    const BatchView& b = s_.batches_.at(id);
    if (b.live) continue;
    if (!b.cancelling) cancel(b, CancelFor::deadline);
    else if (idle && b.cancel_since + minutes(3) <= now_) actions_.push_back(Overtake{job.view.id, id});
    else if (idle) wake(b.cancel_since + minutes(3));
  }
}

std::vector<Action> step(State& state, const Event& event, Time now) {
  apply(state, event);
  return Decision(state, now).take();
}

}  // namespace twolane::plan
