#include "plan/rules.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace twolane::plan {
namespace {

constexpr Duration answer_time = seconds(30);      // q99 of a synchronous call, generously
constexpr Duration most_cancels = minutes(11);     // q95 of the cancel lag
constexpr double late_costs = 9.5;                 // list prices: theta = 0.5 / (0.5 + 9.5)
constexpr double certain_from = 0.999;

}  // namespace

Duration margin(Duration job_time) { return std::clamp(job_time / 20, minutes(2), minutes(5)) + answer_time; }

Duration cancel_lead(Duration job_time) { return std::clamp(job_time / 5, Duration{0}, most_cancels); }

double gamble(double on_time) {
  if (on_time >= certain_from) return 0;
  return std::min(0.5 / (0.5 + late_costs) * (1 - on_time) / 0.01, 0.1);
}

Time step_deadline(Time accepted, Time deadline, int32_t steps_after) {
  return accepted + (deadline - accepted) / (std::max(steps_after, 0) + 1);
}

Duration flush_after(Duration left) { return std::clamp(left / 20, Duration{0}, minutes(15)); }

int64_t batch_size(int64_t job_requests, const BatchRoom& room) {
  int64_t size = 10'000;
  if (room.live_per_minute > 0) size = std::min(size, static_cast<int64_t>(room.live_per_minute * 10));
  if (room.provider_requests > 0) size = std::min(size, room.provider_requests);
  if (room.quota_requests > 0) size = std::min(size, room.quota_requests / 4);
  if (job_requests >= 1000) size = std::min(size, (job_requests + 3) / 4);
  return std::max<int64_t>(size, 1);
}

Time overtaken_at(Time sent, std::span<const PeerEnd> ended) {
  int peers = 0;
  Duration slowest;
  for (const PeerEnd& p : ended) {
    if (p.sent < sent) continue;
    ++peers;
    slowest = std::max(slowest, p.took);
  }
  return peers < 3 ? Time{INT64_MAX / 4} : sent + slowest * 3 + minutes(10);
}

bool restart_lone(const CompletionTimes& times, Duration age, Duration left, int32_t restarts) {
  if (left.ms <= 0 || age.ms * 2 <= times.upper(0.85).ms * 3) return false;
  const double anew = (1 - times.beyond(left - minutes(6))) * std::pow(0.5, restarts + 1);
  const double alive = std::max(times.beyond(age), 1e-9);
  return anew > 1 - times.beyond(age + left) / alive + 0.1;
}

bool worth_moving(const LaneOffer& here, const LaneOffer& there) {
  return (1 - there.price) * there.in_time > (1 - here.price) * here.in_time;
}

std::vector<double> shares(double room, std::span<const Claim> claims) {
  std::vector<double> got(claims.size(), 0);
  std::vector<size_t> order(claims.size());
  std::iota(order.begin(), order.end(), size_t{0});
  // Those who want least for their weight are satisfied first; the rest divide what is left.
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return claims[a].wants * claims[b].weight < claims[b].wants * claims[a].weight;
  });
  double weights = 0;
  for (const Claim& c : claims) weights += c.weight;
  for (const size_t i : order) {
    got[i] = weights > 0 ? std::min(claims[i].wants, room * claims[i].weight / weights) : 0;
    room -= got[i];
    weights -= claims[i].weight;
  }
  return got;
}

}  // namespace twolane::plan
