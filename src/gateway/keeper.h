// The patient half of the gateway: one thread that owns the home, runs the engine, and answers for
// files and batches at every door.
//
// Workers hand it a request (ask) and wait. Guarantee: what was answered with success is durable.
// Threads: ask() and stop() from any, everything else its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "gateway/doors.h"
#include "gateway/errors.h"
#include "gateway/incoming.h"
#include "gateway/keys.h"
#include "gateway/lane.h"
#include "gateway/shelf.h"
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
};

class Keeper {
 public:
  struct Settings {
    std::string home;
    patient::Settings engine;   // accounts and the name of the world (a simulator's is filled in)
    std::string clock_origin;   // of a simulator whose clock is followed; empty: real time
    double speed = 1;
  };

  // Opens the home, follows the clock, takes up what an earlier process left. Errors: home.busy,
  // store.*, clock.*, shelf.io.
  static Result<std::unique_ptr<Keeper>> open(Settings settings);
  ~Keeper();

  void start();  // its thread
  void stop();   // lets calls in flight be heard for a moment
  // `then` is called on the keeper's thread.
  void ask(std::shared_ptr<Ask> ask, std::function<void(wire::HttpReply)> then);
  // The same for a patient request: `then` may come hours later, once.
  void take_ticket(std::shared_ptr<TicketAsk> ask, std::function<void(wire::HttpReply)> then);
  void ticket_left(std::shared_ptr<TicketAsk> ask);  // nobody waits for `then` any more
  std::string incoming_directory() const { return shelf_->incoming_directory(); }
  bool broken() const { return broken_.load(std::memory_order_relaxed); }

  // --- for the doors, on its own thread
  struct Order {  // a batch to be accepted
    std::string path;  // of the input
    patient::IntakeOptions options;
    Duration window;
    bool kept = false;  // the deadline is the client's, not a default
  };
  Result<Job> accept(const Ask& ask, Object batch, const Order& order);
  Result<Job> accept_job(std::string name, const Order& order, std::optional<PicoUsd> cap);
  // What an input's custom_ids are refused for, which is the whole input's fault at Anthropic.
  Status check_ids(const Order& order);
  std::optional<Job> job_of(const Object& batch);
  Status cancel(Object& batch);
  // The result lines so far; `good` and `bad` choose by outcome (OpenAI's two files). Gemini's and
  // Anthropic's answers are in one.
  Result<wire::Body> results(const Object& batch, bool good, bool bad, int64_t skip);
  Shelf& shelf() { return *shelf_; }
  Tickets& tickets() { return *tickets_; }
  Time now() { return world_->now(); }
  std::string fresh_id(size_t length);
  patient::Engine& engine() { return *engine_; }
  store::Home& home() { return *home_; }

 private:
  explicit Keeper(Settings settings) : settings_(std::move(settings)) {}
  Status take_up_all();
  void look();
  wire::HttpReply answer(Ask& ask);

  Settings settings_;
  std::unique_ptr<net::LoopWorld> world_;
  std::unique_ptr<store::Home> home_;
  std::unique_ptr<Shelf> shelf_;
  std::unique_ptr<patient::Engine> engine_;
  std::unique_ptr<Tickets> tickets_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false, broken_ = false;
};

// --- the doors; each answers for files, uploads and batches in its provider's words
wire::HttpReply openai_objects(Keeper& keeper, Ask& ask);
wire::HttpReply anthropic_batches(Keeper& keeper, Ask& ask);
wire::HttpReply gemini_objects(Keeper& keeper, Ask& ask);
wire::HttpReply own_objects(Keeper& keeper, Ask& ask);
wire::HttpReply ticket_objects(Keeper& keeper, Ask& ask, std::string_view rest);  // behind /tickets/
wire::HttpReply response_objects(Keeper& keeper, Ask& ask);

// What they share.
wire::HttpReply json_reply(const wire::Json& json);
wire::HttpReply no_such(const Ask& ask, std::string what);
wire::HttpReply defect(const Ask& ask, const Error& error);

}  // namespace twolane::gateway
