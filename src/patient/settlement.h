// What a provider's word about an attempt means for the attempt and for its request: one pure function.
#pragma once

#include "dialect/batch_api.h"
#include "store/store.h"

namespace twolane::patient {

// What was heard of one attempt.
struct Heard {
  enum class What : uint8_t {
    answer,
    error,      // `verdict` says of which kind
    expired,    // the provider says it was not run in time
    cancelled,  // the provider says it was not run
    missing,    // its batch is over and nothing was said of it
    never_ran,  // known never to have reached the provider, or refused before it ran
  } what = What::missing;
  dialect::Verdict verdict = dialect::Verdict::unavailable;
  bool charged = false;  // the provider reported usage
  bool is_try = false;   // of missing and never_ran: it may be this request's own fault
  bool all_fail = false; // of error: so do all calls at present, which is nobody's own fault
};

struct Circumstances {
  bool cancelling = false;  // the job is being cancelled, or this request of it: nothing is tried again
  bool expiring = false;    // best effort, a day past the window: likewise
  int max_tries = 5;        // retryable failures of one request, this one included
};

// Sets state, request and counts_as_try; key and everything about money are the caller's.
// An answer is kept by the first good one that is heard. A failure that the provider may have run, and
// so may bill, without reporting usage stays unconfirmed. Expiry does not use up a try.
store::Settlement settle(const store::Member& member, const Heard& heard, const Circumstances& now);

}  // namespace twolane::patient
