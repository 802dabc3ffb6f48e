// A price per token is no amount of money.
// refusal: no match for .operator\+
#include "base/money.h"

twolane::PicoUsd total(twolane::PicoUsd amount, twolane::PicoUsdPerToken rate) {
#ifdef MISUSE
  return amount + rate;
#else
  return amount + rate * 1;
#endif
}
