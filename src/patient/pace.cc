// How fast the live lane may go: a token bucket that refusals slow down and answers speed up again, and what the
// planner and the next process are told of it.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "patient/core.h"

namespace twolane::patient {

using dialect::Refusal;
using dialect::Verdict;

namespace {

constexpr double slowest_per_minute = 6;
constexpr double regained = 1.0 / 300;  // of the allowed rate, with each answer
constexpr double told_from = 0.1;       // changes of the rate that the plan is told of
constexpr Duration slowness_lasts = hours(1);
constexpr int down_from = 3;            // refusals in a row, then one call at a time asks whether it is over
constexpr Duration down_at_most = hours(6);  // then failures are the requests' own all the same
constexpr Duration longest_pause = minutes(1);
constexpr int64_t flex_at_a_time = 192;  // of the 256 connections that a process has to a provider
constexpr Duration least_patience = minutes(2);
constexpr Duration eased_for = seconds(10);     // what was left of a limit is old news then
constexpr Duration stated_for = hours(1);
constexpr Duration measured_over = minutes(1);

std::string pace_fact(const std::string& world, const std::string& provider) { return "pace." + world + '\t' + provider; }

}  // namespace

int64_t Engine::Core::live_room(Line& line, ServiceTier tier) {
  const bool flex = tier == ServiceTier::flex;
  if (line.paused_until > now() || (flex && line.flex_paused_until > now())) return 0;
  const double gained = pace(line) * static_cast<double>((now() - line.refilled).ms) / 60'000;
  line.refilled = now();
  line.tokens = std::min(line.tokens + gained, std::max(1.0, line.per_minute / 30));
  const int64_t most = flex ? flex_at_a_time : line.account.live_in_flight;
  const int64_t free = (line.refusals < down_from ? most : 1) - (flex ? line.flex_in_flight : line.in_flight);
  return std::max<int64_t>(std::min(free, static_cast<int64_t>(line.tokens)), 0);
}

// Near the deadline a call that is lost must not be waited for until there is no time for another: a third of the
// time that is left, but four times as long as answers take, and two minutes, the least that the planner keeps free.
Duration Engine::Core::patience_of(const Line& line, const JobAtWork& job) {
  const Duration left = job.job.deadline - now();
  if (!job.job.kept || left <= Duration{0}) return answer_within;
  const Duration least = std::min(std::max(line.answers_in * 4, least_patience), answer_within);
  return std::clamp(left / 3, least, answer_within);
}

double Engine::Core::allowed(const Line& line) const {
  const double set = line.account.live_per_minute;
  return line.stated > 0 ? std::min(set, line.stated) : set;
}

double Engine::Core::pace(const Line& line) {
  const double eased = line.eased_until > now() ? line.eased : 1;
  return std::max(line.per_minute * (1 - line.account.live_reserve) * eased, slowest_per_minute);
}

// Limits are those of a model; a line goes at the pace of the tightest that it heard of lately.
void Engine::Core::hear_limits(Line& line, const std::string& model, const wire::HttpReply& reply, const Usage* usage) {
  ModelPace& heard = line.models[model];
  if (usage != nullptr) heard.each.take(*usage);
  const StatedLimits limits = stated_limits(reply.headers);
  if (limits == StatedLimits{}) return;
  line.eased = ease(limits);
  line.eased_until = now() + eased_for;
  heard.per_minute = calls_per_minute(limits, heard.each);
  heard.heard = now();
  line.stated = 0;
  for (const auto& [name, m] : line.models)
    if (m.per_minute > 0 && now() - m.heard < stated_for) line.stated = line.stated > 0 ? std::min(line.stated, m.per_minute) : m.per_minute;
  line.per_minute = std::min(line.per_minute, std::max(allowed(line), slowest_per_minute));
  tell_plan(line);
}

void Engine::Core::works(Line& line, bool drains) {
  line.drains = drains;
  if (!drains) line.drained_since = {};
}

// A drain that had work all the time for a minute tells the plan what it reached.
void Engine::Core::count_drained(Line& line) {
  if (!line.drains) return;
  if (line.drained_since.ms == 0) {
    line.drained_since = now();
    line.drained = 0;
    return;
  }
  ++line.drained;
  const Duration took = now() - line.drained_since;
  if (took < measured_over) return;
  const double reached = static_cast<double>(line.drained) * 60'000 / static_cast<double>(took.ms);
  plan::apply(plan, plan::RateMeasured{line.account.provider, reached});
  remember_live(line.account.provider);
  line.drained_since = {};
}

// What can be drained is bounded by the allowed rate and by the calls that may be under way at a time. Small
// changes are not told: everything booked is booked anew with each. What is told is kept for the next process.
void Engine::Core::tell_plan(Line& line) {
  const double at_a_time = line.account.live_in_flight * 60'000.0 / static_cast<double>(std::max<int64_t>(line.takes.ms, 1));
  const double rate = std::min(line.per_minute, at_a_time);
  if (std::abs(rate - line.told) < line.told * told_from) return;
  const bool first = line.told == 0;
  line.told = rate;
  plan::apply(plan, plan::RateKnown{line.account.provider, {.requests_per_minute = rate}, line.account.live_reserve});
  if (first) return;
  char pace[120];
  std::snprintf(pace, sizeof pace, "%.17g %lld %lld %.17g", line.per_minute, static_cast<long long>(line.takes.ms),
                static_cast<long long>(line.slowed.ms), line.stated);
  ok(store.remember(pace_fact(settings.world, line.account.provider), pace));
}

void Engine::Core::recall_pace(Line& line) {
  const auto saved = store.recall(pace_fact(settings.world, line.account.provider));
  double per_minute = 0, stated = 0;
  long long takes = 0, slowed = 0;
  if (!saved || std::sscanf(saved->c_str(), "%lf %lld %lld %lf", &per_minute, &takes, &slowed, &stated) < 3 || !(per_minute > 0)) return;
  line.per_minute = std::min(per_minute, line.account.live_per_minute);
  line.takes = milliseconds(takes);
  line.slowed = Time{slowed};
  line.stated = std::max(stated, 0.0);
}

// Nobody was refused for a while: the next drain begins at the full rate again.
void Engine::Core::forget_pace(Line& line) {
  if (line.per_minute >= allowed(line) || now() - line.slowed < slowness_lasts) return;
  line.per_minute = allowed(line);
  tell_plan(line);
}

// Nothing goes through: what fails now is nobody's own fault.
bool Engine::Core::is_down(const Line& line) {
  return line.refusals >= down_from && now() - line.down_since < down_at_most;
}

void Engine::Core::regain(Line& line) {
  const double most = allowed(line);
  if (line.per_minute >= most) return;
  line.per_minute = std::min(line.per_minute + most * regained, most);
  tell_plan(line);
}

// Additive up (regained), multiplicative down, and a pause as long as the provider asks for, longer from pause to
// pause. One refusal among answers is chance; only a second one in a row says that a limit is reached, and
// a third that nothing goes through: what fails then has not used up one of its tries.
void Engine::Core::slow_down(Line& line, const Refusal& refusal) {
  const bool too_fast = refusal.verdict == Verdict::throttled || refusal.verdict == Verdict::quota_full ||
                        refusal.verdict == Verdict::no_capacity;
  if (!too_fast && refusal.verdict != Verdict::unavailable) return;
  if (++line.refusals == 1) line.down_since = now();
  if (line.refusals < 2) return;
  const Duration asked = refusal.retry_after.value_or(Duration{0});
  const bool paused = line.paused_until > now();
  if (!paused) ++line.pauses;
  const Duration pause = std::min(seconds(1) * (int64_t{1} << std::clamp(line.pauses - 1, 0, 6)), longest_pause);
  line.paused_until = std::max(line.paused_until, now() + std::max(asked, pause));
  if (!too_fast || paused) return;  // one burst of refusals counts once
  line.per_minute = std::max(line.per_minute * 0.8, slowest_per_minute);
  line.slowed = now();
  tell_plan(line);
}

}  // namespace twolane::patient
