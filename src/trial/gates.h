// What the study asks of a planner, each with its goal and what was seen.
//
// ../shared/reference/scheduling.md, section 5, names the gates. A cell is feasible where the live lane alone
// could do it, loose where that takes at most half of the time. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trial/grid.h"

namespace twolane::trial {

struct Gate {
  std::string what;
  double goal = 0, seen = 0;  // at most; shares, but for counts
  bool count = false;
  std::string where;          // the cell that decides, or those that miss it
  bool kept() const { return seen <= goal; }
};

// Of the planned policies among the lines of a whole grid; a policy that is not there has no gate.
std::vector<Gate> gates_of_grid(std::span<const Compared> lines);
// The trials that have a gate: many jobs on a frozen lane, a live lane at half its speed, a planner that is
// replaced at a thousand events.
std::vector<Gate> gates_of_trials(int runs, uint64_t seed);
// The simple policies against the study's grid_summary.csv: how many of their cells are more than three
// standard errors away, in cost or in lateness. Nothing where the text has none of the cells.
std::vector<Gate> gates_of_reference(std::span<const Compared> lines, std::string_view csv);

// A table for people, and whether all are kept.
std::string shown(std::span<const Gate> gates);
bool kept(std::span<const Gate> gates);

}  // namespace twolane::trial
