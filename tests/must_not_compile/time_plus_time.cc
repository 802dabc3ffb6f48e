// Two points in time have no sum; a point and a span do.
// refusal: no match for .operator\+
#include "base/time.h"

twolane::Time later(twolane::Time a, twolane::Time b) {
#ifdef MISUSE
  return a + b;
#else
  return a + (b - a);
#endif
}
