// A worker's part in the patient lane: takes the body in, asks the keeper, gives its answer.
#include "dialect/translate.h"
#include "gateway/keeper.h"
#include "gateway/worker.h"
#include "wire/json.h"

namespace twolane::gateway {
namespace {

constexpr int64_t largest_file = 2ll << 30;  // bytes

// Who the client thinks it speaks to, for addresses in answers.
std::string origin_of(const wire::Headers& headers, bool tls) {
  return (tls ? "https://" : "http://") + std::string(wire::header(headers, "host"));
}

}  // namespace

net::Awaitable<void> Worker::ask_keeper(net::Exchange& exchange, Call& call) {
  auto ask = std::make_shared<Ask>();
  net::MessageHead& head = exchange.head();
  ask->method = head.method;
  ask->target = head.target;
  ask->headers = head.headers;
  ask->door = find_door(ask->method, ask->target, ask->headers);
  ask->id = call.id;
  ask->key = call.key;
  ask->origin = origin_of(head.headers, shared_.tls);
  ask->body = std::make_unique<Incoming>(shared_.keeper->incoming_directory(),
                                         wire::header(head.headers, "content-type"));
  std::optional<Error> fault;
  wire::Sink take = [&](std::string_view piece) -> Status {
    Status taken = ask->body->take(piece, largest_file);
    if (!taken) fault = taken.error();
    return taken;
  };
  int status = co_await exchange.body(std::move(take));
  call.read = net::Clock::now();
  call.bytes_in = ask->body->size();
  if (status == 0 && !fault)
    if (Status ended = ask->body->finish(); !ended) fault = ended.error();
  if (fault) status = fault->code == "net.body_limit" ? 413 : fault->code == "wire.multipart" ? 400 : 507;
  if (status != 0) {
    call.status = status < 0 ? 499 : status;
    if (status < 0) co_return;
    Refusal no(status, fault ? fault->message : "The request could not be read.");
    co_return co_await say_no(exchange, call, std::move(no));
  }
  // The keeper lives on another thread: what it answers comes back through this one's loop.
  auto answered = std::make_shared<net::Signal>(world_.loop());
  auto reply = std::make_shared<wire::HttpReply>();
  net::EventLoop* const loop = &world_.loop();
  std::function<void(wire::HttpReply)> then = [loop, answered, reply](wire::HttpReply said) {
    loop->post([answered, reply, said = std::move(said)]() mutable {
      *reply = std::move(said);
      answered->set();
    });
  };
  shared_.keeper->ask(std::move(ask), std::move(then));
  co_await answered->wait();
  if (reply->status >= 400) call.error = "patient.refused";
  co_await say(exchange, call, std::move(*reply));
}

net::Awaitable<void> Worker::patient_call(net::Exchange& exchange, Call& call, LaneChoice lane) {
  call.lane = "patient";
  const wire::Headers& headers = exchange.head().headers;
  auto ask = std::make_shared<TicketAsk>();
  ask->door = ask->ticket.door = call.door.dialect;
  ask->id = call.id;
  ask->window = lane.window;
  ask->respond_async = lane.respond_async;
  ask->wait = lane.wait;
  ask->background = call.scan.background;
  Ticket& ticket = ask->ticket;
  ticket.kept = lane.kept;
  ticket.rush = ask->background && !lane.patient;  // in the background, but live
  ticket.endpoint = call.door.endpoint;
  ticket.model = call.model;
  if (call.key) ticket.owner = call.key->rules.name;
  ticket.idempotency = wire::header(headers, "idempotency-key");
  auto body = wire::parse_json(call.body);
  if (!body) {
    Refusal no(400, "We could not parse the JSON body of your request: " + body.error().message + '.');
    co_return co_await say_no(exchange, call, std::move(no));
  }
  for (const char* name : {"stream", "stream_options", "background"}) body->erase(name);
  if (call.scan.service_tier == "batch") body->erase("service_tier");
  ticket.body = wire::dump(*body);
  const auto checked = dialect::check_body(call.door.endpoint, ticket.body);
  if (!checked) {
    const Error& e = checked.error();
    call.error = e.code;
    Refusal no(400, e.message + (e.why.empty() ? "" : ": " + e.why), "invalid_value", e.where.field);
    co_return co_await say_no(exchange, call, std::move(no));
  }
  ticket.digest = key_hash(std::string(call.door.path) + '\n' + ticket.body);
  auto answered = std::make_shared<net::Signal>(world_.loop());
  auto reply = std::make_shared<std::optional<wire::HttpReply>>();
  net::EventLoop* const loop = &world_.loop();
  std::function<void(wire::HttpReply)> then = [loop, answered, reply](wire::HttpReply said) {
    loop->post([answered, reply, said = std::move(said)]() mutable {
      *reply = std::move(said);
      answered->set();
    });
  };
  exchange.on_left([answered] { answered->set(); });
  shared_.keeper->take_ticket(ask, std::move(then));
  const auto asked_at = net::Clock::now();
  co_await answered->wait();
  call.waited = net::Clock::now() - asked_at;
  if (!*reply || exchange.nobody_there()) {
    shared_.keeper->ticket_left(ask);
    call.status = 499;
    call.error = "gateway.client_left";
    co_return;
  }
  if ((*reply)->status >= 400) call.error = "patient.failed";
  co_await say(exchange, call, std::move(**reply));
  if (exchange.left()) shared_.keeper->ticket_left(ask);
}

}  // namespace twolane::gateway
