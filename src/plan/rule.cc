#include "plan/rule.h"

#include <algorithm>
#include <limits>
#include <set>

namespace twolane::plan {
namespace {

constexpr double rate_unknown = 60;              // requests a minute where nothing is known
constexpr Duration answer_time = seconds(30);    // of a synchronous call, generously
constexpr Duration cancel_lead = minutes(11);    // most cancels take effect within this
constexpr Duration overtake_after = minutes(3);  // within this of the deadline's start, wait for a cancel
constexpr Duration flush_most = minutes(15);
constexpr Duration rides_from = hours(4);        // half of it is longer than most batches take
constexpr Duration best_effort_grace = hours(24);

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

Duration margin_of(const JobView& job) {
  return std::clamp((job.deadline - job.accepted) / 20, minutes(2), minutes(5)) + answer_time;
}

Duration lead_of(const JobView& job) {
  return std::min(cancel_lead, std::max((job.deadline - job.accepted) / 5, Duration{0}));
}

// More than the live lane can do by the deadline: such a job rides in batches for the first half of its
// time, and drains what is left then. To go live at once would pay list price and be late all the same.
bool rides(const JobView& job, Duration drain, Time now) {
  const Duration all = job.deadline - job.accepted;
  return all >= rides_from && drain > job.deadline - now && now - job.accepted < all / 2;
}

struct Urgency {
  Time start{std::numeric_limits<int64_t>::max()};  // of the drain
  Time finish;                                      // if the drain starts now
  bool draining = false, cancelling = false;
};

// Unfinished requests by provider and job.
std::map<std::string, std::map<JobId, int64_t>> work_of(const State& s) {
  std::map<std::string, std::map<JobId, int64_t>> work;
  for (const auto& [key, g] : s.groups)
    if (g.open > 0) work[g.lane.provider][g.job] += g.open;
  for (const auto& [id, b] : s.batches)
    for (const auto& [job, n] : b.members) work[b.lane.provider][job] += n;
  return work;
}

// Latest safe starts, earliest deadline first: a job drains when any later deadline needs it out of
// the way.
std::map<JobId, Urgency> urgencies(const State& s, Time now) {
  std::map<JobId, Urgency> all;
  for (const auto& [provider, of_job] : work_of(s)) {
    std::vector<const JobView*> due;
    for (const auto& [id, n] : of_job)
      if (auto j = s.jobs.find(id); n > 0 && j != s.jobs.end() && j->second.kept && !j->second.paused)
        due.push_back(&j->second);
    std::sort(due.begin(), due.end(), [](const JobView* a, const JobView* b) {
      return std::pair(a->deadline, a->id) < std::pair(b->deadline, b->id);
    });
    auto rate = s.live_per_minute.find(provider);
    const double per_ms = std::max(rate == s.live_per_minute.end() ? rate_unknown : rate->second, 0.01) / 60'000;
    int64_t before = 0;
    size_t draining = 0, cancelling = 0;
    for (size_t i = 0; i < due.size(); ++i) {
      const JobView& job = *due[i];
      before += of_job.at(job.id);
      const Duration drain{static_cast<int64_t>(static_cast<double>(before) / per_ms)};
      Urgency& u = all[job.id];
      if (rides(job, drain, now)) {
        before -= of_job.at(job.id);
        continue;
      }
      const Time start = job.deadline - margin_of(job) - drain;
      u.start = std::min(u.start, start);
      u.finish = std::max(u.finish, now + drain + answer_time);
      if (start <= now) draining = i + 1;
      if (start - lead_of(job) <= now) cancelling = i + 1;
    }
    for (size_t i = 0; i < due.size(); ++i) {
      if (i < draining) all[due[i]->id].draining = true;
      if (i < cancelling) all[due[i]->id].cancelling = true;
    }
  }
  for (const auto& [id, job] : s.jobs)
    if (job.rush && !job.paused) all[id].draining = all[id].cancelling = true;
  return all;
}

class Decision {
 public:
  Decision(const State& s, Time now) : s_(s), now_(now), urgent_(urgencies(s, now)) {}

  std::vector<Action> take() {
    for (const auto& [id, job] : s_.jobs) look_at(job);
    for (const auto& [id, batch] : s_.batches) look_at(batch);
    for (const auto& [key, group] : s_.groups) look_at(group);
    pack();
    if (wake_.ms != std::numeric_limits<int64_t>::max()) actions_.push_back(WakeAt{wake_});
    return std::move(actions_);
  }

 private:
  void wake(Time at) {
    if (at > now_) wake_ = std::min(wake_, at);
  }
  Urgency urgency(JobId id) const {
    auto u = urgent_.find(id);
    return u == urgent_.end() ? Urgency{} : u->second;
  }

