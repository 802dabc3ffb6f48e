#include "plan/completion_times.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace twolane::plan {
namespace {

using Curve = CompletionTimes::Curve;
constexpr int bins = CompletionTimes::bins;
constexpr double first_ms = 3'000, last_ms = 26.0 * 3'600'000;
constexpr double same_day = 0.7;       // rho: how much batches of one day share
constexpr double half_life_days = 60;
constexpr double prior_days = 3;
constexpr double kept_at_change = 0.15;
constexpr size_t seen_most = 4096;     // of one day; more teach nothing
constexpr double weightless = 1e-6;    // what has faded to less is forgotten
constexpr double prior_steps = 1e4;

const double bins_per_log = (bins - 1) / std::log(last_ms / first_ms);

int bin_of(Duration t) {
  const auto ms = static_cast<double>(t.ms);
  if (ms <= first_ms) return 0;
  return std::min(static_cast<int>(std::log(ms / first_ms) * bins_per_log) + 1, bins - 1);
}

Duration end_of(int bin) { return {static_cast<int64_t>(first_ms * std::exp(bin / bins_per_log))}; }

// Upper end of Wilson's interval for a share p seen n times.
double wilson_upper(double p, double n, double z) {
  if (n <= 0) return 1;
  const double z2 = z * z;
  const double centre = p + z2 / (2 * n);
  const double spread = z * std::sqrt(std::max(p * (1 - p) / n, 0.0) + z2 / (4 * n * n));
  return std::clamp((centre + spread) / (1 + z2 / n), 0.0, 1.0);
}

double normal_upper_tail(double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); }

Curve lognormal(double median_ms, double sigma, double never) {
  Curve c{};
  for (int b = 0; b < bins; ++b) {
    const double x = std::log(static_cast<double>(end_of(b).ms) / median_ms) / sigma;
    c[static_cast<size_t>(b)] = never + (1 - never) * normal_upper_tail(x);
  }
  return c;
}

}  // namespace

