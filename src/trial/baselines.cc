#include "trial/baselines.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace twolane::trial {
namespace {

constexpr double large_batch = 50'000;

// Sends `requests` live from `at`; adds what is on time. Returns when the last is answered.
double send_live(const Weather& weather, const Task& task, double at, double requests, Tally& t) {
  const double rate = weather.live_rate(task.start);
  t.live += requests;
  const double in_time = weather.live_between(at, task.deadline - live_latency) * rate;
  t.on_time += std::clamp(std::floor(in_time), 0.0, requests);
  return weather.live_end(at, requests / rate) + live_latency;
}

struct Flight {
  double requests, sent, takes;
  uint64_t ordinal;
  bool ends_by(double t) const { return takes <= window_minutes && sent + takes <= t; }
};

std::vector<Flight> large_batches(const Weather& weather, const Task& task, Tally& t) {
  std::vector<Flight> flights;
  const auto requests = static_cast<double>(task.requests);
  const double count = std::ceil(requests / large_batch);
  for (double n = 0; n < count; ++n) {
    const double part = std::floor((n + 1) * requests / count) - std::floor(n * requests / count);
    const auto ordinal = static_cast<uint64_t>(n);
    flights.push_back({part, task.start, weather.batch_takes(task.start, task.number, ordinal, part), ordinal});
    ++t.batches;
  }
  return flights;
}

// A batch that expires leaves what it did; the rest is sent again, as often as it takes.
void follow_to_the_end(const Weather& weather, const Task& task, Flight flight, double until, Tally& t, double& open) {
  while (flight.requests > 0) {
    const double end = flight.sent + std::min(flight.takes, window_minutes);
    if (end > until) break;
    const double done = std::floor(flight.requests * done_share(end - flight.sent, flight.takes) + 1e-9);
    t.batch += done;
    if (end <= task.deadline) t.on_time += done;
    flight.requests -= done;
    if (flight.requests <= 0) return;
    flight.ordinal += 64;
    flight.sent = end;
    flight.takes = weather.batch_takes(end, task.number, flight.ordinal, flight.requests);
    ++t.batches;
  }
  open = flight.requests;
}

}  // namespace

Tally all_sync(const Weather& weather, const Task& task) {
  Tally t;
  send_live(weather, task, task.start, static_cast<double>(task.requests), t);
  return t;
}

Tally batch_and_hope(const Weather& weather, const Task& task) {
  Tally t;
  for (const Flight& f : large_batches(weather, task, t)) {
    double open = 0;
    follow_to_the_end(weather, task, f, 1e18, t, open);
  }
  return t;
}

namespace {

// Batches until `cut`, then live.
Tally batches_then_live(const Weather& weather, const Task& task, double cut) {
  Tally t;
  std::vector<Flight> open;
  for (Flight f : large_batches(weather, task, t)) {
    // Expired ones are sent again, as long as the cut is ahead.
    while (true) {
      const double end = f.sent + std::min(f.takes, window_minutes);
      if (end > cut) break;
      const double done = std::floor(f.requests * done_share(end - f.sent, f.takes) + 1e-9);
      t.batch += done;
      t.on_time += done;
      f.requests -= done;
      if (f.requests <= 0) break;
      f.ordinal += 64;
      f.sent = end;
      f.takes = weather.batch_takes(end, task.number, f.ordinal, f.requests);
      ++t.batches;
    }
    if (f.requests > 0) open.push_back(f);
  }
  if (open.empty()) return t;
  // One after the other through the live lane; a batch that comes back meanwhile has that much less to send.
  double at = cut;
  const double rate = weather.live_rate(task.start);
  for (const Flight& f : open) {
    ++t.cancels;
    const double back = std::min(cut + weather.cancel_lag(task.number, f.ordinal), f.sent + f.takes);
    const double done = std::floor(f.requests * done_share(std::min(back - f.sent, window_minutes), f.takes) + 1e-9);
    const double sent_before = std::clamp(std::floor(weather.live_between(at, back) * rate) + (at <= back), 0.0, f.requests);
    const double both = done * sent_before / f.requests;
    const double saved = done - both;
    t.batch += done;
    t.twice += both;
    if (back <= task.deadline) t.on_time += saved;
    at = std::max(at, send_live(weather, task, at, f.requests - saved, t) - live_latency);
  }
  return t;
}

}  // namespace

Tally rule_24h(const Weather& weather, const Task& task) {
  if (task.deadline - task.start <= day_minutes) return all_sync(weather, task);
  // As the study has it: what has not ended after its 24 hours goes live.
  return batches_then_live(weather, task, task.start + day_minutes - 1e-6);
}

Tally watchdog(const Weather& weather, const Task& task) {
  const double buffer = std::clamp(0.15 * (task.deadline - task.start), 1.0, 10.0);
  return batches_then_live(weather, task, task.deadline - buffer);
}

Tally oracle(const Weather& weather, const Task& task) {
  Tally t;
  const auto requests = static_cast<double>(task.requests);
  const double size = std::min(10'000.0, requests >= 1000 ? std::ceil(requests / 4) : requests);
  const double count = std::ceil(requests / size);
  std::vector<Flight> late;
  for (double n = 0; n < count; ++n) {
    const double part = std::min(size, requests - n * size);
    auto ordinal = static_cast<uint64_t>(n);
    double takes = weather.batch_takes(task.start, task.number, ordinal, part);
    for (int again = 1; std::isinf(takes) && again < 4; ++again)  // not sent: another is
      takes = weather.batch_takes(task.start, task.number, ordinal += 64, part);
    ++t.batches;
    double sent = task.start;
    if (takes > window_minutes && task.start + window_minutes < task.deadline) {  // sent a day later, if that is in time
      const double anew = weather.batch_takes(sent + window_minutes, task.number, ordinal += 64, part);
      if (sent + window_minutes + anew <= task.deadline) sent += window_minutes, takes = anew;
    }
    if (sent + takes <= task.deadline) {
      t.batch += part;
      t.on_time += part;
    } else {
      late.push_back({part, task.start, takes, ordinal});
    }
  }
  // Backwards from the deadline: each is collected just when its turn in the drain comes. Those that make the
  // most progress meanwhile go last.
  std::sort(late.begin(), late.end(), [](const Flight& a, const Flight& b) { return a.takes < b.takes; });
  const double rate = weather.live_rate(task.start);
  double end = task.deadline - live_latency;
  end -= (end - task.start) - weather.live_between(task.start, end);  // blackouts, all at the end
  for (const Flight& f : late) {
    // s + u(s) / rate = end with u(s) = requests (1 - done_share(s - sent)).
    double s = end - f.requests / rate;
    if (!std::isinf(f.takes) && s - f.sent > f.takes / 2)
      s = std::min(end, (end - f.requests / rate * (2 + 2 * f.sent / f.takes)) / (1 - 2 * f.requests / rate / f.takes));
    double undone = std::ceil(f.requests * (1 - done_share(s - f.sent, f.takes)) - 1e-9);
    double live = undone;
    if (s < task.start) {  // the drain cannot reach all of it: the rest stays in its batch, late
      live = std::clamp(std::floor((end - task.start) * rate), 0.0, f.requests);
      undone = f.requests;
      s = task.start;
    }
    const double done = f.requests - undone;
    t.live += live;
    t.batch += f.requests - live;
    t.on_time += done + live;
    end = std::min(s, end);
  }
  return t;
}

}  // namespace twolane::trial
