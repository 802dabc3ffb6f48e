// A step of a request does not lead to a state of a batch.
// refusal: deduction failed|no matching function|cannot convert
#include "model/states.h"

using twolane::BatchState;
using twolane::RequestState;

#ifdef MISUSE
constexpr twolane::Step step{RequestState::open, BatchState::dead};
#else
constexpr twolane::Step step{RequestState::open, RequestState::live};
#endif
static_assert(step.from == RequestState::open);
