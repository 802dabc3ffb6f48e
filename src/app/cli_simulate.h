// Flags of `twolane simulate`.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace twolane::app {

struct SimulateFlags {
  std::string scenario = "calm", policy, deadline = "6h", trial, csv, reference;
  int64_t items = 1000, days = 400, seeds = 0;
  int64_t trace = -1;  // the day to show, or none
  bool grid = false, gates = false;
};

void declare_simulate(CLI::App* simulate, SimulateFlags& flags);

}  // namespace twolane::app
