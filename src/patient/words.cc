// What people ask of a running job: cancel, retry, pause, resume, promote, deadline.
#include <charconv>

#include "patient/core.h"

namespace twolane::patient {
namespace {

std::optional<int64_t> index_in(const std::string& argument) {
  int64_t index = 0;
  const auto [end, ec] = std::from_chars(argument.data(), argument.data() + argument.size(), index);
  if (argument.empty() || ec != std::errc{} || end != argument.data() + argument.size()) return std::nullopt;
  return index;
}

}  // namespace

Status Engine::Core::obey(const store::Word& word) {
  if (auto known = store.job(word.job); known && !*known)
    return fail("store.unknown_job", "no job " + word.job.hex());
  JobAtWork& job = *TRY(load_job(word.job));
  const std::optional<int64_t> index = index_in(word.argument);
  if (word.verb == "pause" || word.verb == "resume") {
    if (job.job.state == JobState::running || job.job.state == JobState::paused)
      job.job.state = word.verb == "pause" ? JobState::paused : JobState::running;
  } else if (word.verb == "deadline") {
    const bool kept = !word.argument.ends_with(best_effort_mark);
    const size_t mark = kept ? 0 : best_effort_mark.size();
    job.job.deadline = TRY(parse_rfc3339(word.argument.substr(0, word.argument.size() - mark)));
    job.job.kept = kept;
  } else if (word.verb == "retry") {
    if (index) CHECKED(want_again(job, *index));
    const int64_t reopened = TRY(store.reopen(word.job, index));
    if (reopened > 0) {
      job.job.state = JobState::running;
      job.job.finished = {};
      for (ShapeAtWork& s : job.shapes)
        if (s.shape.proof == Shape::Proof::refused)
          CHECKED(store.set_proof(word.job, s.shape.number, Shape::Proof::untried, ""));
    }
  } else if (word.verb == "promote") {
    if (index) return promote_one(job, *index);
    job.standing.rush = true;
    if (job.job.state == JobState::paused) job.job.state = JobState::running;  // it is wanted now
    keep_standing(job);
  } else if (word.verb == "cancel") {
    if (!word.argument.empty()) return cut(job, word.argument);
    if (job.job.state == JobState::running || job.job.state == JobState::paused)
      job.job.state = JobState::cancelling;
  } else {
    return fail("store.unknown_word", "no such word: " + word.verb);
  }
  CHECKED(store.amend(job.job));
  CHECKED(take_up(word.job));
  tell_plan(jobs.at(word.job));
  for (auto& [id, batch] : batches)
    if (batch.jobs.contains(word.job)) tell_plan(batch);
  changed();
  if (broken) return fail(*broken);
  return {};
}

// What is open is closed by take_up(), in this process or the next; what lies in batches is decided by settle()
// when they end. The planner says which batches go on (CancelFor::unwanted).
Status Engine::Core::cut(JobAtWork& job, const std::string& argument) {
  const auto places = IndexRanges::parse(argument);
  if (!places) return fail("store.unknown_word", "no places of requests: " + argument);
  for (const IndexRange& range : places->all()) job.cut.add({range.from, std::min(range.to, job.job.requests - 1)});
  job.standing.promise.reset();  // there is less to be done: it is judged anew
  CHECKED(keep_cut(job));
  return take_up(job.job.id);
}

// Who promotes or retries a request that was cancelled has changed their mind.
Status Engine::Core::want_again(JobAtWork& job, int64_t index) {
  if (!job.cut.contains(index)) return {};
  job.cut.remove(index);
  return keep_cut(job);
}

Status Engine::Core::keep_cut(JobAtWork& job) {
  CHECKED(remember_cut(store, job.job.id, job.cut));
  for (auto& [id, batch] : batches) {
    if (!batch.jobs.contains(job.job.id) || batch.wave()) continue;
    count_waiting(batch, TRY(store.members(id)));
    tell_plan(batch);
  }
  return {};
}

Result<BatchAtWork*> Engine::Core::batch_of(JobId job, int64_t index) {
  for (auto& [id, batch] : batches) {
    if (batch.wave() || !batch.jobs.contains(job)) continue;
    for (const store::Member& m : TRY(store.members(id)))
      if (m.job == job && m.index == index && m.current) return &batch;
  }
  return nullptr;
}

Status Engine::Core::promote_one(JobAtWork& job, int64_t index) {
  auto row = TRY(store.request(job.job.id, index));
  if (!row) return fail("store.unknown_request", "no request " + std::to_string(index) + " in this job");
  if (row->state != RequestState::open && row->state != RequestState::batched) return {};
  CHECKED(want_again(job, index));
  ShapeAtWork& shape = job.shapes[static_cast<size_t>(row->shape)];
  Line* line = line_of(shape.shape.targets[shape.target].provider);
  BatchAtWork* const batch = TRY(batch_of(job.job.id, index));
  const int64_t sent = send_wave(*line, job, shape, {*row}, ServiceTier::standard, true, false);
  if (broken) return fail(*broken);
  if (batch == nullptr || sent == 0) return {};
  left(*batch, stage_of(job, row->shape), 1);  // it is not waited for there any more
  tell_plan(*batch);
  return {};
}

}  // namespace twolane::patient
