// A table of steps in which something finished goes on.
// refusal: static assertion failed
#include "model/states.h"

using twolane::RequestState;
using twolane::Step;

constexpr std::array steps = {
    Step{RequestState::open, RequestState::succeeded},
#ifdef MISUSE
    Step{RequestState::succeeded, RequestState::open},
#endif
};
static_assert(twolane::has_no_exit(steps, RequestState::succeeded));
