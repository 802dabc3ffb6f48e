// The world around the planner: what it decides is done, what follows is told.
//
// Runs plan::step, as the engine does, through the same events: batches end, expire, are cancelled with a
// lag and give back what they did; live and flex calls take time; blackouts, shed calls, quotas. Requests
// are moved as groups. One thread; the same tasks and weather give the same run.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "trial/tally.h"
#include "trial/weather.h"
#include "plan/planner.h"

namespace twolane::trial {

struct PlannedPolicy {
  double on_time = 0.99;      // 0.999 and above never gambles
  bool flex = false;
  double headroom = 0;        // of the live rate, for jobs that are not known yet
  double quota_requests = 0;  // in batches at a time; 0: no limit
  bool second_lane = false;   // another provider's lane, with a day of its own
};

class Planned {
 public:
  Planned(const Weather& weather, PlannedPolicy policy);

  // Runs the tasks to their ends and returns a tally for each, in their order. What the planner learned
  // stays for the next call.
  std::vector<Tally> run(const std::vector<Task>& tasks);

  int64_t decisions() const { return decisions_; }
  // When the last request of the last run was answered.
  double ended() const { return ended_; }
  // Called at every instant at which something happened, before the planner decides. For the crash trial.
  std::function<void(double at)> at_every_event;
  // The same after it has decided.
  std::function<void(double at)> after_decision;
  // Replaces the planner by one that is told everything anew and given what was learned.
  void crash();
  // What the planner would do now, as text.
  std::string would_do();
  // How the first job of the run stands, for a look at a single day.
  struct Sample {
    double done = 0, in_batches = 0, open = 0, live = 0;  // requests
    double done_live = 0;                                 // of those done
    double cancelling = 0;                                // of those in batches
    double wait = 0;                                      // minutes until its drain must start
  };
  Sample sample() const;

 private:
  enum class Happens : uint8_t { arrival, batch_ends, cancel_works, live_answers, flex_answers, wake };
  struct Event {
    double at;
    uint64_t order;
    Happens what;
    uint64_t subject;
    bool operator>(const Event& e) const { return std::tie(at, order) > std::tie(e.at, e.order); }
  };
  struct Job {
    Task task;
    Tally tally;
    plan::GroupView group;
    double unfinished = 0;
    int32_t restarts = 0;
    uint64_t batches = 0;
  };
  struct Member {
    size_t job;
    double requests;  // sent with it
    double taken;     // of those, bought live meanwhile
  };
  struct Batch {
    plan::LaneId lane;
    double sent = 0, takes = 0, requests = 0;
    uint64_t job_number = 0, ordinal = 0;
    double cancelled = 0;        // when the cancel was asked for, 0: not
    bool slow = false;           // cancelled for being slow
    std::vector<Member> members;
  };
  // Calls that were sent together: live, or those of a flex wave that end together.
  struct Wave {
    size_t job;
    double requests;
    double begun, end;
    uint64_t from_batch = 0;     // overtaken
    bool flex = false, abandoned = false;
  };

  static Time time(double minutes_) { return {epoch + std::llround(minutes_ * 60'000)}; }
  static double minutes_of(Time t) { return static_cast<double>(t.ms - epoch) / 60'000; }
  static constexpr int64_t epoch = 1'767'225'600'000;  // 2026-01-01

  void schedule(double at, Happens what, uint64_t subject) { events_.push({at, ++order_, what, subject}); }
  void happen(const Event& e);
  bool done() const;
  void decide();
  bool act(const plan::Action& action);
  void pack(const plan::Pack& action);
  void cancel(const plan::Cancel& action);
  bool send(const plan::Drain& drain);
  bool overtake(const plan::Overtake& action);
  void send_flex(Job& job, double requests, double patience);
  double chunk(const Job& job) const;
  void begin_live(size_t job, double requests, uint64_t from_batch);
  void end_batch(uint64_t number, double at, bool by_itself);
  void answer(uint64_t number);
  void reopen(Job& job, double requests);
  void finish(Job& job, double requests, double at);
  void tell(const Job& job);
  void tell_group(Job& job);
  void tell(uint64_t number, const Batch& batch);
  void tell_setting();
  void tell_everything();
  size_t job_index(JobId id) const { return static_cast<size_t>(id.n - first_job_); }

  const Weather& weather_;
  PlannedPolicy policy_;
  plan::State state_;
  plan::LaneId lane_, second_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<Job> jobs_;
  std::map<uint64_t, Batch> batches_;
  std::unordered_map<uint64_t, Wave> waves_;
  double now_ = 0, wake_ = 0, ended_ = 0;
  double live_free_ = 0, flex_free_ = 0;  // when the next wave may begin
  double drained_ = 0, drain_began_ = 0;
  double quota_used_ = 0;
  uint64_t order_ = 0, first_job_ = 1, next_batch_ = 1, next_wave_ = 1;
  int64_t decisions_ = 0;
};

}  // namespace twolane::trial
