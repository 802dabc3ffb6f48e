// Takes one job to its end: the loop around the engine, with progress, words of other processes and Ctrl-C.
#pragma once

#include <functional>
#include <optional>

#include "app/display.h"
#include "app/snapshot.h"
#include "app/worlds.h"
#include "patient/engine.h"
#include "store/home.h"

namespace twolane::app {

struct Driven {
  bool interrupted = false;
  std::optional<Error> error;  // what stopped the job: cap, account, a broken store
};

class Driver {
 public:
  Driver(RunWorld& world, store::Home& home, Display& display, patient::Settings settings);

  patient::Engine& engine() { return engine_; }

  // Until the job needs nothing more, or cannot go on, or somebody interrupts. Call after the engine's
  // recover() and take_up().
  Driven drive(JobId job, Watcher& watcher);
  // The same until `done` holds.
  Driven drive_until(JobId job, Watcher& watcher, const std::function<bool()>& done);
  // Lets deletions at the providers and other last calls end, for a few seconds at most.
  void settle_down();

 private:
  std::optional<Driven> beat(JobId job, Watcher& watcher);  // what happens between events
  Driven leave(JobId job, Watcher& watcher);                // after an interrupt
  void obey_words();
  void obey(const store::Word& word);
  void show(Watcher& watcher);
  void say_held(JobId job);

  RunWorld& world_;
  store::Home& home_;
  Display& display_;
  patient::Engine engine_;
  std::chrono::steady_clock::time_point next_words_{}, next_show_{};
  std::optional<Error> failed_;
  std::string held_code_;  // of what was said last
};

}  // namespace twolane::app
