// Jobs know their sums, so that no answer is read.
#include "patient/output_history.h"

#include <algorithm>

namespace twolane::patient {

Result<std::optional<int64_t>> output_seen(store::Store& store, const std::string& world,
                                           const std::vector<Shape>& shapes) {
  int64_t answers = 0, tokens = 0;
  for (const Job& job : TRY(store.jobs())) {
    if (job.world != world || job.finished.ms == 0) continue;
    int64_t alike = 0, answered = 0;
    for (const Shape& s : TRY(store.shapes(job.id)))
      if (std::any_of(shapes.begin(), shapes.end(),
                      [&](const Shape& mine) { return mine.fingerprint == s.fingerprint; }))
        alike += s.requests;
    if (alike * 10 < job.requests * 9) continue;
    for (const auto& lane : job.totals.lanes) answered += lane.requests;
    answers += answered;
    tokens += job.totals.output_tokens;
  }
  if (answers == 0) return std::optional<int64_t>();
  return std::optional<int64_t>((tokens + answers - 1) / answers);
}

}  // namespace twolane::patient
