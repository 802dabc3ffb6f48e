#include "trial/grid.h"

#include <cmath>

#include "trial/baselines.h"

namespace twolane::trial {
namespace {

constexpr std::string_view names[] = {"all-sync", "batch", "rule-24h", "watchdog",
                                      "ladder", "ladder-flex", "ladder-safe", "oracle"};

class Mean {
 public:
  void add(const Task& task, const Tally& t) {
    const auto n = static_cast<double>(task.requests);
    const double cost = t.cost(n);
    sum_ += cost;
    squares_ += cost * cost;
    f_.late += t.late(n);
    f_.late_jobs += t.late(n) > 0.01;
    f_.billed_twice += t.twice / n;
    f_.live += t.live / n;
    f_.flex += t.flex / n;
    f_.batches += t.batches;
    f_.cancels += t.cancels;
    ++f_.jobs;
  }
  Figures figures(int64_t decisions) const {
    Figures f = f_;
    const auto n = static_cast<double>(f.jobs);
    f.cost = sum_ / n;
    f.cost_se = n > 1 ? std::sqrt(std::max(squares_ / n - f.cost * f.cost, 0.0) / (n - 1)) : 0;
    for (double* share : {&f.late, &f.late_jobs, &f.billed_twice, &f.live, &f.flex, &f.batches, &f.cancels}) *share /= n;
    f.decisions = decisions;
    return f;
  }

 private:
  double sum_ = 0, squares_ = 0;
  Figures f_;
};

PlannedPolicy planned(Policy policy) {
  PlannedPolicy p;
  if (policy == Policy::ladder_safe) p.on_time = 0.999;
  p.flex = policy == Policy::ladder_flex;
  if (p.flex) p.on_time = 0.999;
  return p;
}

Tally direct(Policy policy, const Weather& weather, const Task& task) {
  switch (policy) {
    case Policy::all_sync: return all_sync(weather, task);
    case Policy::batch: return batch_and_hope(weather, task);
    case Policy::rule_24h: return rule_24h(weather, task);
    case Policy::watchdog: return watchdog(weather, task);
    default: return oracle(weather, task);
  }
}

bool is_planned(Policy p) { return p == Policy::ladder || p == Policy::ladder_flex || p == Policy::ladder_safe; }

}  // namespace

std::string_view name_of(Policy policy) { return names[static_cast<size_t>(policy)]; }

std::optional<Policy> policy_of(std::string_view name) {
  for (const Policy p : policies)
    if (name_of(p) == name) return p;
  return std::nullopt;
}

std::vector<Moment> trace(const Cell& cell, int day) {
  const Weather weather(cell.kind, cell.seed, day + 1, cell.twist);
  Planned plan(weather, planned(cell.policy));
  std::vector<Moment> moments;
  for (int d = 0; d <= day; ++d) {
    const double start = d * day_minutes;
    if (d == day) plan.after_decision = [&](double at) { moments.push_back({at - start, plan.sample()}); };
    plan.run({{static_cast<uint64_t>(d), start, start + cell.deadline, cell.items}});
  }
  return moments;
}

Figures run(const Cell& cell) {
  Mean mean;
  int64_t decisions = 0;
  for (uint64_t seed = cell.seed; seed < cell.seed + static_cast<uint64_t>(cell.seeds); ++seed) {
    const Weather weather(cell.kind, seed, cell.days, cell.twist);
    Planned plan(weather, planned(cell.policy));
    for (int day = 0; day < cell.days; ++day) {
      const double start = day * day_minutes;
      const Task task{static_cast<uint64_t>(day), start, start + cell.deadline, cell.items};
      mean.add(task, is_planned(cell.policy) ? plan.run({task}).front() : direct(cell.policy, weather, task));
    }
    decisions += plan.decisions();
  }
  return mean.figures(decisions);
}

std::vector<Compared> compare(const Cell& like, std::span<const Policy> wanted) {
  Cell cell = like;
  cell.policy = Policy::oracle;
  const Figures best = run(cell);
  std::vector<Compared> all;
  for (const Policy p : wanted) {
    cell.policy = p;
    const Figures f = p == Policy::oracle ? best : run(cell);
    all.push_back({cell, f, f.cost / best.cost - 1});
  }
  return all;
}

std::vector<Compared> compare_grid(const Cell& like, std::span<const Policy> wanted) {
  Cell cell = like;
  std::vector<Compared> all;
  for (const Kind kind : kinds)
    for (const int64_t items : grid_items)
      for (const double deadline : grid_deadlines) {
        cell.kind = kind, cell.items = items, cell.deadline = deadline;
        const auto here = compare(cell, wanted);
        all.insert(all.end(), here.begin(), here.end());
      }
  return all;
}

}  // namespace twolane::trial
