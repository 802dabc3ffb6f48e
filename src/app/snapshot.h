// What the displays show of a job, read from the store and the engine.
#pragma once

#include <string>
#include <vector>

#include "app/progress.h"
#include "model/job.h"
#include "patient/engine.h"
#include "store/store.h"

namespace twolane::app {

// Provider batches of a job in the order in which they were planned, waves of live calls left out.
std::vector<Batch> provider_batches(std::vector<Batch> all);

class Watcher {
 public:
  // `list_most`: no list price of the job is higher; 0 when unknown.
  Watcher(store::Store& store, const Job& job, PicoUsd list_most);

  Result<Snapshot> look(const patient::Engine* engine, Time now);
  // The job as the store has it.
  Result<Job> job();

 private:
  store::Store& store_;
  JobId id_;
  std::string models_;
  PicoUsd list_most_;
};

// "openai/gpt-5.4-mini", "3 models".
std::string models_of(const std::vector<Shape>& shapes);

}  // namespace twolane::app
