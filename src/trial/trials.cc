#include "trial/trials.h"

#include <algorithm>
#include <cmath>

#include "plan/windows.h"

namespace twolane::trial {
namespace {

// ---------------------------------------------------------------- many jobs on one live lane

// Whether everything live, earliest deadline first and preemptive, is in time.
bool live_feasible(const Weather& weather, std::vector<Task> tasks) {
  std::sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.start < b.start; });
  const double rate = weather.live_rate(tasks.front().start);
  std::vector<std::pair<double, double>> open;  // deadline, requests; earliest last
  double now = tasks.front().start;
  for (size_t next = 0; next < tasks.size() || !open.empty();) {
    const double until = next < tasks.size() ? tasks[next].start : 1e18;
    while (!open.empty() && now < until) {
      auto& [deadline, left] = open.back();
      const double end = now + left / rate;
      if (end <= until) {
        now = end;
        if (now > deadline - 5) return false;  // the margin of a long job
        open.pop_back();
      } else {
        left -= (until - now) * rate;
        now = until;
      }
    }
    if (next == tasks.size()) break;
    now = std::max(now, until);
    open.emplace_back(tasks[next].deadline, static_cast<double>(tasks[next].requests));
    ++next;
    std::sort(open.begin(), open.end(), std::greater<>());
  }
  return true;
}

Row summed(std::string_view trial, std::string what, const std::vector<Task>& tasks, const std::vector<Tally>& tallies) {
  Row row{std::string(trial), std::move(what)};
  double requests = 0, cost = 0, late = 0, twice = 0;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const auto n = static_cast<double>(tasks[i].requests);
    requests += n;
    cost += tallies[i].cost(n) * n;
    late += tallies[i].late(n) * n;
    twice += tallies[i].twice;
    row.late_jobs += tallies[i].late(n) > 0.01;
  }
  row.cost = cost / requests;
  row.late = late / requests;
  row.late_jobs /= static_cast<double>(tasks.size());
  row.billed_twice = twice / requests;
  return row;
}

Row many_jobs(std::string_view trial, int runs, uint64_t seed, double load, bool frozen, double headroom) {
  std::vector<Task> all;
  std::vector<Tally> tallies;
  Twist twist;
  if (frozen) twist.frozen_from = 6 * 60, twist.frozen_until = 16 * 60;
  const Weather weather(Kind::busy, seed, 3 * runs, twist);
  Planned plan(weather, {.on_time = 0.999, .headroom = headroom});
  for (int run = 0; run < runs; ++run) {
    const std::vector<Task> day = busy_day(weather, 3 * run, load, seed);
    const auto results = plan.run(day);
    all.insert(all.end(), day.begin(), day.end());
    tallies.insert(tallies.end(), results.begin(), results.end());
  }
  char what[80];
  std::snprintf(what, sizeof what, "load %.2f%s%s", load, frozen ? ", frozen 10 h" : "", headroom > 0 ? ", 30 % headroom" : "");
  return summed(trial, what, all, tallies);
}

std::vector<Row> multijob(int runs, uint64_t seed) {
  std::vector<Row> rows;
  for (const double load : {0.3, 0.5, 0.7, 0.85}) rows.push_back(many_jobs("multijob", runs, seed, load, false, 0));
  return rows;
}

std::vector<Row> frozen(int runs, uint64_t seed) {
  std::vector<Row> rows;
  for (const double load : {0.7, 0.85})
    for (const double headroom : {0.0, 0.3}) {
      rows.push_back(many_jobs("frozen", runs, seed, load, true, headroom));
      if (load == 0.85) rows.back().wanted_late = headroom > 0 ? 0.002 : 0.006;
    }
  return rows;
}

// ---------------------------------------------------------------- one job a day

Row cell_row(std::string_view trial, std::string what, const Cell& cell, double wanted_late = -1) {
  const Figures f = run(cell);
  return {std::string(trial), std::move(what), f.cost, f.late, f.late_jobs, f.billed_twice, wanted_late};
}

