// What is said of a job's deadline: when it is given, and while it runs.
#include "patient/core.h"
#include "price/price.h"

namespace twolane::patient {
namespace {

constexpr Duration foreseen_no_more = minutes(5);  // a miss that the plan has not repeated for so long is withdrawn
constexpr Duration finish_moved = minutes(10);     // a new guess differs by as much
constexpr int64_t list_for_batches = 2;            // list price, where batches are half of it
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
  if (by_its_cap(job)) return;  // said already, and it is not a matter of time
  job.miss_repeated = now();
  if (miss && std::max(miss->finish - risk.finish, risk.finish - miss->finish) < finish_moved) return;
  const bool first = !miss;
  miss = Miss{first ? now() : miss->at, risk.finish, risk.probability};
  keep_standing(job);
  if (first)
    note(risk.job, "the deadline will be missed: even live, the rest takes until about " + rfc3339({risk.finish.ms / 1000 * 1000}));
}

// Of a request that is not answered yet, at list price; 0 where that is not known.
PicoUsd Engine::Core::bound_of_one(const JobAtWork& job) {
  const Totals& t = job.job.totals;
  const int64_t running = t.of(RequestState::batched) + t.of(RequestState::live);
  if (running > 0) return {t.reserved.n * list_for_batches / running};
  for (const ShapeAtWork& s : job.shapes) {
    if (s.open == 0) continue;
    const auto rows = store.open_requests(job.job.id, s.shape.number, 0, 1);
    if (!rows || rows->empty()) return {};
    const RequestRow& row = rows->front();
    return price::bound(s.shape.targets[s.target], ServiceTier::standard, row.input_bound, row.output_bound, {.at = now()}).value_or(PicoUsd{});
  }
  return {};
}

// What its answers cost at list price, for each that is lacking, is more than the cap leaves: what must go live
// for the deadline will not be bought. Nothing is known of answers before the first: then bounds are taken.
bool Engine::Core::by_its_cap(const JobAtWork& job) {
  const Totals& t = job.job.totals;
  if (!job.job.cap || !job.job.kept || t.unfinished() == 0 || now() > job.job.deadline) return false;
  PicoUsd each;
  int64_t answers = 0;
  for (const Totals::Lane& lane : t.lanes) {
    each += lane.list;
    answers += lane.requests;
  }
  each = answers > 0 ? PicoUsd{each.n / answers} : bound_of_one(job);
  return t.cost + t.unconfirmed + PicoUsd{each.n * t.unfinished()} > *job.job.cap;
}

// Asked when the plan wants some of it live, or takes it out of batches for that.
void Engine::Core::foresee_cap(JobId id) {
  JobAtWork* const job = at_stage(id);
  if (job == nullptr || !by_its_cap(*job)) return;
  std::optional<Miss>& miss = job->standing.miss;
  job->miss_repeated = now();
  if (miss && miss->finish.ms == 0) return;
  miss = Miss{miss ? miss->at : now(), Time{}, 1 - plan::outlook(plan, id, now()).in_batches};
  keep_standing(*job);
  note(job->job.id, "the deadline will be missed if batches do not end in time: the cap of " + exact_usd(*job->job.cap) +
                        " USD does not cover what would have to go live");
}

void Engine::Core::foresee_caps(BatchId id) {
  const auto batch = batches.find(id);
  if (batch == batches.end()) return;
  for (const auto& [stage, n] : batch->second.unfinished)
    if (n > 0) foresee_cap(stage);
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
    if (job.standing.miss->finish.ms == 0 && by_its_cap(job)) job.miss_repeated = now();  // the plan is silent of what it holds
    if (now() - job.miss_repeated < foreseen_no_more) continue;
    job.standing.miss.reset();
    keep_standing(job);
    note(id, "the deadline can be kept again");
  }
}

}  // namespace twolane::patient
