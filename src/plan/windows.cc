#include "plan/windows.h"

#include <algorithm>
#include <vector>

namespace twolane::plan {
namespace {

struct Stretch {
  Time from, to;
  double price;
};

constexpr size_t stretches_most = 256;  // two months of four steps a day

std::vector<Stretch> stretches(Time now, Time due, std::span<const PriceStep> steps) {
  std::vector<Stretch> all;
  const Time today{now.ms - now.ms % days(1).ms};
  for (int64_t day = 0; all.size() < stretches_most; ++day) {
    const Time midnight = today + days(day);
    if (midnight >= due) break;
    for (size_t i = 0; i < steps.size(); ++i) {
      const Time from = std::max(midnight + steps[i].from, now);
      const Time to = std::min(midnight + (i + 1 < steps.size() ? steps[i + 1].from : days(1)), due);
      if (from < to) all.push_back({from, to, steps[i].price});
    }
  }
  return all;
}

}  // namespace

RunsNow runs_now(Time now, Time due, Duration need, std::span<const PriceStep> steps) {
  if (steps.empty() || now >= due) return {true, due};
  const std::vector<Stretch> all = stretches(now, due, steps);
  std::vector<const Stretch*> order;
  for (const Stretch& s : all) order.push_back(&s);
  std::sort(order.begin(), order.end(), [](const Stretch* a, const Stretch* b) {
    return a->price != b->price ? a->price < b->price : a->from > b->from;
  });
  for (const Stretch* s : order) {
    const Duration used = std::min(need, s->to - s->from);
    // A stretch is used from its end backwards.
    if (s == &all.front()) return used.ms > 0 && used >= s->to - now ? RunsNow{true, s->to} : RunsNow{false, s->to - used};
    need = need - used;
    if (need.ms <= 0) return {false, all.front().to};
  }
  return {true, all.front().to};
}

}  // namespace twolane::plan