std::vector<Row> half_speed(int runs, uint64_t seed) {
  std::vector<Row> rows;
  for (const double deadline : {360.0, 720.0}) {
    Cell cell{Kind::regime, 100'000, deadline, Policy::ladder_safe, 4 * runs, seed, 1, {.bad_day_live = 0.5}};
    rows.push_back(cell_row("half-speed", "regime, 100k in " + std::to_string(static_cast<int>(deadline / 60)) + " h", cell, 0.002));
  }
  return rows;
}

Row planned_days(std::string_view trial, std::string what, Kind kind, int64_t items, double deadline, int days, uint64_t seed,
                 PlannedPolicy policy) {
  const Weather weather(kind, seed, days + 400);
  Planned plan(weather, policy);
  std::vector<Task> tasks;
  std::vector<Tally> tallies;
  for (int day = 0; day < days; ++day) {
    const double start = day * day_minutes;
    tasks.push_back({static_cast<uint64_t>(day), start, start + deadline, items});
    tallies.push_back(plan.run({tasks.back()}).front());
  }
  return summed(trial, std::move(what), tasks, tallies);
}

std::vector<Row> quota(int runs, uint64_t seed) {
  std::vector<Row> rows;
  for (const double share : {0.05, 0.10, 0.20, 0.50, 1.0})
    rows.push_back(planned_days("quota", "busy, 100k in 24 h, quota " + std::to_string(static_cast<int>(share * 100)) + " %",
                                Kind::busy, 100'000, 1440, runs, seed, {.on_time = 0.999, .quota_requests = share * 100'000}));
  return rows;
}

