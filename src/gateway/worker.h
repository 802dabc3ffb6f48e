// One thread of the gateway: its clients, its connections to the providers, its books.
//
// Threads share the port, the keys and nothing else on the way of an interactive request.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/books.h"
#include "gateway/body_scan.h"
#include "gateway/errors.h"
#include "gateway/in_flight.h"
#include "gateway/keys.h"
#include "gateway/lane.h"
#include "gateway/meter.h"
#include "gateway/routed_call.h"
#include "gateway/router.h"
#include "gateway/routes.h"
#include "net/exchange.h"
#include "net/http_server.h"
#include "net/loop_world.h"
#include "net/upstream.h"

namespace twolane::gateway {

class Keeper;
struct TicketAsk;

struct Limits {
  int64_t body = 64 << 20;             // bytes of a model call
  int64_t header = 32 << 10;           // bytes
  int64_t connections = 10'000;        // of clients, per thread
  Duration first_byte = minutes(10);   // from the request's last byte to the answer's first
  Duration idle = minutes(5);          // between two pieces of an answer
  Duration keep_alive = seconds(5);    // between signs of life of a stream that waits for its answer
};

// What all threads share. Read-only but for the keys and routes, which lock themselves.
struct Shared {
  Router router;
  KeyRing keys;
  Limits limits;
  std::function<std::string()> metrics;
  std::function<bool()> ready;
  Keeper* keeper = nullptr;  // null: no patient lane
  bool tls = false;
  double speed = 1;  // of the clock that deadlines are meant on, against a real one
  Routes routes{std::vector<RouteRules>()};
};

// One request on its way through.
struct Call {
  Door door;
  std::string id;           // ours
  std::shared_ptr<Key> key; // null: no keys are configured
  std::string body;
  BodyScan scan;
  std::string asked;        // the body before it was translated
  std::shared_ptr<const Choice> choice;  // outlives its place in the worker's memory of names
  std::unique_ptr<RoutedCall> routed;    // null: one provider is asked, once
  std::string model;        // as the client wrote it
  std::string upstream_id;
  std::string error;        // a code, for the log
  std::string_view lane = "interactive";
  int status = 0;
  bool streams = false;     // the client wants events
  bool estimated = false;   // `served` is what we think: the provider said nothing
  bool embeds_several = false;  // OpenAI's list of texts, as Gemini's batchEmbedContents
  std::optional<ServiceTier> tier_told;  // by the head of the answer: it goes before the body's word
  bool timed_out = false;   // a limit of time closed the connection upstream
  int in_flight = -1;       // its place there, once it was sent
  int64_t bytes_in = 0, bytes_out = 0;
  net::Clock::time_point began, read, sent, headed;  // request known, body read, sent on, first of the answer
  net::Clock::duration waited{};  // for the provider
  std::optional<dialect::Served> served;
};

class Worker final : public net::StreamHandler {
 public:
  Worker(Shared& shared, AccessLog& log, InFlight in_flight, const net::LoopWorld::Settings& world,
         net::HttpServer::Settings server);
  ~Worker() override;

  net::LoopWorld& world() { return world_; }
  net::HttpServer& server() { return server_; }
  Books& books() { return books_; }
  void flush();  // lines of the access log
  bool came_to_rest();  // true once after the last request, when none came since it was asked before

  net::Awaitable<void> handle(net::Exchange& exchange) override;
  wire::HttpReply refusal(int status) override;

 private:
  using Connection = std::shared_ptr<net::ClientConnection>;

  net::Awaitable<void> answer_probe(net::Exchange& exchange, Want want);
  net::Awaitable<void> list_models(net::Exchange& exchange, Call& call);
  std::optional<Refusal> is_nowhere(const net::MessageHead& head, Call& call) const;
  net::Awaitable<void> model_call(net::Exchange& exchange, Call& call);
  std::optional<Refusal> understand(const wire::Headers& headers, int unread, Call& call,
                                    std::optional<LaneChoice>& patient);
  net::Awaitable<void> patient_call(net::Exchange& exchange, Call& call, LaneChoice lane);
  std::optional<Refusal> fill_ticket(const wire::Headers& headers, Call& call, const LaneChoice& lane, TicketAsk& ask);
  net::Awaitable<net::ErrorCode> write_events(net::Exchange& exchange, Call& call, bool begun, bool last,
                                              std::string_view events);
  net::Awaitable<void> ask_keeper(net::Exchange& exchange, Call& call);
  net::Awaitable<void> relay(net::Exchange& exchange, Call& call);
  enum class Trouble : uint8_t { left, timeout, broken };
  net::Awaitable<void> say_trouble(net::Exchange& exchange, Call& call, Trouble trouble);

