#include "patient/asking.h"

#include <algorithm>
#include <array>
#include <string>

namespace twolane::patient {

Status may_be_asked(const Job& job, std::string_view verb) {
  constexpr std::array<std::string_view, 4> of_running = {"pause", "resume", "promote", "deadline"};
  if (std::ranges::find(of_running, verb) == of_running.end()) return {};
  const bool ended = job.totals.unfinished() == 0;
  if (!ended && job.state != JobState::cancelling) return {};
  const std::string name = job.id.hex().substr(0, 6);
  Error e;
  e.code = ended ? "job.ended" : "job.cancelling";
  e.message = "job " + name + (ended ? " has ended" : " is being cancelled");
  e.why = ended ? "each of its requests has its outcome" : "nothing more is bought for it; what was bought is still collected";
  e.next = {"twolane results " + name};
  if (ended && job.totals.of(RequestState::failed) + job.totals.of(RequestState::expired) > 0)
    e.next.push_back("twolane retry " + name);
  return fail(std::move(e));
}

Status may_be_due(Time deadline, Time now) {
  if (deadline > now) return {};
  Error e;
  e.code = "time.past";
  e.message = rfc3339(deadline) + " is past";
  e.where.field = "by";
  e.why = "it is " + rfc3339(now) + " on the clock of the job's world";
  e.next = {"give a later time"};
  return fail(std::move(e));
}

}  // namespace twolane::patient
