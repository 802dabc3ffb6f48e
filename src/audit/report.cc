// Sums over callers; the only arithmetic on money here is addition, and scaling by confidence and month.
#include "audit/report.h"

#include <algorithm>
#include <unordered_map>

namespace twolane::audit {
namespace {

// Of one minute.
struct Load {
  int64_t calls = 0, tokens = 0;
};

PicoUsd scaled(PicoUsd amount, int64_t thousandths) { return {amount.n * thousandths / 1000}; }

void sum_callers(Report& r) {
  const auto count = [&](const Profile& p, Verdict v) {
    r.spend += p.spend, r.unpriced += p.unpriced, r.unknown_calls += p.unknown_calls;
    r.logged += p.logged, r.logged_calls += p.logged_calls;
    r.planes[static_cast<size_t>(v)] += p.spend;
    r.plane_calls[static_cast<size_t>(v)] += p.calls;
    for (size_t h = 0; h < r.by_hour.size(); ++h) {
      r.by_hour[h] += p.spend_at[h];
      if (can_wait(v)) r.waiting_by_hour[h] += p.spend_at[h];
    }
  };
  for (const Caller& c : r.callers) count(c.profile, c.finding.verdict);
  if (r.others) count(*r.others, Verdict::cannot_tell);
}

// What a caller would save where it can go, for the upper end of the range.
PicoUsd potential(const Prices& prices, PicoUsd now) {
  PicoUsd best{};
  for (const Line line : {Line::flex, Line::batch, Line::batch_cached}) best = std::max(best, prices.of(line).saving(now));
  return best;
}

void sum_lines(Report& r) {
  for (size_t i = 0; i < r.callers.size(); ++i) {
    const Profile& p = r.callers[i].profile;
    const Prices& prices = r.prices[i];
    const Verdict v = r.callers[i].finding.verdict;
    r.caching_saves += std::max(PicoUsd{}, prices.of(Line::caching).saving(p.spend));
    r.model_saves += std::max(PicoUsd{}, prices.of(Line::cheaper_model).saving(p.spend));
    r.caching_measured = r.caching_measured || prices.of(Line::caching).cost.has_value();
    if (v == Verdict::cannot_tell)
      r.high += scaled(potential(prices, p.spend), r.callers[i].finding.nobody_waits);
    if (!can_wait(v)) continue;
    r.can_wait += p.spend;
    for (int l = 0; l < line_count; ++l)
      r.lines[static_cast<size_t>(l)] += prices.of(static_cast<Line>(l)).cost.value_or(p.spend);
  }
}

void sum_moves(Report& r) {
  for (const Move& m : r.plan.moves) {
    r.saving += m.saving();
    r.low += scaled(m.left_of(m.low), m.confidence);
    r.high += m.high;
  }
  for (const Duration takes : {minutes(15), hours(1), hours(2), hours(4), hours(8), hours(12), hours(24)}) {
    Sensitivity s;
    s.takes = takes;
    for (const Move& m : r.plan.moves)
      if (m.tier != ServiceTier::batch || m.deadline >= takes) s.saving += m.saving(), ++s.moves;
    r.sensitivity.push_back(s);
  }
}

// What leaves the live plane in each minute; spans of several minutes are spread evenly over them.
std::unordered_map<int64_t, Load> moved_away(const Report& r, bool& exact) {
  std::unordered_map<int64_t, Load> moved;
  for (const Move& m : r.plan.moves) {
    if (m.tier != ServiceTier::batch) continue;
    const Arrivals& arrivals = r.callers[m.caller].profile.arrivals;
    const int64_t width = arrivals.width();
    exact = exact && width == 1;
    for (const Arrivals::Span& s : arrivals.spans())
      for (int64_t i = 0; i < width; ++i) {
        Load& sum = moved[s.at * width + i];
        sum.calls += s.calls / width, sum.tokens += s.tokens / width;
      }
  }
  return moved;
}

Relief relieve(const Arrivals& live, const Report& r) {
  Relief relief;
  relief.exact = live.width() == 1;
  const auto moved = moved_away(r, relief.exact);
  for (const Arrivals::Span& s : live.spans()) {
    const Load all{s.calls / live.width(), s.tokens / live.width()};
    relief.calls_before = std::max(relief.calls_before, all.calls);
    relief.tokens_before = std::max(relief.tokens_before, all.tokens);
    const auto gone = moved.find(s.at * live.width());
    const Load less = gone == moved.end() ? Load{} : gone->second;
    relief.calls_after = std::max(relief.calls_after, all.calls - less.calls);
    relief.tokens_after = std::max(relief.tokens_after, all.tokens - less.tokens);
  }
  return relief;
}

}  // namespace

std::optional<PicoUsd> Report::per_month(PicoUsd amount) const {
  if (!dated || span() < days(7)) return std::nullopt;
  if (span() >= days(27) && span() <= days(32)) return amount;
  return PicoUsd{amount.n * days(30).ms / span().ms};
}

Report make_report(Collected collected, const std::vector<Overrule>& overrules, std::vector<FileRead> files,
                   PicoUsd worth, const std::optional<ReplaySettings>& replay) {
  Report r;
  r.settings = collected.settings;
  r.files = std::move(files);
  r.calls = collected.calls, r.dated = collected.dated, r.first = collected.first, r.last = collected.last;
  r.assumed_calls = collected.assumed_calls;
  r.callers = judge_callers(collected, overrules);
  r.others = std::move(collected.others);
  for (const Caller& c : r.callers) r.prices.push_back(price_lines(c.profile.cells, c.profile.unpriced));
  sum_callers(r);
  r.plan = plan_moves(r.callers, r.prices, worth);
  r.replayed = replay;
  if (replay) replay_moves(r.plan, r.callers, *replay);
  sum_lines(r);
  sum_moves(r);
  r.relief = relieve(collected.live, r);
  r.reuse = collected.reuse, r.pieces_forgotten = collected.pieces_forgotten;
  r.buckets = std::move(collected.buckets);
  r.buckets_first = collected.buckets_first, r.buckets_last = collected.buckets_last;
  return r;
}

}  // namespace twolane::audit
