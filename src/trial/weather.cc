#include "trial/weather.h"

#include <algorithm>
#include <limits>

namespace twolane::trial {
namespace {

struct Regime {
  double median, sigma;  // minutes
  double flex_shed;      // assumed; the study gives 5 to 95 % by state
};

constexpr double forever = std::numeric_limits<double>::infinity();
constexpr double shared_variance = 0.7;  // of log T, by all batches of a day

// The regimes of each kind. sigma of calm, busy from their quantiles: ln 6 / 2.326, ln 4 / 1.645; of regime
// and field fitted to the lateness of batch-and-hope.
constexpr Regime calm[] = {{20, 0.770, 0.05}};
constexpr Regime busy[] = {{120, 0.843, 0.60}};
constexpr Regime outage[] = {{30, 0.9, 0.05}, {forever, 0, 0.95}};
constexpr Regime regime[] = {{120, 0.3, 0.20}, {960, 0.2, 0.95}};
constexpr Regime field[] = {{2.5, 0.6, 0.05}, {45, 1.0, 0.30}, {900, 0.4, 0.90}};
constexpr double dead_days = 0.05, dead_batches = 0.053;

const Regime& regime_of(Kind kind, int state) {
  switch (kind) {
    case Kind::calm: return calm[0];
    case Kind::busy: return busy[0];
    case Kind::outage: return outage[state];
    case Kind::regime: return regime[state];
    case Kind::field: break;
  }
  return field[state];
}

}  // namespace

std::string_view name_of(Kind kind) {
  constexpr std::string_view names[] = {"calm", "busy", "outage", "regime", "field"};
  return names[static_cast<size_t>(kind)];
}

std::optional<Kind> kind_of(std::string_view name) {
  for (const Kind k : kinds)
    if (name_of(k) == name) return k;
  return std::nullopt;
}

double done_share(double age, double takes) { return std::clamp(2 * age / takes - 1, 0.0, 1.0); }

Weather::Weather(Kind kind, uint64_t seed, int days, Twist twist) : kind_(kind), seed_(seed), twist_(twist) {
  int state = 0;
  for (int d = 0; d < days + 8; ++d) {  // those past the end are for what is still under way then
    const double u = draw(d).uniform(Stream::state);
    switch (kind_on(d)) {
      case Kind::outage: state = u < dead_days; break;
      case Kind::regime: state = state == 0 ? u < 0.08 : u >= 0.25; break;
      case Kind::field: state = u < 0.88 ? 0 : u < 0.97 ? 1 : 2; break;
      default: state = 0;
    }
    states_.push_back(static_cast<uint8_t>(state));
  }
  uint64_t n = 0;
  for (double at = 0; at < (days + 8) * day_minutes; ++n) {
    const Draw d{seed, static_cast<uint64_t>(kind), 0, n};
    at += 48 * 60 * d.exponential(Stream::blackout);
    const double length = 10 * Draw{seed, static_cast<uint64_t>(kind), 1, n}.exponential(Stream::blackout);
    blackouts_.emplace_back(at, at + length);
    at += length;
  }
}

int Weather::state_of(int day) const { return states_[std::min(static_cast<size_t>(day), states_.size() - 1)]; }

bool Weather::bad_day(int day) const {
  const Kind kind = kind_on(day);
  if (kind == Kind::calm || kind == Kind::busy) return draw(day).normal(Stream::day) > 1;
  return state_of(day) > 0;
}

double Weather::batch_takes(double at, uint64_t job, uint64_t ordinal, double requests) const {
  const int day = static_cast<int>(at / day_minutes);
  const Kind kind = kind_on(day);
  const Regime& r = regime_of(kind, state_of(day));
  const Draw own = draw(day, 1 + job * 4096 + ordinal);
  if (r.median == forever || (kind == Kind::outage && own.uniform(Stream::death) < dead_batches)) return forever;
  const double z = std::sqrt(shared_variance) * draw(day).normal(Stream::day) +
                   std::sqrt(1 - shared_variance) * own.normal(Stream::batch);
  double takes = r.median * std::exp(r.sigma * z) + requests / batch_items_per_minute;
  const double from = day * day_minutes + twist_.frozen_from, until = day * day_minutes + twist_.frozen_until;
  if (at < until && at + takes > from) takes += until - std::max(at, from);
  return takes;
}

double Weather::cancel_lag(uint64_t job, uint64_t ordinal) const {
  const Draw own = draw(static_cast<int>(job), 1 + ordinal);
  return own.uniform(Stream::cancel) < 0.05 ? 25 : 0.5 + 9.5 * own.uniform(Stream::load);
}

double Weather::live_rate(double at) const {
  const int day = static_cast<int>(at / day_minutes);
  const double slow = twist_.bad_day_live != 1 && bad_day(day) ? twist_.bad_day_live : 1;
  return twist_.live_nominal * slow * (0.85 + 0.15 * draw(day).uniform(Stream::rate));
}

double Weather::live_end(double at, double minutes) const {
  auto b = std::lower_bound(blackouts_.begin(), blackouts_.end(), at, [](const auto& x, double t) { return x.second < t; });
  double end = at + minutes;
  for (; b != blackouts_.end() && b->first < end; ++b) end += b->second - std::max(b->first, at);
  return end;
}

double Weather::live_between(double from, double to) const {
  if (to <= from) return 0;
  double minutes = to - from;
  auto b = std::lower_bound(blackouts_.begin(), blackouts_.end(), from, [](const auto& x, double t) { return x.second < t; });
  for (; b != blackouts_.end() && b->first < to; ++b) minutes -= std::min(b->second, to) - std::max(b->first, from);
  return minutes;
}

double Weather::flex_shed(double at) const {
  const int day = static_cast<int>(at / day_minutes);
  return regime_of(kind_on(day), state_of(day)).flex_shed;
}

}  // namespace twolane::trial
