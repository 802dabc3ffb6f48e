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
    keep_standing(job);
  } else if (word.verb == "cancel") {
    Error why;
    why.code = "job.cancelled";
    why.message = "cancelled by its user";
    if (index) {
      auto row = TRY(store.request(word.job, *index));
      if (row && row->state == RequestState::open)
        close_open(job, row->shape, index, RequestState::cancelled, why);
      return {};
    }
    if (job.job.state == JobState::running || job.job.state == JobState::paused)
      job.job.state = JobState::cancelling;
  } else {
    return fail("store.unknown_word", "no such word: " + word.verb);
  }
  CHECKED(store.amend(job.job));
  CHECKED(take_up(word.job));
  if (word.verb == "cancel") withdraw_batches(word.job);
  tell_plan(jobs.at(word.job));
  changed();
  if (broken) return fail(*broken);
  return {};
}

// Batches in which nothing is wanted any more are cancelled; those that other jobs share go on.
void Engine::Core::withdraw_batches(JobId id) {
  std::vector<BatchId> unwanted;
  for (const auto& [batch_id, batch] : batches) {
    bool wanted = false;
    for (const JobId job : batch.jobs)
      wanted = wanted || jobs.at(job).job.state != JobState::cancelling;
    if (batch.jobs.contains(id) && !wanted) unwanted.push_back(batch_id);
  }
  for (const BatchId batch : unwanted) cancel(batch, "by its user");
}

Result<BatchAtWork*> Engine::Core::batch_of(JobId job, int64_t index) {
  for (auto& [id, batch] : batches) {
    if (batch.wave() || batch.unfinished[job] == 0) continue;
    for (const store::Member& m : TRY(store.members(id)))
      if (m.job == job && m.index == index && m.current) return &batch;
  }
  return nullptr;
}

Status Engine::Core::promote_one(JobAtWork& job, int64_t index) {
  auto row = TRY(store.request(job.job.id, index));
  if (!row) return fail("store.unknown_request", "no request " + std::to_string(index) + " in this job");
  if (row->state != RequestState::open && row->state != RequestState::batched) return {};
  ShapeAtWork& shape = job.shapes[static_cast<size_t>(row->shape)];
  Line* line = line_of(shape.shape.targets[shape.target].provider);
  BatchAtWork* const batch = TRY(batch_of(job.job.id, index));
  const int64_t sent = send_wave(*line, job, shape, {*row}, ServiceTier::standard, true, false);
  if (broken) return fail(*broken);
  if (batch == nullptr || sent == 0) return {};
  left(*batch, job.job.id, 1);  // it is not waited for there any more
  tell_plan(*batch);
  return {};
}

}  // namespace twolane::patient
