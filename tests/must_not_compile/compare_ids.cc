// Ids of different things are never equal, so asking is a mistake.
// refusal: no match for .operator==
#include "base/ids.h"

bool same(twolane::JobId job, twolane::SegmentId segment) {
#ifdef MISUSE
  return job == segment;
#else
  return job.n == segment.n;
#endif
}
