// Order, retries, budget and circuits of routes.
#include "gateway/route_policy.h"

#include <algorithm>
#include <numeric>

namespace twolane::gateway {
namespace {

constexpr Duration first_pause = milliseconds(100);  // doubled in each round
constexpr Duration first_flex_pause = seconds(1), longest_flex_pause = minutes(1);

// Half of the round's span for certain, the other half by chance: clients that failed together do
// not come back together.
Duration pause_of(int round, Duration first, Duration longest, uint64_t draw) {
  const int64_t span = std::min(longest.ms, first.ms << std::min(round - 1, 10));
  const int64_t half = span / 2;
  return milliseconds(half + static_cast<int64_t>(draw % static_cast<uint64_t>(half + 1)));
}

uint64_t mixed(uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

}  // namespace

int RouteRules::most_attempts() const {
  return attempts > 0 ? attempts : std::max(2, static_cast<int>(targets.size()));
}

// 501 and 505 do not pass with time; 529 is Anthropic's "overloaded".
Heard heard_of(int status) {
  if (status == 408 || status == 429) return Heard::refused;
  return status >= 500 && status != 501 && status != 505 ? Heard::refused : Heard::good;
}

bool allows_another(Heard heard) {
  return heard == Heard::unreached || heard == Heard::late || heard == Heard::refused;
}

bool may_be_billed(Heard heard, int status, bool was_sent) {
  switch (heard) {
    case Heard::good:
    case Heard::unreached: return false;
    case Heard::refused: return status >= 500 && status != 529;
    case Heard::late:
    case Heard::broken:
    case Heard::unknown: break;
  }
  return was_sent;
}

bool Circuit::admits(const RouteRules& rules, Time now) const {
  if (rules.concurrency > 0 && in_flight_ >= rules.concurrency) return false;
  return !open_ || (now >= until_ && !probing_);
}

void Circuit::begin(const RouteRules& rules, Time now) {
  ++in_flight_;
  if (open_) {
    probing_ = true;
    until_ = now + rules.cooldown;
  }
}

void Circuit::trip(const RouteRules& rules, Time now) {
  open_ = true;
  probing_ = false;
  until_ = now + rules.cooldown;
}

void Circuit::heard(const RouteRules& rules, Heard heard, Time now) {
  if (open_) {
    if (!probing_) return;  // a call from before it opened
    probing_ = false;
    if (heard == Heard::unknown) return;
    if (heard != Heard::good) return trip(rules, now);
    *this = [n = in_flight_] {
      Circuit closed;
      closed.in_flight_ = n;
      return closed;
    }();
    return;
  }
  if (heard == Heard::unknown) return;
  if (now - window_began_ > rules.window) {
    window_began_ = now;
    good_ = bad_ = 0;
  }
  ++(heard == Heard::good ? good_ : bad_);
  if (bad_ >= rules.failures && bad_ >= good_) trip(rules, now);
}

void Circuit::end() { --in_flight_; }

void RetryBudget::first() { saved_ = std::min(reserve, saved_ + 1); }

bool RetryBudget::take() {
  if (saved_ < price) return false;
  saved_ -= price;
  return true;
}

std::vector<size_t> order_of(const RouteRules& rules, uint64_t draw) {
  std::vector<size_t> order(rules.targets.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (rules.weights.empty()) return order;
  for (auto at = order.begin(); at != order.end(); ++at) {
    uint64_t total = 0;
    for (auto it = at; it != order.end(); ++it) total += static_cast<uint64_t>(rules.weights[*it]);
    if (total == 0) break;
    draw = mixed(draw);
    uint64_t left = draw % total;  // total is far below 2^64: the bias is nothing
    auto drawn = at;
    while (left >= static_cast<uint64_t>(rules.weights[*drawn])) left -= static_cast<uint64_t>(rules.weights[*drawn++]);
    std::rotate(at, drawn, drawn + 1);
  }
  return order;
}

std::optional<Step> next_step(const RouteRules& rules, std::span<const size_t> order,
                              std::span<const Circuit> circuits, Progress& progress, Time now, uint64_t draw) {
  if (progress.made - progress.uncounted >= rules.most_attempts()) return std::nullopt;
  const size_t begin = progress.made == 0 ? 0 : progress.position + 1;
  for (size_t i = begin; i < begin + order.size(); ++i) {
    const size_t target = order[i % order.size()];
    if (!circuits[target].admits(rules, now)) continue;
    const int round = static_cast<int>(i / order.size());
    Step step{target, round == 0 ? Duration{} : pause_of(round, first_pause, longest_pause, draw)};
    // Who says how long to wait is believed, where it is the same one that is asked again.
    if (round > 0 && progress.wait && i == begin + order.size() - 1) step.pause = std::max(step.pause, *progress.wait);
    if (step.pause > longest_pause) return std::nullopt;
    progress.position = i;
    ++progress.made;
    return step;
  }
  return std::nullopt;
}

Duration flex_until(Duration window) { return window - std::min(minutes(1), window / 3); }
Duration flex_limit(Duration window) { return (window + flex_until(window)) / 2; }

std::optional<Duration> flex_pause(Duration window, Duration passed, int rounds, std::optional<Duration> wait,
                                   uint64_t draw) {
  const Duration first = std::clamp(window / 10, milliseconds(1), first_flex_pause);
  const Duration pause = std::max(pause_of(rounds, first, longest_flex_pause, draw), wait.value_or(Duration{}));
  if (passed + pause > flex_until(window)) return std::nullopt;
  return pause;
}

}  // namespace twolane::gateway
