// A bare number is no money: it does not say of which unit.
// refusal: no match for .operator\+
#include "base/money.h"

twolane::PicoUsd dearer(twolane::PicoUsd amount) {
#ifdef MISUSE
  return amount + 1;
#else
  return amount + twolane::PicoUsd::from_usd(1);
#endif
}
