// Cells of the study's grid: a policy, a kind of weather, a deadline, a job size; many days, several seeds.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trial/planned.h"

namespace twolane::trial {

enum class Policy : uint8_t { all_sync, batch, rule_24h, watchdog, ladder, ladder_flex, ladder_safe, oracle };
inline constexpr std::array policies{Policy::all_sync, Policy::batch, Policy::rule_24h, Policy::watchdog,
                                     Policy::ladder, Policy::ladder_flex, Policy::ladder_safe, Policy::oracle};
std::string_view name_of(Policy policy);
std::optional<Policy> policy_of(std::string_view name);

struct Cell {
  Kind kind = Kind::calm;
  int64_t items = 1;
  double deadline = 360;  // minutes
  Policy policy = Policy::ladder;
  int days = 400;
  uint64_t seed = 1;
  int seeds = 1;
  Twist twist;
  // 100,000 in 30 min are 100 min of drain.
  bool feasible() const { return static_cast<double>(items) / live_per_minute <= deadline; }
};

// Means over the jobs of a cell, one a day.
struct Figures {
  double cost = 0, cost_se = 0;   // relative to everything live
  double late = 0, late_jobs = 0; // share of requests; of jobs with more than 1 % late
  double billed_twice = 0;
  double live = 0, flex = 0;      // share of requests
  double batches = 0, cancels = 0;
  int64_t decisions = 0, jobs = 0;
};

Figures run(const Cell& cell);

// One day of a planned policy, event by event; the planner has learned on the days before it.
struct Moment {
  double minute = 0;  // of the job
  Planned::Sample at;
};
std::vector<Moment> trace(const Cell& cell, int day);

// A policy in one cell beside the clairvoyant on the same days: what it cost above it, as a share.
struct Compared {
  Cell cell;
  Figures figures;
  double regret = 0;
};
// `like` with each of the policies; and the same in all 90 cells, by kind, size, deadline.
std::vector<Compared> compare(const Cell& like, std::span<const Policy> wanted);
std::vector<Compared> compare_grid(const Cell& like, std::span<const Policy> wanted);

inline constexpr std::array<int64_t, 3> grid_items{1, 1000, 100'000};
inline constexpr std::array<double, 6> grid_deadlines{30, 120, 360, 720, 1440, 2880};

}  // namespace twolane::trial
