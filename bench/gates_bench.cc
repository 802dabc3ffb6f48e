// The planner's gates: the whole grid and the trials that have a goal.
//
//   gates_bench [days=400] [seeds=3]      `twolane simulate --gates` holds the simple policies against the study, too
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "trial/gates.h"

int main(int count, char** arguments) {
  using namespace twolane::trial;
  const int days = count > 1 ? std::atoi(arguments[1]) : 400;
  const int seeds = count > 2 ? std::atoi(arguments[2]) : 3;
  const Policy wanted[] = {Policy::ladder, Policy::ladder_safe, Policy::ladder_flex};
  auto gates = gates_of_grid(compare_grid({.days = days, .seeds = seeds}, wanted));
  for (Gate& g : gates_of_trials(std::min(days, 100), 1)) gates.push_back(std::move(g));
  std::printf("%s", shown(gates).c_str());
}
