// The width is the smallest at which the distinct spans fit, which does not depend on their order.
#include "audit/arrivals.h"

#include <algorithm>

namespace twolane::audit {
namespace {

int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

void put_together(std::vector<Arrivals::Span>& spans) {
  size_t kept = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (kept > 0 && spans[kept - 1].at == spans[i].at) {
      spans[kept - 1].calls += spans[i].calls;
      spans[kept - 1].tokens += spans[i].tokens;
    } else {
      spans[kept++] = spans[i];
    }
  }
  spans.resize(kept);
}

}  // namespace

void Arrivals::add(int64_t minute, uint32_t calls, int64_t tokens) {
  const auto at = static_cast<int32_t>(floor_div(minute, width_));
  if (!spans_.empty() && spans_.back().at == at) {
    spans_.back().calls += calls;
    spans_.back().tokens += tokens;
    return;
  }
  ordered_ = ordered_ && (spans_.empty() || spans_.back().at < at);
  spans_.push_back({at, calls, tokens});
  if (spans_.size() > (ordered_ ? most_ : 2 * most_)) tidy();
}

void Arrivals::merge(const Arrivals& other) {
  while (width_ < other.width_) widen();
  for (const Span& s : other.spans_) add(s.at * other.width_, s.calls, s.tokens);
}

void Arrivals::limit(size_t most) {
  if (most >= most_) return;
  most_ = most;
  tidy();
  spans_.shrink_to_fit();
}

void Arrivals::widen() {
  width_ *= 2;
  for (Span& s : spans_) s.at = static_cast<int32_t>(floor_div(s.at, 2));
  put_together(spans_);
}

void Arrivals::tidy() {
  if (!ordered_) std::ranges::sort(spans_, {}, &Span::at);
  ordered_ = true;
  put_together(spans_);
  while (spans_.size() > most_) widen();
}

std::vector<Arrivals::Span> Arrivals::spans() const {
  Arrivals copy = *this;
  copy.tidy();
  return std::move(copy.spans_);
}

Arrivals Arrivals::of(int64_t width, std::vector<Span> spans) {
  Arrivals a;
  a.width_ = width;
  a.spans_ = std::move(spans);
  a.ordered_ = false;
  a.tidy();
  return a;
}

int64_t Arrivals::busiest_minute() const {
  int64_t most = 0;
  for (const Span& s : spans()) most = std::max<int64_t>(most, (s.calls + width_ - 1) / width_);
  return most;
}

}  // namespace twolane::audit
