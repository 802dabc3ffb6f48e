// What is said of a job's deadline: when it is given, and while it runs.
#include "patient/core.h"

namespace twolane::patient {
namespace {

constexpr Duration foreseen_no_more = minutes(5);  // a miss that the plan has not repeated for so long is withdrawn
constexpr Duration finish_moved = minutes(10);     // a new guess differs by as much
constexpr Duration takeover_told_each = minutes(5);
constexpr Duration takeover_moved = minutes(2);

}  // namespace

void Engine::Core::keep_standing(JobAtWork& job) {
  job.standing.returned.clear();
  for (const ShapeAtWork& s : job.shapes) job.standing.returned.push_back(s.returned);
  ok(remember(store, job.job.id, job.standing));
}

void Engine::Core::look_at_promise(JobAtWork& job) {
  Standing& s = job.standing;
  if (s.promise && s.deadline == job.job.deadline && s.kept == job.job.kept) return;
  s.deadline = job.job.deadline;
  s.kept = job.job.kept;
  s.promise = assess(job);
  s.miss.reset();
  keep_standing(job);
}

void Engine::Core::foresee(const plan::AtRisk& risk) {
  const auto found = jobs.find(risk.job);
  if (found == jobs.end()) return;
  JobAtWork& job = found->second;
  std::optional<Miss>& miss = job.standing.miss;
  job.miss_repeated = now();
  if (miss && std::max(miss->finish - risk.finish, risk.finish - miss->finish) < finish_moved) return;
  const bool first = !miss;
  miss = Miss{first ? now() : miss->at, risk.finish, risk.probability};
  keep_standing(job);
  if (first)
    note(risk.job, "the deadline will be missed: even live, the rest takes until about " + rfc3339({risk.finish.ms / 1000 * 1000}));
}

// For those who look from another process. Where it moves all the time, as in a drain, it is told now and then.
void Engine::Core::tell_takeovers() {
  if (now() - takeovers_told < takeover_told_each) return;
  takeovers_told = now();
  for (auto& [id, job] : jobs) {
    if (!job.active || job.job.totals.unfinished() == 0) continue;
    const Time at = plan::outlook(plan, id, now()).takeover;
    if (std::max(at - job.standing.takeover, job.standing.takeover - at) < takeover_moved) continue;
    job.standing.takeover = at;
    keep_standing(job);
  }
}

void Engine::Core::withdraw_misses() {
  for (auto& [id, job] : jobs) {
    if (!job.standing.miss || job.job.totals.unfinished() == 0 || now() > job.job.deadline) continue;
    if (job.miss_repeated.ms == 0) job.miss_repeated = now();  // foreseen by an earlier process
    if (now() - job.miss_repeated < foreseen_no_more) continue;
    job.standing.miss.reset();
    keep_standing(job);
    note(id, "the deadline can be kept again");
  }
}

}  // namespace twolane::patient
