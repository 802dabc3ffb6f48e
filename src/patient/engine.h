// The patient lane: takes accepted jobs to their outcomes through provider batches and, where a
// deadline demands it, the live lane.
//
// Guarantee: what may cost money is committed before it is sent; every answer that is heard is committed
// with its bytes before anything else depends on it; whatever the moment of a crash, recover() goes on
// without losing a request and without sending anything twice that is not known dead.
// Threads: one. Never blocks except in the store. Randomness, time and network come from the World.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dialect/batch_api.h"
#include "model/job.h"
#include "net/world.h"
#include "patient/standing.h"
#include "plan/planner.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::patient {

// How one provider is reached.
struct Account {
  std::string provider;
  dialect::Access access;
  std::string fingerprint;        // of the key; never the key
  double live_per_minute = 600;   // allowed rate of the live lane
  int live_in_flight = 32;        // concurrent live calls
  double live_reserve = 0;        // share of live_per_minute that others (interactive calls) keep, 0..1
  int64_t enqueued_tokens = 0;    // per model; 0: the catalogue's assumption, then learned
  int64_t creates_per_hour = 0;   // 0: the catalogue's
};

struct Settings {
  std::vector<Account> accounts;
  std::string world;              // as in Job::world: batches of other worlds' jobs are left alone
  bool probe = true;
  int64_t probe_from = 10;        // shapes with fewer requests are not tried first
  int64_t batch_requests = 0;     // at most this many in a batch; 0: the provider's limit
  int64_t output_tokens = 0;
  int max_tries = 5;              // retryable failures of one request
  double speed = 1;               // of the world's clock against the real time in which its calls time out
  Duration poll_first = seconds(20), poll_most = minutes(5);
};

// What a person may be told at a transition; the app prints it, tests read it.
struct Notice {
  Time at;
  JobId job;          // 0: of no single job
  std::string text;   // "batch 1 sent: openai, 10,000 requests, batch_68d1f0"
};

// Behind the time of the word "deadline": it is not to be kept at any price.
inline constexpr std::string_view best_effort_mark = " best-effort";

class Engine {
 public:
  Engine(net::World& world, store::Store& store, store::Payloads& payloads, Settings settings,
         std::function<void(const Notice&)> notice = {});
  ~Engine();

  // Follows every unfinished batch that the store holds. Call once, first.
  Status recover();
  // Works on a job from now on: it was accepted, is to go on, or was amended in the store (deadline, cap,
  // state, reopened requests). Error provider.no_key where it needs a provider that Settings lacks.
  Status take_up(JobId job);
  // Buys these requests in the live lane now (--sample); the job must be paused otherwise.
  Status buy_live(JobId job, const std::vector<int64_t>& indexes);
  // Verbs of `twolane cancel, pause, resume, promote, deadline, retry`; see store::Word.
  Status obey(const store::Word& word);

  // Providers have been told of every batch that is to end because its requests were cancelled one by one.
  bool has_withdrawn(JobId job) const;

  // The job is about to be forgotten: nothing is known of it any more. False, and nothing done, while it
  // has not finished().
  bool let_go(JobId job);

  // No further calls are begun; those in flight are heard. quiet() tells when none is left.
  void stop();
  bool quiet() const;

  // The job needs nothing more from the engine: every request final and every batch settled or, for a
  // job stopped by its cap, nothing in flight. Provider files may still be being deleted.
  bool finished(JobId job) const;
  // Why the job stands still and waits for its user (no credit, cap reached, account), if it does.
  std::optional<Error> held(JobId job) const;
  // A failure of the store or a defect: the process must stop. Nothing further is done after it.
  std::optional<Error> broken() const;

  // For displays.
  struct Forecast {
    Time finish;             // best guess, 0 if unknown
    Time takeover;           // when what remains moves to the live lane, 0 if never
    std::optional<Miss> miss;  // of the deadline, if one is foreseen
    plan::Verdict promise;   // as it stood when the job, or its deadline, was given
    std::string next;        // "poll 01:53"
    Time next_at;
  };
  Forecast forecast(JobId job) const;
  struct Load {
    int64_t open = 0;             // jobs with requests that are not answered yet
    int64_t misses_foreseen = 0;  // those of them whose deadline will be missed
  };
  Load load() const;

  struct Core;  // the parts of the engine, patient/core.h

 private:
  friend struct EngineProbe;  // of the tests
  std::unique_ptr<Core> core_;
};

}  // namespace twolane::patient
