#include "patient/settlement.h"

namespace twolane::patient {
namespace {

using What = Heard::What;
using dialect::Verdict;

AttemptState attempt_after(const store::Member& m, const Heard& h) {
  switch (h.what) {
    case What::answer: return is_final(m.request) ? AttemptState::surplus : AttemptState::answered;
    case What::expired: return AttemptState::expired;
    case What::cancelled: return AttemptState::cancelled;
    case What::never_ran: return AttemptState::void_;
    case What::missing: return AttemptState::unconfirmed;
    case What::error:
      return !h.charged && h.verdict == Verdict::unavailable ? AttemptState::unconfirmed
                                                             : AttemptState::refused;
  }
  return AttemptState::unconfirmed;
}

// Whether the failure is the request's own, so that it counts against its tries.
bool is_a_try(const Heard& h) {
  if (h.what == What::missing || h.what == What::never_ran) return h.is_try;
  return h.what == What::error && h.verdict == Verdict::unavailable && !h.all_fail;
}

bool is_permanent(const Heard& h) {
  return h.what == What::error && (h.verdict == Verdict::invalid || h.verdict == Verdict::missing);
}

RequestState request_after(const store::Member& m, const Heard& h, const Circumstances& now) {
  if (h.what == What::answer) return RequestState::succeeded;
  if (is_permanent(h)) return RequestState::failed;
  if (now.cancelling) return RequestState::cancelled;
  if (now.expiring) return RequestState::expired;
  if (is_a_try(h) && m.tries + 1 >= now.max_tries) return RequestState::failed;
  return RequestState::open;
}

}  // namespace

store::Settlement settle(const store::Member& member, const Heard& heard, const Circumstances& now) {
  store::Settlement s;
  s.state = attempt_after(member, heard);
  s.charged = heard.charged;
  // Only the latest attempt decides, except that any good answer does.
  const bool decides = member.current || heard.what == What::answer;
  if (!is_final(member.request) && decides && member.request != RequestState::open) {
    s.request = request_after(member, heard, now);
    s.counts_as_try = is_a_try(heard);
  } else if (member.request == RequestState::open && heard.what == What::answer) {
    s.request = RequestState::succeeded;
  }
  return s;
}

}  // namespace twolane::patient
