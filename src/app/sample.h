// --sample N: a few requests bought live and shown, before many are bought.
#pragma once

#include <string>
#include <vector>

#include "app/drive.h"
#include "app/shell.h"
#include "store/home.h"

namespace twolane::app {

// The first, the last, and evenly spaced ones between: `n` of `requests`, all of them if there are fewer.
std::vector<int64_t> spaced_indexes(int64_t requests, int64_t n);

struct Sample {
  const Shell& shell;
  store::Home& home;
  Driver& driver;
  RunWorld& world;
  Display& display;
  Watcher& watcher;
  PicoUsd list_most;  // of the whole job; 0: unknown

  // Buys what is not answered yet, shows the answers, and asks on a terminal. True: the job goes on (and is
  // running in the store). `driven` tells what stopped it, if anything did.
  bool buy(const Job& job, int64_t n, Driven& driven);

 private:
  Result<std::vector<int64_t>> first_steps(JobId job, const std::vector<int64_t>& indexes);
  Result<bool> any_in_flight(JobId job, const std::vector<int64_t>& indexes);
  Result<std::vector<int64_t>> still_open(JobId job, const std::vector<int64_t>& indexes);
  Result<std::string> shown(const Job& job, const std::vector<int64_t>& indexes, PicoUsd before);
  Result<std::string> row(const Job& job, int64_t index);
  bool ask();
  Status go_on(JobId job);
};

}  // namespace twolane::app
