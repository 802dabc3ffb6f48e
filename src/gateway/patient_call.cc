// A request on a synchronous door that can wait: it becomes a ticket, and its connection is held until
// the answer is there; as a stream, where it asked for one.
#include "dialect/answer_events.h"
#include "dialect/translate.h"
#include "gateway/keeper.h"
#include "gateway/stream_framing.h"
#include "gateway/worker.h"
#include "net/event_loop.h"
#include "wire/json.h"

namespace twolane::gateway {
namespace {

// An answer on its way from the keeper's thread. Used on the worker's loop only.
struct Awaited {
  std::optional<wire::HttpReply> reply;
  std::string due;  // events to be told before it
  std::shared_ptr<net::Signal> wake;
  bool left = false;  // the client
};

std::function<void(wire::HttpReply)> deliver_to(net::EventLoop& loop, std::shared_ptr<Awaited> awaited) {
  return [&loop, awaited = std::move(awaited)](wire::HttpReply said) {
    loop.post([awaited, said = std::move(said)]() mutable {
      awaited->reply = std::move(said);
      awaited->wake->set();
    });
  };
}

std::function<void(wire::HttpReply)> begin_with(net::EventLoop& loop, std::shared_ptr<Awaited> awaited) {
  return [&loop, awaited = std::move(awaited)](wire::HttpReply said) {
    const auto body = said.body.text();
    auto events = body ? dialect::response_begun(*body) : Result<std::string>(std::string());
    loop.post([awaited, due = events.value_or(std::string())]() mutable {
      awaited->due = std::move(due);
      awaited->wake->set();
    });
  };
}

// What an open stream says while there is nothing to tell: Anthropic's ping, a comment for the others.
// Gemini's SDKs take neither; their streams begin with the answer.
std::string_view keep_alive_of(Dialect door) {
  switch (door) {
    case Dialect::openai: return ": the answer will come\n\n";
    case Dialect::anthropic: return "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    case Dialect::gemini: break;
  }
  return {};
}

std::string events_of(const Call& call, const wire::HttpReply& reply) {
  const auto body = reply.body.text();
  if (!body) return error_event(call.door.endpoint, error_object(call.door.dialect, Refusal(500, "The answer cannot be read."), call.id));
  if (reply.status >= 400) return error_event(call.door.endpoint, *body);
  const auto events = dialect::answer_events(call.door.endpoint, *body, call.scan.has_stream_usage, call.scan.background);
  if (events) return *events;
  return error_event(call.door.endpoint, error_object(call.door.dialect, Refusal(500, events.error().message), call.id));
}

}  // namespace

// What is to be bought, or why it cannot be.
std::optional<Refusal> Worker::fill_ticket(const wire::Headers& headers, Call& call, const LaneChoice& lane, TicketAsk& ask) {
  ask.door = ask.ticket.door = call.door.dialect;
  ask.id = call.id;
  ask.window = lane.window;
  ask.respond_async = lane.respond_async;
  ask.wait = lane.wait;
  ask.background = call.scan.background;
  Ticket& ticket = ask.ticket;
  ticket.kept = lane.kept;
  const auto steps = asked_steps_after(headers);
  if (!steps) return Refusal(400, steps.error().message);
  ticket.steps_after = *steps;
  const auto on_time = asked_on_time(headers);
  if (!on_time) return Refusal(400, on_time.error().message);
  ticket.on_time = on_time->value_or(default_on_time);
  ticket.rush = ask.background && !lane.patient;  // in the background, but live
  ticket.endpoint = call.door.endpoint;
  ticket.model = call.model;
  if (call.key) ticket.owner = call.key->rules.name;
  ticket.idempotency = wire::header(headers, "idempotency-key");
  auto body = wire::parse_json(call.body);
  if (!body) return Refusal(400, "We could not parse the JSON body of your request: " + body.error().message + '.');
  for (const char* name : {"stream", "stream_options", "background"}) body->erase(name);
  if (call.scan.service_tier == "batch") body->erase("service_tier");
  ticket.body = wire::dump(*body);
  if (const auto checked = dialect::check_body(call.door.endpoint, ticket.body); !checked) {
    const Error& e = checked.error();
    call.error = e.code;
    return Refusal(400, e.message + (e.why.empty() ? "" : ": " + e.why), "invalid_value", e.where.field);
  }
  ticket.digest = key_hash(std::string(call.door.path) + '\n' + ticket.body);
  if (!call.routed) return std::nullopt;
  // The engine knows no routes. A retry may be drawn to another target: the digest is of what was asked.
  const Target& target = call.routed->for_batches()->target;
  ticket.model = target.provider + '/' + target.model;
  if (call.door.model.empty()) (*body)["model"] = ticket.model;
  ticket.body = wire::dump(*body);
  return std::nullopt;
}

net::Awaitable<void> Worker::patient_call(net::Exchange& exchange, Call& call, LaneChoice lane) {
  call.lane = "patient";
  auto ask = std::make_shared<TicketAsk>();
  auto refused = fill_ticket(exchange.head().headers, call, lane, *ask);
  if (refused) co_return co_await say_no(exchange, call, std::move(*refused));
  auto awaited = std::make_shared<Awaited>();
  awaited->wake = std::make_shared<net::Signal>(world_.loop());
  // At once: a retry that its body alone attaches must find the cut noticed, however soon it comes.
  const auto leave = [awaited] {
    awaited->left = true;
    awaited->wake->set();
  };
  exchange.on_left(leave, net::Exchange::Noticed::at_once);
  auto then = deliver_to(world_.loop(), awaited);
  const bool as_stream = call.streams && !ask->respond_async;
  if (as_stream && ask->background) ask->begun = begin_with(world_.loop(), awaited);
  const std::string_view keep_alive = as_stream ? keep_alive_of(call.door.dialect) : std::string_view();
  const auto asked_at = net::Clock::now();
  shared_.keeper->take_ticket(ask, std::move(then));
  bool begun = false;
  while (!awaited->reply && !awaited->left) {
    auto wake = awaited->wake;
    if (!keep_alive.empty()) world_.at(world_.now() + shared_.limits.keep_alive, [wake] { wake->set(); });
    co_await wake->wait();
    if (awaited->reply || awaited->left) break;
    awaited->wake = std::make_shared<net::Signal>(world_.loop());
    std::string due = std::exchange(awaited->due, {});
    if (due.empty()) due = keep_alive;
    const net::ErrorCode lost = co_await write_events(exchange, call, std::exchange(begun, true), false, due);
    if (lost) awaited->left = true;
  }
  call.waited = net::Clock::now() - asked_at;
  if (!awaited->reply || exchange.nobody_there()) {
    shared_.keeper->ticket_left(ask);
    call.status = 499;
    call.error = "gateway.client_left";
    co_return;
  }
  if (awaited->reply->status >= 400) call.error = "patient.failed";
  if (as_stream && (begun || awaited->reply->status == 200)) {
    const std::string events = awaited->due + events_of(call, *awaited->reply);
    const net::ErrorCode lost = co_await write_events(exchange, call, begun, true, events);
    if (!lost) exchange.done();
  } else {
    co_await say(exchange, call, std::move(*awaited->reply));
  }
  if (exchange.left()) shared_.keeper->ticket_left(ask);
}

// Some events of an answer that streams: with its head first, and its end when they are the `last`.
net::Awaitable<net::ErrorCode> Worker::write_events(net::Exchange& exchange, Call& call, bool begun, bool last,
                                                    std::string_view events) {
  const bool chunked = exchange.head().version >= 11;
  const bool array = call.door.streams && asked(call.door.query, "alt") != "sse";
  std::string out;
  if (!begun) {
    if (!chunked) exchange.until_close();
    call.status = 200;
    out = events_head(call, exchange, chunked, array);
  }
  bool in_array = false;
  std::string shown(events);
  if (array) shown = as_array(events, in_array) + (last ? "]" : "");
  if (chunked) append_chunk(out, shown);
  else out += shown;
  if (chunked && last) out += "0\r\n\r\n";
  call.bytes_out += static_cast<int64_t>(out.size());
  const net::ErrorCode lost = co_await exchange.write(out);
  if (lost) call.status = 499;
  co_return lost;
}

}  // namespace twolane::gateway
