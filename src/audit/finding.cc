// The sum of the evidence, what the caller tolerates, and the rule that follows.
#include "audit/finding.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "audit/collector.h"
#include "audit/evidence.h"

namespace twolane::audit {
namespace {

constexpr int most_decibans = 30;

// How tightly times of runs lie together on a circle of `period`: 1 all at the same, 0 anywhere.
struct Circle {
  double tightness = 0;
  double at = 0;  // mean, in ms of the period
};
Circle on_circle(const std::vector<Run>& runs, int64_t period, int64_t shift) {
  double x = 0, y = 0;
  for (const Run& run : runs) {
    const auto phase = static_cast<double>(((run.start.ms + shift) % period + period) % period);
    const double angle = 2 * std::numbers::pi * phase / static_cast<double>(period);
    x += std::cos(angle), y += std::sin(angle);
  }
  const auto n = static_cast<double>(runs.size());
  double angle = std::atan2(y, x);
  if (angle < 0) angle += 2 * std::numbers::pi;
  return {std::hypot(x, y) / n, angle / (2 * std::numbers::pi) * static_cast<double>(period)};
}

// The runs that matter: at least 10 calls, and a tenth of the largest.
std::vector<Run> large_runs(const Profile& p, int64_t& calls) {
  int64_t largest = 0;
  for (const Run& run : p.runs) largest = std::max(largest, run.calls);
  std::vector<Run> kept;
  calls = 0;
  for (const Run& run : p.runs)
    if (run.calls >= std::max<int64_t>(10, largest / 10)) kept.push_back(run), calls += run.calls;
  std::ranges::sort(kept, {}, &Run::start);
  return kept;
}

int64_t distinct_days(const std::vector<Run>& runs, int64_t shift) {
  std::vector<int64_t> days_seen;
  for (const Run& run : runs) days_seen.push_back((run.start.ms + shift) / days(1).ms);
  std::ranges::sort(days_seen);
  return std::unique(days_seen.begin(), days_seen.end()) - days_seen.begin();
}

Duration usual_pause(const std::vector<Run>& runs) {
  std::vector<int64_t> gaps;
  for (size_t i = 1; i < runs.size(); ++i) gaps.push_back(runs[i].start.ms - runs[i - 1].start.ms);
  if (gaps.empty()) return {};
  std::ranges::nth_element(gaps, gaps.begin() + static_cast<long>(gaps.size() / 2));
  return {gaps[gaps.size() / 2]};
}

struct Tolerance {
  Duration time;
  std::string because;
};

// From the start of a run until the morning of a working day.
Duration until_work(const Schedule& schedule, const Settings& settings) {
  const int start = schedule.minute % (24 * 60);
  int minutes_left = settings.work_begins * 60 - start;
  if (minutes_left <= 0) minutes_left += 24 * 60;
  return minutes(minutes_left);
}

Tolerance tolerance_of(const Profile& p, const Finding& f, const Settings& settings) {
  if (f.chained) return {minutes(5), "its steps follow on each other, so each may take minutes, not hours"};
  const Run usual = usual_run(p);
  const Duration length = usual.end - usual.start;
  const std::string run = "a run takes " + spoken(length) + ", so its first answers have always waited that long";
  switch (f.schedule.every) {
    case Schedule::Every::day: {
      const Duration morning = until_work(f.schedule, settings);
      if (f.schedule.minute >= settings.work_begins * 60 && f.schedule.minute < settings.work_ends * 60)
        return {std::max(length, hours(1)), "it runs once a day in working hours; " + run};
      return {std::max(morning, length), "it starts outside working hours; the next working day begins " +
                                             spoken(morning) + " later"};
    }
    case Schedule::Every::week: return {hours(24), "it runs once a week"};
    case Schedule::Every::hour:
      return {f.schedule.period * 4 / 5, "the next run begins " + spoken(f.schedule.period) + " later"};
    case Schedule::Every::none: break;
  }
  if (p.until_used.count() >= 20 && p.until_used.quantile(0.05) >= minutes(10).ms)
    return {Duration{p.until_used.quantile(0.05)}, "the soonest that an answer was seen to be needed"};
  if (usual.calls >= 50 && length >= minutes(2)) return {length, run};
  return {minutes(10), "nothing shows when its answers are needed, so minutes are assumed"};
}

std::vector<std::string> missing_from_log(const Profile& p) {
  std::vector<std::string> missing;
  if (p.last.ms - p.first.ms < days(7).ms) missing.push_back("a week or more: nights and a weekend");
  if (p.undated || !p.dated) missing.push_back("times with a date");
  if (!p.name.streaming) missing.push_back("whether the call streams");
  if (p.latency.count() < p.calls / 2) missing.push_back("end time or duration");
  if (p.users.estimate() == 0) missing.push_back("the end user");
  if (p.joined < p.calls / 2) missing.push_back("a session or trace id");
  if (p.name.client.empty()) missing.push_back("the user agent");
  if (p.outcomes < p.calls / 2) missing.push_back("whether the client disconnected");
  if (p.name.key.empty() && p.name.route.empty()) missing.push_back("the key or the application");
  if (missing.empty()) missing.push_back("a key of its own for each job: this one is used for several things");
  return missing;
}

Verdict by_rule(const Finding& f) {
  constexpr unsigned every_tier = 31;
  const auto rule = price::verdict({.deadline = f.tolerates, .critical = false}, every_tier).rule;
  switch (rule) {
    case price::Rule::instant:
    case price::Rule::interactive: return Verdict::interactive;
    case price::Rule::soon: return Verdict::can_wait_minutes;
    default: return Verdict::can_wait_hours;
  }
}

}  // namespace

Run usual_run(const Profile& p) {
  std::vector<Run> runs = p.runs;
  std::ranges::sort(runs, {}, [](const Run& r) { return r.end - r.start; });
  int64_t all = 0, seen = 0;
  for (const Run& r : runs) all += r.calls;
  for (const Run& r : runs)
    if ((seen += r.calls) * 2 >= all) return r;
  return {};
}

std::string_view name_of(Verdict v) {
  static constexpr std::string_view names[] = {"interactive", "can_wait_minutes", "can_wait_hours", "already_batched", "cannot_tell"};
  return names[static_cast<size_t>(v)];
}

std::string_view words_of(Verdict v) {
  static constexpr std::string_view names[] = {"interactive", "can wait minutes", "can wait hours", "already batched", "cannot tell"};
  return names[static_cast<size_t>(v)];
}

int64_t confidence_of(int decibans) {
  const double odds = std::pow(10.0, std::clamp(decibans, -most_decibans, most_decibans) / 10.0);
  return std::lround(1000 * odds / (1 + odds));
}

namespace {

// Days and weeks are looked for among the largest runs.
Schedule by_day_or_week(const Profile& p, int64_t shift) {
  int64_t calls = 0;
  const std::vector<Run> runs = large_runs(p, calls);
  if (!p.dated || runs.size() < 3 || calls * 10 < p.calls * 6) return {};
  const auto count = static_cast<int64_t>(runs.size());
  const Duration pause = usual_pause(runs);
  const Circle day = on_circle(runs, days(1).ms, shift);
  if (distinct_days(runs, shift) >= 4 && day.tightness >= 0.97 && pause >= hours(20))
    return {Schedule::Every::day, days(1), static_cast<int>(day.at / 60'000) % 1440, count};
  const int64_t sunday = days(4).ms;
  const Circle week = on_circle(runs, days(7).ms, shift + sunday);
  if (week.tightness >= 0.99 && pause >= days(6))
    return {Schedule::Every::week, days(7), static_cast<int>(week.at / 60'000), count};
  return {};
}

// Hours and quarters among the latest, which lie side by side.
Schedule by_hour(const Profile& p) {
  const std::vector<Run>& runs = p.latest_runs;
  int64_t calls = 0;
  for (const Run& run : runs) calls += run.calls;
  const bool most_of_it = calls >= p.calls * 6 / 10 || (runs.size() >= 100 && p.calls_in_finished_runs > 0 &&
                                                        calls * p.run_count >= p.calls_in_finished_runs * static_cast<int64_t>(runs.size()) * 6 / 10);
  if (runs.size() < 12 || !most_of_it) return {};
  const Duration pause = usual_pause(runs);
  for (const Duration period : {hours(1), minutes(30), minutes(15)}) {
    const Circle circle = on_circle(runs, period.ms, 0);
    const bool often = pause.ms * 4 >= period.ms * 3 && pause.ms * 4 <= period.ms * 5;
    if (circle.tightness >= 0.85 && often)
      return {Schedule::Every::hour, period, static_cast<int>(circle.at / 60'000), p.run_count};
  }
  return {};
}

}  // namespace

Schedule schedule_of(const Profile& p, int zone_minutes) {
  const Schedule daily = by_day_or_week(p, int64_t{zone_minutes} * 60'000);
  return daily.every != Schedule::Every::none ? daily : by_hour(p);
}

Finding judge(const Profile& p, const Settings& settings) {
  Finding f;
  f.schedule = schedule_of(p, settings.zone_minutes);
  f.chained = p.calls >= 20 && p.chained * 5 >= p.calls;
  const Seen seen{p, settings, f.schedule};
  for (const EvidenceRule& rule : evidence_rules())
    if (Evidence e = rule.weigh(seen); !e.words.empty()) f.evidence.push_back(std::move(e));
  for (const Evidence& e : f.evidence) f.decibans += e.decibans;
  std::ranges::stable_sort(f.evidence, std::ranges::greater{}, [](const Evidence& e) { return std::abs(e.decibans); });
  f.nobody_waits = f.confidence = confidence_of(f.decibans);
  if (p.name.tier == ServiceTier::batch) {
    f.verdict = Verdict::already_batched;
    f.confidence = 1000;
    return f;
  }
  if (f.decibans <= enough_to_stay) {
    f.verdict = Verdict::interactive;
    f.confidence = 1000 - f.confidence;
  } else if (f.decibans < enough_to_wait) {
    f.verdict = Verdict::cannot_tell;
    f.to_log = missing_from_log(p);
  } else {
    Tolerance t = tolerance_of(p, f, settings);
    f.tolerates = t.time;
    f.tolerates_because = std::move(t.because);
    f.verdict = by_rule(f);
  }
  return f;
}

}  // namespace twolane::audit
