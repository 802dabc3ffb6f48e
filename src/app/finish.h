// The end of a driven job: OUT is written, the ending is said, the exit code follows.
#pragma once

#include <chrono>
#include <string>

#include "app/display.h"
#include "app/drive.h"
#include "app/shell.h"
#include "app/summary.h"
#include "store/home.h"

namespace twolane::app {

struct Finishing {
  std::string input, output;  // as the user wrote them; `output` empty: it is written nowhere
  bool sampled = false;
  std::chrono::steady_clock::time_point began;
};

// Prints the ending (stderr) and the JSON (stdout) of a job after drive(). OUT appears only when every
// request has its outcome.
int finish(const Shell& shell, store::Home& home, Driver& driver, RunWorld& world, Display& display, Watcher& watcher,
           const Driven& driven, const Finishing& finishing);

// Every request's line into a file that appears whole.
Status write_output_file(store::Home& home, const Job& job, const std::string& path, bool only_final);

// Where a job's answers go, for commands that finish what another one began.
std::string output_fact(JobId job);
// No list price of a job is higher, as remembered when it was accepted.
std::string bound_fact(JobId job);

}  // namespace twolane::app
