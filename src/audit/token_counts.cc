// The rules of inside and beside.
#include "audit/token_counts.h"

#include <algorithm>

namespace twolane::audit {

void TokenCounts::set(Slot slot, int64_t n) {
  if (has(slot)) return;
  known_ |= 1u << bit(slot);
  n_[bit(slot)] = n;
}

void TokenCounts::raise(Slot slot, int64_t n) {
  if (has(slot)) n_[bit(slot)] = std::max(n_[bit(slot)], n);
  else set(slot, n);
}

bool TokenCounts::inside(Cached rule, int64_t input, int64_t cached) const {
  if (cached > input) return false;
  if (rule != Cached::by_total) return rule == Cached::inside;
  return has(Slot::total) && of(Slot::total) == input + of(Slot::output);
}

std::optional<Usage> TokenCounts::usage(Cached rule) const {
  if (!any()) return {};
  Usage u;
  u.cache_read = of(Slot::cache_read);
  u.cache_write_1h = of(Slot::cache_write_1h);
  // A total of writes holds the parts by lifetime; without parts it is the default lifetime, 5 minutes.
  u.cache_write_5m = has(Slot::cache_write_5m) ? of(Slot::cache_write_5m)
                                               : std::max<int64_t>(0, of(Slot::cache_write) - u.cache_write_1h);
  const int64_t cached = u.cache_read + u.cache_write_5m + u.cache_write_1h;
  const int64_t input = has(Slot::input) ? of(Slot::input)
                                         : std::max<int64_t>(0, of(Slot::total) - of(Slot::output));
  const bool within = inside(rule, input, cached);
  u.fresh = within ? input - cached : input;
  u.reasoning = of(Slot::reasoning) + of(Slot::thoughts);
  u.output = of(Slot::output) + of(Slot::thoughts);
  // Where the parts of the input stand beside it, those of the output do as well.
  if (rule == Cached::by_total && !within && has(Slot::total) &&
      of(Slot::total) == input + cached + u.output + of(Slot::reasoning))
    u.output += of(Slot::reasoning);
  u.reasoning = std::min(u.reasoning, u.output);
  return u;
}

}  // namespace twolane::audit
