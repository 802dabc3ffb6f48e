// A worker's part in the patient lane: takes the body in, asks the keeper, gives its answer.
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

}  // namespace twolane::gateway
