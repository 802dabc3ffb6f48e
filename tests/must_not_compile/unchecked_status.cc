// A Status that nobody looks at is a failure that nobody hears of.
// refusal: unused-result
#include "base/result.h"

twolane::Status save();

void leave() {
#ifdef MISUSE
  save();
#else
  if (!save()) return;
#endif
}
