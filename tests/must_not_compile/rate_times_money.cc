// A rate is multiplied by tokens only.
// refusal: no match for .operator\*
#include "base/money.h"

twolane::PicoUsd cost(twolane::PicoUsdPerToken rate, twolane::PicoUsd amount) {
#ifdef MISUSE
  return rate * amount;
#else
  return rate * 1000 + amount;
#endif
}
