// The seeded world: engine, store and dialects against simulated providers, on one thread, in virtual
// time, with faults and restarts chosen by a seed.
//
// Crash model: the process dies at any disk operation, network call or timer. SQLite and payload files
// lie on a simulated disk, which then forgets or tears what was not synced. The providers are the
// outside: they do not die, and what they bill stands.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "laws.h"
#include "patient/engine.h"
#include "sim/faulty_disk.h"
#include "sim/providers.h"
#include "sim/virtual_world.h"
#include "store/payloads.h"
#include "store/store.h"
#include "wire/json.h"

namespace twolane::seeded {

class World {
 public:
  explicit World(uint64_t seed);
  ~World();

  // Lives through seven virtual days, or until every job is finished. Laws that are broken, one sentence
  // each; none is how it should be.
  std::vector<std::string> live();
  const Tally& tally() const { return tally_; }
  bool verbose = false;  // print what people would be told
  // Kills come between two events only, and the planner of the next process, told everything anew, must
  // decide as the killed one would have.
  bool compares_decisions = false;

 private:
  struct Order {  // a job as its user would give it
    std::string path;
    int64_t requests = 0;
    Duration within;
    bool kept = false;
    bool probe = true;
    bool heads = false;  // requests share long heads, which a cache may keep
    std::optional<PicoUsd> cap;
    Time given;
    JobId id;
    bool accepted = false;
    bool finished = false;
  };

  uint64_t draw(uint64_t below);
  bool chance(double p);
  void make_scenario();
  void make_orders();
  std::string make_lines(int n, int order);
  std::string come_after(wire::Json& line, int order, int i) const;
  std::string make_lines_with_heads(int n, int order);
  void arm();                  // chooses when the process dies next
  void operation();            // counts one; dies if its time has come
  void before_event(patient::Engine& engine);  // the same between events, with what was about to be decided
  void compare_decisions();    // of a process that begins now
  Status begin(patient::Engine& engine);       // what every process does first
  patient::Settings settings();
  Status run_process();        // one life of the process, until it is done or dies
  Status accept_orders(store::Store& store, store::Payloads& payloads);
  void say_words(patient::Engine& engine);
  void cut_jobs(patient::Engine& engine);
  void delete_contents();
  void check(store::Store& store);
  void broken(std::string law) { broken_.push_back(std::move(law)); }

  uint64_t seed_, random_;
  sim::Scenario scenario_;
  std::unique_ptr<sim::Providers> providers_;
  std::unique_ptr<sim::VirtualWorld> world_;
  sim::FaultyDisk disk_;
  std::vector<Order> orders_;
  std::string directory_;
  bool long_heads_ = false;  // some orders have them
  bool stranger_ = false;    // somebody will delete cached contents, once
  std::set<std::string> deleted_;
  int64_t operations_ = 0, dies_at_ = -1;
  std::vector<std::string> foretold_;  // by the process that was killed
  bool awaits_calls_ = false;          // with dying, until live calls are in flight
  int lives_left_ = 0;
  int word_left_ = 0;
  int cuts_left_ = 0;
  std::map<std::pair<JobId, int64_t>, Time> cut_;  // requests that were cancelled one by one, and since when
  bool all_done_ = false;
  std::vector<std::string> broken_;
  Tally tally_;
};

}  // namespace twolane::seeded
