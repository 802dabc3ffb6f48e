// Removing jobs: rows, answers and inputs.
#include "app/forget.h"

#include <algorithm>

namespace twolane::app {

Status forget_job(store::Store& store, store::Payloads& payloads, JobId job) {
  for (const auto segment : TRY(store.forget(job))) CHECKED(payloads.remove(segment));
  return {};
}

Result<int64_t> forget_old_jobs(store::Store& store, store::Payloads& payloads, Duration retention, Time now) {
  int64_t forgotten = 0;
  if (retention.ms == 0) return forgotten;
  for (const auto& job : TRY(store.jobs())) {
    const bool over = job.state == JobState::done || job.state == JobState::cancelled;
    if (!over || job.finished.ms == 0 || now - job.finished < retention) continue;
    CHECKED(forget_job(store, payloads, job.id));
    ++forgotten;
  }
  return forgotten;
}

Status remove_leftovers(store::Store& store, store::Payloads& payloads) {
  auto live = TRY(store.live_segments());
  std::sort(live.begin(), live.end());
  for (const auto segment : TRY(payloads.list()))
    if (!std::binary_search(live.begin(), live.end(), segment)) CHECKED(payloads.remove(segment));
  return {};
}

}  // namespace twolane::app