  void look_at(const JobView& job) {
    if (!job.kept) {
      const Time end = job.deadline + best_effort_grace;
      if (end <= now_) actions_.push_back(Expire{job.id});
      wake(end);
      return;
    }
    const Urgency u = urgency(job.id);
    if (u.start.ms == std::numeric_limits<int64_t>::max())
      return wake(job.accepted + (job.deadline - job.accepted) / 2);
    actions_.push_back(Takeover{job.id, u.start});
    if (u.finish > job.deadline) actions_.push_back(AtRisk{job.id, u.finish});
    wake(u.start);
    wake(u.start - lead_of(job));
  }

  void look_at(const BatchView& batch) {
    if (batch.live) return;
    for (const auto& [job, n] : batch.members) {
      const Urgency u = urgency(job);
      if (n == 0 || !u.cancelling) continue;
      if (!batch.cancelling) {
        actions_.push_back(Cancel{batch.id});
        return;
      }
      // A cancel that takes its time is waited for as long as the drain has other work, and a little
      // longer: what it brings back need not be bought again. A promoted job without a deadline to keep
      // has no start, and its user does not wait.
      const bool others = has_open(job);
      const bool has_start = u.start.ms != std::numeric_limits<int64_t>::max();
      const Time patience = has_start ? u.start + overtake_after : now_;
      if (u.draining && !others && patience <= now_) actions_.push_back(Overtake{job, batch.id});
      if (u.draining && !others) wake(patience);
    }
  }

  bool has_open(JobId job) const {
    auto g = s_.groups.lower_bound({job, std::numeric_limits<int32_t>::min()});
    for (; g != s_.groups.end() && g->first.first == job; ++g)
      if (g->second.open > 0) return true;
    return false;
  }

  void look_at(const GroupView& group) {
    auto found = s_.jobs.find(group.job);
    if (found == s_.jobs.end() || found->second.paused || group.open == 0) return;
    const Urgency u = urgency(group.job);
    if (group.untried && !u.draining) {
      if (!group.trying) actions_.push_back(Try{group.job, group.shape});
      return;
    }
    if (u.draining) actions_.push_back(Drain{group.job, group.shape});
    if (!u.cancelling) waiting_[group.lane].push_back(&group);
  }

  void pack() {
    std::set<Lane> more_to_come;
    for (const auto& [id, batch] : s_.batches)
      if (batch.returning && !batch.members.empty()) more_to_come.insert(batch.lane);
    for (auto& [lane, groups] : waiting_) {
      if (auto h = s_.held.find(lane); h != s_.held.end() && h->second > now_) {
        wake(h->second);
        continue;
      }
      consider(lane, groups, more_to_come.contains(lane));
    }
  }

  // Flushes at size, by timer (15 minutes, or a twentieth of the shortest time left), or because nothing
  // more is coming.
  void consider(const Lane& lane, std::vector<const GroupView*>& groups, bool more_to_come) {
    std::sort(groups.begin(), groups.end(), [&](const GroupView* a, const GroupView* b) {
      return std::tuple(s_.jobs.at(a->job).deadline, a->job, a->shape) <
             std::tuple(s_.jobs.at(b->job).deadline, b->job, b->shape);
    });
    int64_t open = 0;
    bool flush = !more_to_come;
    Pack action{lane, {}, false};
    for (const GroupView* g : groups) {
      const JobView& job = s_.jobs.at(g->job);
      const Duration left = std::max(job.deadline - g->since, Duration{0});
      const Time by = g->since + std::min(flush_most, left / 20);
      flush = flush || g->fresh || by <= now_;
      wake(by);
      open += g->open;
      action.kept = action.kept || job.kept;
      action.groups.emplace_back(g->job, g->shape);
    }
    if (flush || open >= s_.batch_requests) actions_.push_back(std::move(action));
  }

  const State& s_;
  Time now_;
  std::map<JobId, Urgency> urgent_;
  std::map<Lane, std::vector<const GroupView*>> waiting_;
  std::vector<Action> actions_;
  Time wake_{std::numeric_limits<int64_t>::max()};
};

}  // namespace

void apply(State& s, const Event& event) {
  std::visit(Overloaded{
                 [&](const JobChanged& e) { s.jobs[e.job.id] = e.job; },
                 [&](const JobGone& e) {
                   s.jobs.erase(e.job);
                   std::erase_if(s.groups, [&](const auto& g) { return g.first.first == e.job; });
                 },
                 [&](const GroupChanged& e) { s.groups[{e.group.job, e.group.shape}] = e.group; },
                 [&](const BatchChanged& e) { s.batches[e.batch.id] = e.batch; },
                 [&](const BatchGone& e) { s.batches.erase(e.batch); },
                 [&](const RateLearned& e) { s.live_per_minute[e.provider] = e.per_minute; },
                 [&](const LaneHeld& e) { s.held[e.lane] = e.until; },
                 [&](const LaneFreed& e) { s.held.erase(e.lane); },
                 [](const Tick&) {},
             },
             event);
}

std::vector<Action> step(State& state, const Event& event, Time now) {
  apply(state, event);
  return Decision(state, now).take();
}

}  // namespace twolane::plan
