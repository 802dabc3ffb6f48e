// What keys have spent, so that neither a restart nor kill -9 forgets it.
//
// What interactive calls cost is known to the keys alone: it is written down once a second where it
// changed. What jobs cost is in the store: here is written how much of it was counted. So a crash loses
// the interactive calls that ended in the second before it (calls under way are another matter: see
// gateway/in_flight.h), and of what jobs cost nothing; that is counted on the day on which it is seen.
// Threads: the keeper's. Errors: the store's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "gateway/keys.h"
#include "store/store.h"
#include "wire/json.h"

namespace twolane::gateway {

// What each key has spent, by the key's hash, from that fact; of keys that spent nothing there is none.
std::map<std::string, Key::Spent> spent_by_key(std::string_view fact);

class Spending {
 public:
  // The store's fact in which it is kept.
  static constexpr std::string_view fact = "keys.spent";

  Spending(KeyRing& keys, store::Store& store) : keys_(keys), store_(store) {}

  // What an earlier process wrote becomes what the keys have spent. Then watch() its jobs, all of them.
  Status load(Time now);
  // A job whose cost is its owner's. Called for every job, of this and of earlier processes.
  Status watch(JobId job, std::string_view owner);
  // A job that had ended goes on.
  Status watch_again(JobId job, std::string_view owner);
  // Counts what jobs cost since, and writes down what changed. Called about once a second, and last.
  // `now` is of the jobs' clock, `real` of the keys'.
  Status look(Time now, Time real);
  // What the owner may still spend, open jobs' reserves taken off; nothing where there is no budget.
  std::optional<PicoUsd> left(std::string_view owner, Time real);

 private:
  struct Watched {
    std::string owner;
    PicoUsd counted, reserved;
  };

  std::shared_ptr<Key> key_of(std::string_view owner);
  wire::Json state() const;

  KeyRing& keys_;
  store::Store& store_;
  std::map<JobId, Watched> jobs_;         // that may still cost something
  std::map<JobId, PicoUsd> counted_;      // as load() found it
  Time written_at_;                       // when that was written; jobs from before it are counted
  std::string written_;
};

}  // namespace twolane::gateway
