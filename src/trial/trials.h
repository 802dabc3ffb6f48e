// The trials beside the grid: many jobs on one live lane, a frozen lane, a slow live lane, a quota, a shift,
// another provider to go to, price windows, tenants, chains, crashes. Section 5 of
// ../shared/reference/scheduling.md names them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trial/grid.h"

namespace twolane::trial {

// One line of a trial's table.
struct Row {
  std::string trial, what;
  double cost = 0;         // relative to everything live; 0 where it is not about cost
  double late = 0;         // share of requests
  double late_jobs = 0;    // share of jobs with more than 1 % late
  double billed_twice = 0;
  double wanted_late = -1; // gate of the study, where it names one
  bool kept() const { return wanted_late < 0 || late <= wanted_late; }
};

inline constexpr std::string_view trial_names[] = {"multijob", "frozen", "half-speed", "quota", "shift",
                                                   "reroute", "windows", "tenants", "chain", "crash"};

// `runs`: days or repetitions; the study's are 100. Empty for an unknown name.
std::vector<Row> run_trial(std::string_view name, int runs, uint64_t seed);

// A day of many jobs, such that everything live, earliest deadline first, would be in time.
std::vector<Task> busy_day(const Weather& weather, int day, double load, uint64_t seed);

}  // namespace twolane::trial
