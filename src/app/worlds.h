// The worlds in which a command may work: real sockets, or simulated providers inside this process.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "app/config.h"
#include "app/cli.h"
#include "base/result.h"
#include "net/world.h"
#include "patient/engine.h"
#include "store/store.h"

namespace twolane::app {

class RunWorld {
 public:
  virtual ~RunWorld() = default;
  virtual net::World& world() = 0;
  virtual std::string name() const = 0;     // Job::world
  virtual bool simulated() const = 0;
  virtual std::vector<patient::Account> accounts() const = 0;
  // For displays: between events of an embedded world that is paced, too.
  virtual Time shown_now() = 0;
  // Runs what is due until `done` holds or about `real` has passed. False: nothing is due, ever.
  virtual bool run_for(std::chrono::milliseconds real, const std::function<bool()>& done) = 0;
  // Makes durable what the world must not forget (the embedded clock). Cheap; called a few times a second.
  virtual Status remember(store::Store& store) = 0;
};

// What clocks show in a job's world, as far as it is known from the store: embedded time stands where its
// last process left it, a simulator's is as it was last followed, all others are real.
Time known_time(const std::string& world, store::Store& store);

// The scenario and seed of an embedded world, from its jobs' Job::world. Nothing for other worlds.
struct EmbeddedName {
  std::string scenario;
  uint64_t seed = 1;
};
std::string embedded_name(const std::string& simulator_id, const EmbeddedName& name);
std::optional<EmbeddedName> parse_embedded_name(std::string_view world);

// --sim: providers with their state in `home`/sim, time as it stood when the last process left.
// --speed without --sim: real sockets at the time of the simulator that the base URLs lead to.
// Neither: real sockets, real time. Errors: sim.*, clock.*.
Result<std::unique_ptr<RunWorld>> open_world(const WorldFlags& flags, const Config& config,
                                             const std::string& home, store::Store& store);

}  // namespace twolane::app
