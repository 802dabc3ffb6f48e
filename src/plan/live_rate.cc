#include "plan/live_rate.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace twolane::plan {
namespace {

constexpr double stressed = 0.45;
constexpr int enough = 10;           // measurements, before their quantile is believed
constexpr double followed_from = 0.05;
constexpr double slowest_per_minute = 0.01;

}  // namespace

void LiveRate::measured(double per_minute) {
  const double allowed = allowed_per_minute();
  reached_[static_cast<size_t>(count_ % remembered)] = std::clamp(per_minute / allowed, 0.05, 1.0);
  ++count_;
  const int n = std::min(count_, remembered);
  if (n < enough) return;
  auto sorted = reached_;
  std::sort(sorted.begin(), sorted.begin() + n);
  const double now = sorted[static_cast<size_t>(n / 10)];
  if (std::abs(now - counted_) > counted_ * followed_from) counted_ = now;
}

std::string LiveRate::saved() const {
  if (count_ == 0) return {};
  char number[40];
  std::snprintf(number, sizeof number, " %.17g", counted_);
  std::string text = number;
  for (int i = std::max(count_ - remembered, 0); i < count_; ++i) {
    std::snprintf(number, sizeof number, " %.17g", reached_[static_cast<size_t>(i % remembered)]);
    text += number;
  }
  return text;
}

Status LiveRate::restore(std::string_view text) {
  count_ = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (bool first = true; at < end; first = false) {
    double share = 0;
    const auto [next, ec] = std::from_chars(at + 1, end, share);
    if (ec != std::errc{} || !(share > 0)) return fail("plan.evidence", "measured rates cannot be read");
    if (first) counted_ = share;
    else reached_[static_cast<size_t>(count_++ % remembered)] = share;
    at = next;
  }
  return {};
}

double LiveRate::allowed_per_minute(const RequestSize& size) const {
  double rate = limits_.requests_per_minute > 0 ? limits_.requests_per_minute : 0;
  const auto limited_by = [&](double limit) {
    if (limit > 0) rate = rate > 0 ? std::min(rate, limit) : limit;
  };
  if (size.input_tokens > 0) limited_by(limits_.input_tokens_per_minute / size.input_tokens);
  if (size.output_tokens > 0) limited_by(limits_.output_tokens_per_minute / size.output_tokens);
  if (size.latency.ms > 0) limited_by(limits_.in_flight * 60'000 / static_cast<double>(size.latency.ms));
  if (rate <= 0) rate = unknown_per_minute;
  return std::max(rate * (1 - reserved_), slowest_per_minute);
}

double LiveRate::per_minute(Pace pace, const RequestSize& size) const {
  const double allowed = allowed_per_minute(size) * (1 - headroom_);
  if (pace == Pace::stressed) return allowed * stressed;
  return allowed * counted_;
}

int64_t LiveRate::need_us(Pace pace, const RequestSize& size) const {
  return static_cast<int64_t>(std::ceil(60e6 / per_minute(pace, size)));
}

}  // namespace twolane::plan