  // --- calls along a route, routed.cc
  net::Awaitable<void> routed_call(net::Exchange& exchange, Call& call);
  std::optional<Refusal> enter(Call& call, std::shared_ptr<Route> route);
  void enter_flex(Call& call, const LaneChoice& lane);
  // Writes the call for its step's target, or says why that one cannot be asked.
  std::optional<Refusal> aim(Call& call);
  net::Awaitable<void> pause(net::Exchange& exchange, Call& call, Duration span);
  // Ends a try of which nothing was told yet. True: another one follows.
  struct Failed {
    Heard heard = Heard::broken;
    int status = 0;
    std::optional<Duration> wait;  // retry-after
    bool no_capacity = false;
  };
  bool tries_again(Call& call, const Failed& failed);
  bool finds_another(Call& call, const Failed& failed);
  bool tries_standard(Call& call);
  // The same where the provider's connection gave out.
  bool tries_again_after_trouble(const net::Exchange& exchange, Call& call);
  // A refusal that another target may make good: read whole, told only where no other is asked. Whether
  // the connection upstream can be used again.
  net::Awaitable<bool> hear_refusal(net::Exchange& exchange, Call& call, Connection up, net::Deadline& limit);
  // The provider's connection gave out before anything was told. False, as `whole`.
  net::Awaitable<bool> lost_before_it_began(net::Exchange& exchange, Call& call);
  void answers(Call& call);  // the first of the answer is there
  void end_last_try(const net::Exchange& exchange, Call& call);
  Duration first_byte_limit(const Call& call);

  void hear_tier(Call& call, const net::MessageHead& head) const;
  net::Awaitable<void> say_refusal(net::Exchange& exchange, Call& call, wire::HttpReply reply);
  net::Awaitable<bool> pass_answer(net::Exchange& exchange, Call& call, Connection up,
                                   net::Deadline& limit);
  Result<std::string> told_answer(Call& call, const std::string& body);
  net::Awaitable<bool> tell_answer(net::Exchange& exchange, Call& call, Connection up,
                                   net::Deadline& limit);
  net::Awaitable<bool> tell_events(net::Exchange& exchange, Call& call, Connection up,
                                   net::Deadline& limit);
  // A connection to the provider; null: there is none, and that was said.
  net::Awaitable<Connection> connect(net::Exchange& exchange, Call& call, std::shared_ptr<net::Patience> patience);
  // The next piece of the provider's answer, with its time limit; the body's bytes go to the taker.
  net::Awaitable<net::ErrorCode> next_piece(Call& call, Connection up, net::Deadline& limit,
                                            std::string_view& raw);
  net::Awaitable<void> say_no(net::Exchange& exchange, Call& call, Refusal refusal);
  net::Awaitable<void> say(net::Exchange& exchange, Call& call, wire::HttpReply reply);

  // The key of the request, or why not.
  std::optional<Refusal> let_in(const wire::Headers& headers, Call& call);
  std::optional<Refusal> admit(Call& call);
  Result<std::shared_ptr<const Choice>> choose(const Door& door, std::string_view model);
  std::string upstream_head(const Call& call, const wire::Headers& headers, size_t length) const;
  std::optional<Refusal> translate(Call& call);
  wire::Headers own_limits(const Call& call);
  std::string events_head(const Call& call, const net::Exchange& exchange, bool chunked, bool array);
  std::string answer_head(const net::MessageHead& head, const Call& call, const net::Exchange& exchange,
                          bool close);
  Sent sent_of(const Call& call);
  void write_down(Call& call);
  void take_usage(Call& call, const Meter& meter, bool whole);
  void estimate_usage(Call& call, Endpoint endpoint, std::string_view request, std::string_view answer);
  void book(Call& call, const net::MessageHead& head);
  const std::shared_ptr<net::Origin>& upstream_origin(const Provider& provider);
  std::string take_memory();
  void keep_memory(std::string body);
  std::string fresh_id();

  Shared& shared_;
  net::LoopWorld world_;
  net::Upstream upstream_;
  Books books_;
  InFlight in_flight_;
  net::HttpServer server_;
  uint64_t ids_;
  int64_t begun_ = 0, begun_before_ = 0;  // requests
  bool rests_ = true;
  // Choices by door and name as written: finding one takes a look into the catalogue.
  std::unordered_map<std::string, std::shared_ptr<const Choice>> choices_;
  std::unordered_map<const Provider*, std::shared_ptr<net::Origin>> origins_;
  std::vector<std::string> spare_memory_;  // of bodies that are done with; empty
  // The last key that was seen, which is very often the next one too.
  std::string last_secret_;
  std::shared_ptr<Key> last_key_;
  uint64_t last_edition_ = 0;
};

}  // namespace twolane::gateway
