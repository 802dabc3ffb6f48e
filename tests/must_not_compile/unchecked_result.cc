// The same for a Result.
// refusal: unused-result
#include "base/money.h"

void check(std::string_view text) {
#ifdef MISUSE
  twolane::parse_usd(text);
#else
  if (!twolane::parse_usd(text)) return;
#endif
}
