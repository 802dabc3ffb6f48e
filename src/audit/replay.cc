// Arrivals become jobs of the planner, one for each span; moves that share lanes run together.
#include "audit/replay.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "trial/planned.h"

namespace twolane::audit {
namespace {

constexpr int64_t spans_of_deadline = 48;  // arrivals this much of the deadline apart count as together
constexpr double worst_day = 0.85;         // of its nominal rate is what the live lane gives on the worst day
constexpr int64_t longest_days = 4000;
constexpr Duration deadlines[] = {minutes(10), minutes(15), minutes(30), hours(1), hours(2),
                                  hours(4),    hours(8),    hours(12),   hours(24)};

// A move with the deadline it is tried at.
struct Tried {
  const Move* move = nullptr;
  const Profile* caller = nullptr;
  Duration deadline;
};

int64_t minute_of(const Arrivals::Span& s, const Arrivals& arrivals) { return s.at * arrivals.width(); }

// Minutes to requests: together within `fold`, or spread where the series holds longer spans.
std::map<int64_t, int64_t> requests_at(const Arrivals& arrivals, int64_t fold) {
  std::map<int64_t, int64_t> out;
  const int64_t parts = std::max<int64_t>(1, arrivals.width() / fold);
  for (const Arrivals::Span& s : arrivals.spans())
    for (int64_t i = 0; i < parts; ++i) {
      const int64_t n = s.calls * (i + 1) / parts - s.calls * i / parts;
      if (n > 0) out[(minute_of(s, arrivals) + i * arrivals.width() / parts) / fold * fold] += n;
    }
  return out;
}

// The busiest minute of all of them together: the live lane was seen to carry that.
double carried(const std::vector<Tried>& tried) {
  std::unordered_map<int64_t, double> load;
  double most = 1;
  for (const Tried& t : tried) {
    const auto width = t.caller->arrivals.width();
    for (const Arrivals::Span& s : t.caller->arrivals.spans())
      for (int64_t i = 0; i < width; ++i)
        most = std::max(most, load[minute_of(s, t.caller->arrivals) + i] += static_cast<double>(s.calls) / static_cast<double>(width));
  }
  return most;
}

// The jobs of all, and whose each is.
std::vector<trial::Task> tasks_of(const std::vector<Tried>& tried, std::vector<size_t>& whose) {
  int64_t first = INT64_MAX;
  for (const Tried& t : tried) first = std::min(first, minute_of(t.caller->arrivals.spans().front(), t.caller->arrivals));
  const int64_t midnight = first - (first % 1440 + 1440) % 1440;
  std::vector<trial::Task> tasks;
  for (size_t i = 0; i < tried.size(); ++i) {
    const int64_t fold = std::clamp<int64_t>(tried[i].deadline.ms / 60'000 / spans_of_deadline, 1, 60);
    for (const auto& [minute, requests] : requests_at(tried[i].caller->arrivals, fold)) {
      trial::Task task;
      task.number = tasks.size();
      task.start = static_cast<double>(std::max(minute, first) - midnight);
      task.deadline = task.start + static_cast<double>(tried[i].deadline.ms) / 60'000;
      task.requests = requests;
      tasks.push_back(task);
      whose.push_back(i);
    }
  }
  return tasks;
}

std::vector<Replayed> run(const std::vector<Tried>& tried, const ReplaySettings& settings) {
  std::vector<size_t> whose;
  const std::vector<trial::Task> tasks = tasks_of(tried, whose);
  double last = 0;
  for (const trial::Task& t : tasks) last = std::max(last, t.start);
  std::vector<Replayed> out(tried.size());
  const auto days_long = static_cast<int64_t>(last / trial::day_minutes) + 2;
  if (days_long > longest_days) return out;  // a wrong date in the log, not years of traffic
  trial::Twist twist;
  twist.live_nominal = carried(tried) / worst_day;
  const trial::Weather weather(settings.lanes, settings.seed, static_cast<int>(days_long), twist);
  trial::PlannedPolicy policy;
  policy.on_time = settings.on_time;
  policy.flex = tried.front().move->tier == ServiceTier::flex;
  trial::Planned planned(weather, policy);
  const std::vector<trial::Tally> tallies = planned.run(tasks);
  for (size_t i = 0; i < tasks.size(); ++i) {
    Replayed& r = out[whose[i]];
    r.requests += tasks[i].requests;
    r.late += tasks[i].requests - std::llround(tallies[i].on_time);
    r.live += std::llround(tallies[i].live);
    r.twice += std::llround(tallies[i].twice);
  }
  return out;
}

// Moves that share lanes: by provider and tier. Callers without times cannot be replayed.
std::map<std::pair<std::string, ServiceTier>, std::vector<size_t>> groups_of(const Plan& plan, const std::vector<Caller>& callers) {
  std::map<std::pair<std::string, ServiceTier>, std::vector<size_t>> groups;
  for (size_t i = 0; i < plan.moves.size(); ++i)
    if (!callers[plan.moves[i].caller].profile.arrivals.empty()) groups[{plan.moves[i].provider, plan.moves[i].tier}].push_back(i);
  return groups;
}

std::string percent(double share) {
  char text[24];
  std::snprintf(text, sizeof text, share < 0.0995 ? "%.1f %%" : "%.0f %%", share * 100);
  return text;
}

Stay dropped(const Move& move, const Profile& caller, const ReplaySettings& settings) {
  Stay stay;
  stay.caller = move.caller;
  stay.replayed = move.replayed;
  stay.why = "replayed, " + percent(move.replayed->late_share()) + " of its answers would have been later than " +
             spoken(move.deadline) + " on lanes that are " + std::string(name_of(settings.lanes));
  for (const Duration longer : deadlines) {
    if (longer <= move.deadline) continue;
    if (replay_alone(move, caller, longer, settings).late_share() > 1 - settings.on_time) continue;
    stay.why += "; from " + spoken(longer) + " on they would not: if that will do, overrule it with can-wait " + span_text(longer);
    return stay;
  }
  stay.why += ", and no deadline up to a day would have held";
  return stay;
}

}  // namespace

Replayed replay_alone(const Move& move, const Profile& caller, Duration deadline, const ReplaySettings& settings) {
  if (caller.arrivals.empty()) return {};
  return run({{&move, &caller, deadline}}, settings).front();
}

void replay_moves(Plan& plan, const std::vector<Caller>& callers, const ReplaySettings& settings) {
  for (bool again = true; again;) {
    again = false;
    for (const auto& [shared, members] : groups_of(plan, callers)) {
      std::vector<Tried> tried;
      for (const size_t i : members) tried.push_back({&plan.moves[i], &callers[plan.moves[i].caller].profile, plan.moves[i].deadline});
      const auto results = run(tried, settings);
      for (size_t k = 0; k < members.size(); ++k) plan.moves[members[k]].replayed = results[k];
    }
    std::vector<Move> kept;
    for (Move& m : plan.moves) {
      if (!m.replayed || m.replayed->late_share() <= 1 - settings.on_time) {
        kept.push_back(std::move(m));
        continue;
      }
      plan.stays.push_back(dropped(m, callers[m.caller].profile, settings));
      again = true;  // the others have the lanes to themselves now
    }
    plan.moves = std::move(kept);
  }
}

}  // namespace twolane::audit