std::vector<Row> reroute(int runs, uint64_t seed) {
  std::vector<Row> rows;
  for (const bool second : {false, true})
    rows.push_back(planned_days("reroute", second ? "outage, 100k in 12 h, two providers" : "outage, 100k in 12 h, one provider",
                                Kind::outage, 100'000, 720, 2 * runs, seed, {.on_time = 0.999, .second_lane = second}));
  return rows;
}

std::vector<Row> shift(int runs, uint64_t seed) {
  std::vector<Row> rows;
  const int on = runs * 5 / 2;
  for (const int64_t items : {int64_t{1000}, int64_t{100'000}}) {
    Cell cell{Kind::calm, items, 360, Policy::ladder, on + runs, seed, 1, {.shift_on = on, .shift_to = Kind::busy}};
    rows.push_back(cell_row("shift", "calm, busy from day " + std::to_string(on) + ", " + std::to_string(items) + " in 6 h", cell, 0.01));
  }
  return rows;
}

// Jobs that arrive inside DeepSeek's dear hours; cost relative to running at once.
std::vector<Row> windows(int runs, uint64_t seed) {
  using plan::PriceStep;
  constexpr PriceStep steps[] = {{hours(0), 1}, {hours(1), 2}, {hours(4), 1}, {hours(6), 2}, {hours(10), 1}};
  const auto price_at = [&](Time t) {
    const Duration of_day{t.ms % days(1).ms};
    double price = 1;
    for (const PriceStep& s : steps)
      if (s.from <= of_day) price = s.price;
    return price;
  };
  std::vector<Row> rows;
  for (const Duration need : {minutes(1), minutes(60)})
    for (const Duration within : {minutes(30), hours(1), hours(2), hours(4)}) {
      Row row{"windows", "deadline " + spoken(within) + ", drain " + spoken(need)};
      for (int i = 0; i < runs * 10; ++i) {
        const double u = Draw{seed, 9, static_cast<uint64_t>(i)}.uniform(Stream::load) * 7;
        Time now = Time{days(20'454).ms} + Duration{static_cast<int64_t>((u < 3 ? 1 + u : 3 + u) * 3.6e6)};
        const Time due = now + std::max(within, need);
        const double at_once = price_at(now);
        double cost = 0;
        for (Duration left = need; left.ms > 0;) {
          const plan::RunsNow r = plan::runs_now(now, due, left, steps);
          const Duration span = std::min(r.until - now, r.runs ? left : r.until - now);
          if (r.runs) cost += price_at(now) * span.seconds(), left = left - span;
          now = now + span;
        }
        if (now > due) ++row.late;
        row.cost += cost / (at_once * need.seconds());
      }
      row.cost /= runs * 10;
      row.late /= runs * 10;
      row.wanted_late = 0;
      rows.push_back(std::move(row));
    }
  return rows;
}

// ---------------------------------------------------------------- tenants and chains

// A million of one tenant, then a hundred of another, on a live lane that is too slow for both.
std::vector<Row> tenants(int runs, uint64_t seed) {
  const Weather weather(Kind::regime, seed, 3 * runs + 10);
  Planned plan(weather, {.on_time = 0.999});
  std::vector<Task> large, small;
  std::vector<Tally> of_large, of_small;
  for (int run = 0; run < runs / 5 + 1; ++run) {
    const double start = 3 * run * day_minutes;
    const auto number = static_cast<uint64_t>(3 * run);
    const std::vector<Task> day{{number, start, start + 119, 1'000'000, 1, 1}, {number, start + 10, start + 130, 100, 2, 1}};
    const auto t = plan.run(day);
    large.push_back(day[0]), of_large.push_back(t[0]);
    small.push_back(day[1]), of_small.push_back(t[1]);
  }
  std::vector<Row> rows{summed("tenants", "a million in 2 h", large, of_large), summed("tenants", "a hundred beside it", small, of_small)};
  rows[1].wanted_late = 0.01;
  return rows;
}

// Ten steps by 06:00, from 20:00: each is accepted when the one before is done.
std::vector<Row> chain(int runs, uint64_t seed) {
  std::vector<Row> rows;
  for (const Kind kind : {Kind::calm, Kind::busy, Kind::outage}) {
    const Weather weather(kind, seed, runs + 10);
    Planned plan(weather, {.on_time = 0.999, .flex = true});
    std::vector<Task> steps;
    std::vector<Tally> tallies;
    for (int day = 0; day < runs; ++day) {
      double start = day * day_minutes + 20 * 60;
      const double deadline = start + 10 * 60;
      for (int step = 0; step < 10; ++step) {
        const Task task{static_cast<uint64_t>(day * 16 + step), start, deadline, 100, 0, 1, 9 - step};
        steps.push_back(task);
        tallies.push_back(plan.run({task}).front());
        start = std::max(start, plan.ended());
      }
    }
    rows.push_back(summed("chain", std::string(name_of(kind)) + ", ten steps of 100 in 10 h", steps, tallies));
    rows.back().wanted_late = 0.01;
  }
  return rows;
}

// ---------------------------------------------------------------- crashes

// At random events the planner is replaced by one that is told everything anew. `late` counts decisions that
// differ, `billed_twice` what came out different in the end.
std::vector<Row> crash(int runs, uint64_t seed) {
  Row row{"crash", "at 1,000 random events: decisions that differ"};
  const Weather weather(Kind::outage, seed, 3 * runs + 10, {.frozen_from = 6 * 60, .frozen_until = 16 * 60});
  const PlannedPolicy policy{.on_time = 0.99, .flex = true};
  Planned plan(weather, policy), undisturbed(weather, policy);
  int64_t crashes = 0, events = 0, differ = 0;
  plan.at_every_event = [&](double) {
    if (crashes >= 1000 || mixed(seed * 7919 + static_cast<uint64_t>(++events)) % 8 != 0) return;
    ++crashes;
    const std::string before = plan.would_do();
    plan.crash();
    const std::string after = plan.would_do();
    differ += after != before;
  };
  double requests = 0, other = 0;
  for (int run = 0; run < runs && crashes < 1000; ++run) {
    const std::vector<Task> day = busy_day(weather, 3 * run, 0.7, seed);
    const auto a = plan.run(day), b = undisturbed.run(day);
    for (size_t i = 0; i < day.size(); ++i) {
      requests += static_cast<double>(day[i].requests);
      other += std::abs(a[i].batch - b[i].batch) + std::abs(a[i].live - b[i].live) + std::abs(a[i].flex - b[i].flex);
    }
  }
  row.what += " of " + std::to_string(crashes);
  row.late = crashes > 0 ? static_cast<double>(differ) / static_cast<double>(crashes) : 1;
  row.billed_twice = other / requests;
  row.wanted_late = 0;
  return {row};
}

}  // namespace

std::vector<Task> busy_day(const Weather& weather, int day, double load, uint64_t seed) {
  constexpr double least = 200, most = 60'000;
  const int wanted = static_cast<int>(load * live_per_minute * day_minutes / ((least + most) / 2));
  std::vector<Task> tasks;
  for (int i = 0; i < 4 * wanted && static_cast<int>(tasks.size()) < wanted; ++i) {
    const auto n = static_cast<uint64_t>(day) * 1024 + static_cast<uint64_t>(i);
    const Draw d{seed, 8, n};
    Task task;
    task.number = n;
    task.start = (day + d.uniform(Stream::load)) * day_minutes;
    task.deadline = task.start + 120 * std::pow(12.0, d.uniform(Stream::cancel));  // 2 to 24 h
    task.requests = static_cast<int64_t>(least + (most - least) * d.uniform(Stream::state));
    tasks.push_back(task);
    if (!live_feasible(weather, tasks)) tasks.pop_back();
  }
  return tasks;
}

std::vector<Row> run_trial(std::string_view name, int runs, uint64_t seed) {
  using Trial = std::vector<Row> (*)(int, uint64_t);
  constexpr Trial trials[] = {multijob, frozen, half_speed, quota, shift, reroute, windows, tenants, chain, crash};
  for (size_t i = 0; i < std::size(trial_names); ++i)
    if (trial_names[i] == name) return trials[i](runs, seed);
  return {};
}

}  // namespace twolane::trial
