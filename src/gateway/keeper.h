// The patient half of the gateway: one thread that owns the home, runs the engine, and answers for
// files and batches at every door.
//
// Workers hand it a request (ask) and wait. Guarantee: what was answered with success is durable.
// Threads: ask() and stop() from any, everything else its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "gateway/doors.h"
#include "gateway/errors.h"
#include "gateway/findings.h"
#include "gateway/incoming.h"
#include "gateway/keys.h"
#include "gateway/lane.h"
#include "gateway/shelf.h"
#include "gateway/spending.h"
#include "gateway/tickets.h"
#include "net/loop_world.h"
#include "patient/engine.h"
#include "patient/intake.h"
#include "store/home.h"

namespace twolane::gateway {

// A request of the patient lane, as a value.
struct Ask {
  Door door;  // views into `target`
  std::string method, target, id;
  wire::Headers headers;
  std::string origin;  // "http://127.0.0.1:8080", for addresses in answers
  std::shared_ptr<Key> key;
  std::unique_ptr<Incoming> body;

  std::string_view owner() const { return key ? std::string_view(key->rules.name) : std::string_view(); }
};

// A patient request of a synchronous door. Its ticket's id is filled in when it was taken.
struct TicketAsk {
  Ticket ticket;
  Dialect door = Dialect::openai;
  std::string id;  // of the request, then of the ticket
  Duration window;
  bool respond_async = false, background = false;
  std::optional<Duration> wait;
  std::function<void(wire::HttpReply)> begun;  // a background response that streams: told its state first
};

class Keeper {
 public:
  struct Settings {
    std::string home;
    patient::Settings engine;   // accounts and the name of the world (a simulator's is filled in)
    std::string clock_origin;   // of a simulator whose clock is followed; empty: real time
    double speed = 1;
    Duration retention;         // of files and of what is left of finished jobs; 0: for ever
    std::string findings_file;  // of traffic as it passes; empty: none are kept
    int zone_minutes = 0;       // where the callers work, east of UTC, and how that is shown
    std::string zone = "UTC";
    std::function<double(std::string_view owner)> weight_of;  // of a key; none: all weigh the same
  };

  // Opens the home, follows the clock, takes up what an earlier process left. Errors: home.busy,
  // store.*, clock.*, shelf.io.
  // `keys` are told what their jobs cost, and outlive it.
  static Result<std::unique_ptr<Keeper>> open(Settings settings, KeyRing& keys);
  ~Keeper();

  void follow(std::vector<Books*> books);  // of the workers, who end before it; before start()
  void start();  // its thread
  void stop();   // lets calls in flight be heard for a moment
  // `then` is called on the keeper's thread.
  void ask(std::shared_ptr<Ask> ask, std::function<void(wire::HttpReply)> then);
  // The same for a patient request: `then` may come hours later, once.
  void take_ticket(std::shared_ptr<TicketAsk> ask, std::function<void(wire::HttpReply)> then);
  void ticket_left(std::shared_ptr<TicketAsk> ask);  // nobody waits for `then` any more
  std::string incoming_directory() const { return shelf_->incoming_directory(); }
  std::string metrics() const;  // from any thread
  bool broken() const { return broken_.load(std::memory_order_relaxed); }

  // --- for the doors, on its own thread
  struct Order {  // a batch to be accepted
    std::string path;  // of the input
    patient::IntakeOptions options;
    Duration window;
    bool kept = false;  // the deadline is the client's, not a default
    double on_time = 0.99;  // wanted probability of keeping it
    int32_t steps_after = 0;  // of its chain
  };
  Result<Job> accept(const Ask& ask, Object batch, const Order& order);
  Result<Job> accept_job(std::string name, std::string_view owner, const Order& order, std::optional<PicoUsd> cap);
  // What an input's custom_ids are refused for, which is the whole input's fault at Anthropic.
  Status check_ids(const Order& order);
  std::optional<Job> job_of(const Object& batch);
  // Whose job it is: of the key that asked for it, or nobody's (jobs of `twolane run`, and without keys).
  std::string_view owner_of(JobId job) const;
  // What a key may still spend: the cap of what it asks for now. Nothing: it has no budget.
  std::optional<PicoUsd> left_of(std::string_view owner);
  Status belongs(JobId job, std::string_view owner);
  Status obey(const store::Word& word);  // what is asked of a job, forget included
  Status cancel(Object& batch);

