// Jobs whose requests come after one another, as the planner sees them: each level a job of its own.
//
// A level is what has equally many steps behind it (Shape::steps_after). To the planner it is a job that was
// accepted when its first request became open (or the first after it had nothing left to do), with the deadline
// of the whole and so many steps after it.
// Ids of such stages are made here and nowhere else: outside of the plan, and of what batches are counted by
// (BatchAtWork::unfinished), there are jobs only. The last level, and so every job without chains, has the
// job's own id.
#include <algorithm>

#include "patient/core.h"

namespace twolane::patient {
namespace {

// The same in every process.
JobId stage_id(JobId job, int32_t steps_after) {
  if (steps_after == 0) return job;
  const uint64_t mixed = (job.n ^ (static_cast<uint64_t>(steps_after) << 40)) * 0x9E3779B97F4A7C15ull;
  return {mixed ^ (mixed >> 29)};
}

int32_t levels_of(const JobAtWork& job) { return static_cast<int32_t>(job.level_requests.size()); }

}  // namespace

JobId Engine::Core::stage_of(const JobAtWork& job, int32_t shape) const {
  return stage_id(job.job.id, job.shapes[static_cast<size_t>(shape)].shape.steps_after);
}

JobAtWork* Engine::Core::at_stage(JobId stage) {
  const auto known = stages.find(stage);
  const auto job = jobs.find(known == stages.end() ? stage : known->second.job);
  return job == jobs.end() ? nullptr : &job->second;
}

// What the plan wants done, in terms of jobs. Whose part of a batch is overtaken is still said as a stage.
plan::Action Engine::Core::of_jobs(plan::Action action) {
  const auto job_of = [&](JobId stage) {
    const auto known = stages.find(stage);
    return known == stages.end() ? stage : known->second.job;
  };
  std::visit(
      [&]<class A>(A& a) {
        if constexpr (std::is_same_v<A, plan::Pack>) {
          for (plan::Portion& p : a.portions) p.job = job_of(p.job);
        } else if constexpr (requires { a.job; } && !std::is_same_v<A, plan::Overtake>) {
          a.job = job_of(a.job);
        }
      },
      action);
  return action;
}

void Engine::Core::tell_stages(JobAtWork& job, const plan::JobView& whole) {
  if (!job.chained()) return plan::apply(plan, plan::JobChanged{whole});
  const std::vector<int64_t> left = under_way(job);
  for (int32_t level = 0; level < levels_of(job); ++level)
    if (left[static_cast<size_t>(level)] > 0) job.most_steps_left = level;
  for (int32_t level = 0; level < levels_of(job); ++level) {
    if (!is_open(job, level)) continue;
    plan::JobView view = whole;
    view.id = stage_id(job.job.id, level);
    view.accepted = job.standing.opened[static_cast<size_t>(level)];
    view.steps_after += level;
    view.requests = job.level_requests[static_cast<size_t>(level)];
    if (level > 0) stages[view.id] = {job.job.id, level};
    plan::apply(plan, plan::JobChanged{view});
  }
}

void Engine::Core::forget_stages(JobId id) {
  plan::apply(plan, plan::JobGone{id});
  for (const auto& [stage, of] : stages)
    if (of.job == id) plan::apply(plan, plan::JobGone{stage});
}

// Whether requests of the level ever were open. The plan hears of it from then on.
bool Engine::Core::is_open(const JobAtWork& job, int32_t level) const {
  const auto& opened = job.standing.opened;
  return !job.chained() || (static_cast<size_t>(level) < opened.size() && opened[static_cast<size_t>(level)].ms != 0);
}

// What a job begins with, and what became open without this process.
void Engine::Core::look_at_levels(JobAtWork& job) {
  if (!job.chained()) return;
  auto& opened = job.standing.opened;
  const Time since = opened.empty() ? job.job.accepted : now();
  opened.resize(job.level_requests.size());
  for (const ShapeAtWork& s : job.shapes) {
    Time& at = opened[static_cast<size_t>(s.shape.steps_after)];
    if (s.open > 0 && at.ms == 0) at = since;
  }
}

// By level: what is open or lies in batches and waves.
std::vector<int64_t> Engine::Core::under_way(const JobAtWork& job) const {
  std::vector<int64_t> all(job.level_requests.size());
  for (const ShapeAtWork& s : job.shapes) all[static_cast<size_t>(s.shape.steps_after)] += s.open;
  for (const auto& [id, batch] : batches) {
    if (!batch.jobs.contains(job.job.id)) continue;
    for (const auto& [stage, n] : batch.unfinished) {
      const auto known = stages.find(stage);
      if (stage == job.job.id) all[0] += n;
      else if (known != stages.end() && known->second.job == job.job.id) all[static_cast<size_t>(known->second.steps_after)] += n;
    }
  }
  return all;
}

// Anew from the store, where answers open requests and failures close them. A level that had nothing left to do
// has its share of the time from now on: chains of other lengths may have passed it before.
void Engine::Core::count_open(JobAtWork& job) {
  if (!job.chained()) return;
  bool more = false;
  const std::vector<int64_t> before = under_way(job);
  for (ShapeAtWork& s : job.shapes) {
    const auto open = store.open_count(job.job.id, s.shape.number);
    if (!open) return broke(open.error());
    if (*open > s.open && (s.open == 0 || s.returned.ms == 0)) {  // others may follow: they wait for company
      s.returned = now();
      more = true;
    }
    const auto level = static_cast<size_t>(s.shape.steps_after);
    if (*open > s.open && before[level] == 0) {
      job.standing.opened[level] = now();
      more = true;
    }
    s.open = *open;
  }
  if (more) keep_standing(job);
}

// The planner sees one level at a time. That even the live lane could not take all that are left, one after the
// other, is seen here.
void Engine::Core::foresee_chains() {
  for (auto& [id, job] : jobs) {
    if (!job.chained() || !job.active || !job.job.kept || job.job.totals.unfinished() == 0) continue;
    const std::vector<int64_t> at_work = under_way(job);
    Time finish = now();
    double in_batches = 1;
    for (int32_t level = levels_of(job) - 1; level >= 0; --level) {
      const auto i = static_cast<size_t>(level);
      const int64_t left = is_open(job, level) ? at_work[i] : job.level_requests[i];
      const auto shape = std::ranges::find_if(job.shapes, [&](const ShapeAtWork& s) { return s.shape.steps_after == level; });
      const Line* line = line_of(shape->shape.targets[shape->target].provider);
      if (left == 0 || line == nullptr) continue;
      finish = finish + line->takes + Duration{static_cast<int64_t>(static_cast<double>(left) * 60'000 / std::max(line->told, 1.0))};
      const Duration share{(job.job.deadline - now()).ms / (level + 1)};
      in_batches *= 1 - plan.times(lane_number(lane_of(*shape, shape->target)), left).late(Duration{0}, share);
    }
    if (finish > job.job.deadline) foresee({id, finish, 1 - in_batches});
  }
}

Time Engine::Core::takeover(const JobAtWork& job) const {
  Time first;
  for (int32_t level = 0; level < levels_of(job); ++level) {
    const Time at = plan::outlook(plan, stage_id(job.job.id, level), world.now()).takeover;
    if (at.ms != 0 && (first.ms == 0 || at < first)) first = at;
  }
  return first;
}

// A chain fits where each level, one after the other, fits into its share of what is left: live, or by batches
// with the probability that those return in that time.
plan::Verdict Engine::Core::assess(JobAtWork& job) {
  if (!job.chained()) return plan::assess(plan, job.job.id, now());
  const bool active = std::exchange(job.active, false);
  tell_plan(job);  // what the plan has booked of the job itself would be counted twice
  plan::Verdict all;
  Duration left = job.job.deadline - now(), longest;
  const int32_t steps = levels_of(job) + job.terms.steps_after;
  for (int32_t level = levels_of(job) - 1; level >= 0; --level) {
    const int64_t requests = job.level_requests[static_cast<size_t>(level)];
    const auto shape = std::ranges::find_if(job.shapes, [&](const ShapeAtWork& s) { return s.shape.steps_after == level; });
    const Line* line = line_of(shape->shape.targets[shape->target].provider);
    const plan::LaneId lane = lane_number(lane_of(*shape, shape->target));
    const Duration share{left.ms / (level + job.terms.steps_after + 1)};
    const plan::Verdict one = plan::assess(plan, lane, requests, now() + share, job.job.kept, now());
    const Duration need = one.earliest - now() + (line != nullptr ? line->takes : Duration{0});
    longest = std::max(longest, need);
    const bool live = job.job.kept && need <= share;
    if (!live) all.on_time *= 1 - plan.times(lane, requests).late(Duration{0}, share);
    left = left - (live ? share : std::max(share, need));
  }
  all.earliest = now() + Duration{longest.ms * steps};
  if (job.job.kept) all.kind = plan::kind_of(all.on_time);
  job.active = active;
  tell_plan(job);
  return all;
}

}  // namespace twolane::patient