const Curve& CompletionTimes::published() {
  // 90 % within six medians: sigma = ln 6 / 1.2816.
  static const Curve curve = lognormal(10 * 60'000.0, std::log(6.0) / 1.2816, 0.03);
  return curve;
}

// In steps that saved() can write shortly; rounded up, to the side of lateness.
void CompletionTimes::set_prior(const Curve& prior) {
  for (size_t b = 0; b < bins; ++b) prior_[b] = std::ceil(prior[b] * prior_steps) / prior_steps;
  own_prior_ = true;
  stale_ = true;
}

void CompletionTimes::keep(double share) {
  for (auto* kept : {&ended_, &censored_})
    for (double& w : *kept) w = w * share < weightless ? 0 : w * share;
}

void CompletionTimes::observe(int64_t day, Duration age, bool ended) {
  if (day > today_) close_day(day);
  if (seen_.size() < seen_most) seen_.push_back({bin_of(age), ended});
  ++batches_;
  stale_ = true;
}

void CompletionTimes::close_day(int64_t next) {
  if (!seen_.empty()) {
    look_for_change();
    const double weight = 1 / (1 + static_cast<double>(seen_.size() - 1) * same_day);
    for (const Seen& s : seen_) (s.ended ? ended_ : censored_)[static_cast<size_t>(s.bin)] += weight;
    seen_.clear();
  }
  if (today_ != 0) keep(std::exp2(-static_cast<double>(next - today_) / half_life_days));
  today_ = next;
  stale_ = true;
}

// Where today's median lies among what the other days led to expect.
void CompletionTimes::look_for_change() {
  std::vector<int> order;
  for (const Seen& s : seen_) order.push_back(s.ended ? s.bin : bins - 1);
  std::nth_element(order.begin(), order.begin() + static_cast<ptrdiff_t>(order.size() / 2), order.end());
  const int median = order[order.size() / 2];
  std::vector<Seen> today = std::move(seen_);
  seen_.clear();
  stale_ = true;
  const double longer = median == bins - 1 ? curve().back() : curve()[static_cast<size_t>(median)];
  const double known = days();
  seen_ = std::move(today);
  stale_ = true;
  if (longer < 0.05) strange_ = std::max(strange_, 0) + 1;
  else if (longer > 0.95) strange_ = std::min(strange_, 0) - 1;
  else strange_ = 0;
  if (std::abs(strange_) < 2 || known < 2) return;
  keep(kept_at_change);
}

double CompletionTimes::days() const {
  double sum = 0;
  for (int b = 0; b < bins; ++b) sum += ended_[static_cast<size_t>(b)] + censored_[static_cast<size_t>(b)];
  const auto n = static_cast<double>(seen_.size());
  return sum + (n > 0 ? n / (1 + (n - 1) * same_day) : 0);
}

void CompletionTimes::refresh() const {
  std::array<double, bins> events{}, losses{};
  double before = 1, at_risk = prior_days;
  const double today = seen_.empty() ? 0 : 1 / (1 + static_cast<double>(seen_.size() - 1) * same_day);
  for (const Seen& s : seen_) (s.ended ? events : losses)[static_cast<size_t>(s.bin)] += today;
  for (size_t b = 0; b < bins; ++b) {
    events[b] += ended_[b];
    losses[b] += censored_[b];
    at_risk += events[b] + losses[b];
    events[b] += prior_days * (before - prior_[b]);
    before = prior_[b];
  }
  double running = 1;
  for (size_t b = 0; b < bins; ++b) {
    risk_[b] = at_risk;
    if (at_risk > 1e-12) running *= std::max(1 - events[b] / at_risk, 0.0);
    curve_[b] = running;
    at_risk -= events[b] + losses[b];
  }
  stale_ = false;
}

const Curve& CompletionTimes::curve() const {
  if (stale_) refresh();
  return curve_;
}

double CompletionTimes::beyond(Duration t) const {
  if (t.ms <= 0) return 1;
  return curve()[static_cast<size_t>(bin_of(t))];
}

double CompletionTimes::late(Duration age, Duration within) const {
  if (within.ms <= 0) return 1;
  const auto from = static_cast<size_t>(bin_of(age)), to = static_cast<size_t>(bin_of(age + within));
  const Curve& c = curve();
  const double alive = age.ms <= 0 ? 1 : c[from];
  if (alive <= 1e-9) return 1;  // older than anything that was seen
  return wilson_upper(std::min(c[to] / alive, 1.0), risk_[from], 0.5);
}

// The first bin by whose end `enough` holds of the share still running; the curve only falls.
template <class Enough>
static Duration first_end(const Curve& curve, Enough enough) {
  const auto first = std::partition_point(curve.begin(), curve.end(), [&](double running) { return !enough(running); });
  return end_of(std::min(static_cast<int>(first - curve.begin()), bins - 1));
}

Duration CompletionTimes::quantile(double share) const {
  return first_end(curve(), [&](double running) { return 1 - running >= share; });
}

Duration CompletionTimes::upper(double share) const {
  const Curve& c = curve();
  return first_end(c, [&](double running) { return 1 - wilson_upper(running, risk_[0], 1.645) >= share; });
}

// "1 TODAY BATCHES STRANGE bin:ended:censored ... | bin:e|c ...", and " | steps ..." of a prior that is not the
// published one.
std::string CompletionTimes::saved() const {
  std::string text = "1 " + std::to_string(today_) + ' ' + std::to_string(batches_) + ' ' + std::to_string(strange_);
  char piece[80];
  for (size_t b = 0; b < bins; ++b) {
    if (ended_[b] == 0 && censored_[b] == 0) continue;
    std::snprintf(piece, sizeof piece, " %zu:%.17g:%.17g", b, ended_[b], censored_[b]);
    text += piece;
  }
  text += " |";
  for (const Seen& s : seen_) text += ' ' + std::to_string(s.bin) + (s.ended ? "e" : "c");
  if (!own_prior_) return text;
  text += " |";
  for (const double p : prior_) text += ' ' + std::to_string(std::lround(p * prior_steps));
  return text;
}

Result<CompletionTimes> CompletionTimes::restored(std::string_view text) {
  const auto wrong = [&] {
    return fail("plan.evidence", "what was learned of a lane cannot be read", "it was written by another version");
  };
  CompletionTimes t;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](auto& value) {
    while (at < end && *at == ' ') ++at;
    const auto [next, ec] = std::from_chars(at, end, value);
    at = next;
    return ec == std::errc{};
  };
  int version = 0;
  if (!number(version) || version != 1 || !number(t.today_) || !number(t.batches_) || !number(t.strange_)) return wrong();
  while (at < end && *at == ' ' && at + 1 < end && at[1] != '|') {
    int bin = 0;
    double e = 0, c = 0;
    if (!number(bin) || bin < 0 || bin >= bins || at >= end || *at++ != ':' || !number(e) || at >= end ||
        *at++ != ':' || !number(c))
      return wrong();
    t.ended_[static_cast<size_t>(bin)] = e;
    t.censored_[static_cast<size_t>(bin)] = c;
  }
  if (at + 1 >= end || at[1] != '|') return wrong();
  at += 2;
  while (at < end && (*at != ' ' || at + 1 == end || at[1] != '|')) {
    int bin = 0;
    if (!number(bin) || bin < 0 || bin >= bins || at >= end || (*at != 'e' && *at != 'c')) return wrong();
    t.seen_.push_back({bin, *at++ == 'e'});
  }
  if (at == end) return t;
  at += 2;
  Curve prior{};
  for (double& p : prior) {
    int steps = 0;
    if (!number(steps) || steps < 0 || steps > prior_steps) return wrong();
    p = steps / prior_steps;
  }
  if (at != end) return wrong();
  t.prior_ = prior;
  t.own_prior_ = true;
  return t;
}

}  // namespace twolane::plan