  // --- what is kept for how long, retention.cc
  // A job that has ended leaves the home, with its batch and its tickets. Errors: job.unfinished,
  // store.unknown_job, store.active.
  Status forget(JobId job);
  // Until when a file of that door is kept: by the retention, by what its client asked (0: nothing), by
  // the provider's own rule. 0: for ever.
  Time file_end(Dialect door, Time created, Duration asked) const;
  // Files whose time is not over.
  Object* find_file(Dialect door, std::string_view owner, std::string_view id);
  std::vector<Object*> files(Dialect door, std::string_view owner);
  // Until when the results of a batch can be had; 0: it is not known yet, or for ever.
  Time results_end(const Object& batch);
  bool has_results(const Object& batch);

  // The result lines so far; `good` and `bad` choose by outcome (OpenAI's two files). Gemini's and
  // Anthropic's answers are in one.
  Result<wire::Body> results(const Object& batch, bool good, bool bad, int64_t skip);
  Result<wire::Body> lines_of(const Job& job, const std::function<bool(std::string_view line)>& wanted);
  Shelf& shelf() { return *shelf_; }
  Tickets& tickets() { return *tickets_; }
  Time now() { return world_->now(); }
  // A span of real time on the clock of this world.
  Duration real(Duration span) const { return milliseconds(static_cast<int64_t>(static_cast<double>(span.ms) * settings_.speed)); }
  wire::Json told_findings(std::optional<std::string_view> key, bool whole);  // see findings.h
  std::string fresh_id(size_t length);
  patient::Engine& engine() { return *engine_; }
  store::Home& home() { return *home_; }

 private:
  explicit Keeper(Settings settings) : settings_(std::move(settings)) {}
  Status take_up_all();
  Status know_owners();
  void look();
  void tell_misses();
  void look_at_spending();
  void look_at_findings(bool last);
  Status sweep();
  Status retire_one();
  std::vector<Object*> batches_of(JobId job);
  void drop_job(JobId job);
  wire::HttpReply answer(Ask& ask);
  wire::HttpReply at_its_door(Ask& ask);

  Settings settings_;
  std::unique_ptr<net::LoopWorld> world_;
  std::unique_ptr<store::Home> home_;
  std::unique_ptr<Shelf> shelf_;
  std::unique_ptr<patient::Engine> engine_;
  std::unique_ptr<Tickets> tickets_;
  std::unique_ptr<Spending> spending_;
  std::unique_ptr<Findings> findings_;
  std::unordered_map<JobId, std::string> owners_;  // from batches and tickets, which say it durably
  int looks_ = 0;
  Time swept_;  // when it was looked for what is over
  std::vector<JobId> due_;  // jobs whose retention is over
  std::set<JobId> missing_;  // jobs of which it was told that their deadline will be missed
  std::thread thread_;
  std::atomic<bool> stopping_ = false, broken_ = false;
  std::atomic<int64_t> jobs_open_ = 0, misses_foreseen_ = 0;
  std::optional<JobId> accepted_;  // by the request that is being answered
};

// --- the doors; each answers for files, uploads and batches in its provider's words
wire::HttpReply openai_objects(Keeper& keeper, Ask& ask);
wire::HttpReply openai_uploads(Keeper& keeper, Ask& ask);
wire::HttpReply anthropic_batches(Keeper& keeper, Ask& ask);
wire::HttpReply gemini_objects(Keeper& keeper, Ask& ask);
wire::HttpReply own_objects(Keeper& keeper, Ask& ask);
wire::HttpReply findings_object(Keeper& keeper, Ask& ask);
wire::HttpReply job_objects(Keeper& keeper, Ask& ask, std::string_view rest);  // behind /jobs
// What a request asks of a job, by its query (?request=, ?by=, &best_effort=) or, for cancel, its body. Errors usage.*, time.*
Result<store::Word> word_of(Keeper& keeper, const Ask& ask, const Job& job, std::string_view verb);
wire::HttpReply job_refused(const Ask& ask, const Error& error);
wire::HttpReply ticket_objects(Keeper& keeper, Ask& ask, std::string_view rest);  // behind /tickets/
wire::HttpReply response_objects(Keeper& keeper, Ask& ask);

// What they share.
wire::Json openai_file_json(const Object& file);
// OpenAI's uploads that nobody completed in time lose their parts.
Status expire_uploads(Keeper& keeper);
wire::HttpReply json_reply(const wire::Json& json);
wire::HttpReply no_such(const Ask& ask, std::string what);
wire::HttpReply defect(const Ask& ask, const Error& error);
// Where a batch is not accepted for something that no door has words of its own for: a model that its key
// may not use, or a fault here.
std::optional<wire::HttpReply> refused_at_any_door(const Ask& ask, const Error& error);

}  // namespace twolane::gateway
