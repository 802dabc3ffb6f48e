// A request from its head to its line in the log; what goes to a provider is in relay.cc.
#include "gateway/worker.h"

#include <algorithm>
#include <cctype>

#include "gateway/limit_headers.h"
#include "gateway/listing.h"
#include "gateway/page.h"
#include "model/model_name.h"
#include "net/event_loop.h"
#include "price/price.h"

namespace twolane::gateway {
namespace {

int64_t micros(net::Clock::duration d) {
  return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

// The key as the SDK of any provider sends it.
std::string_view secret_of(const wire::Headers& headers, std::string_view query) {
  std::string_view secret = wire::header(headers, "authorization");
  if (secret.size() > 7 && (secret.starts_with("Bearer ") || secret.starts_with("bearer ")))
    return secret.substr(7);
  for (const char* name : {"x-api-key", "x-goog-api-key", "api-key"})
    if (secret = wire::header(headers, name); !secret.empty()) return secret;
  return asked(query, "key");
}

wire::HttpReply plain(int status, std::string text) {
  return {status, {{"content-type", "text/plain; version=0.0.4"}}, wire::Body(std::move(text))};
}

wire::HttpReply json(int status, std::string text) {
  return {status, {{"content-type", "application/json"}}, wire::Body(std::move(text))};
}

// The tier as the request names it, or its route.
std::string_view tier_word(const Call& call) {
  return call.scan.tier == ServiceTier::flex ? "flex" : call.scan.service_tier;
}

// A flex request's own time is a quarter of an hour, whatever its key waits otherwise.
LaneDefaults lane_defaults(const Call& call) {
  LaneDefaults d;
  if (call.key) d = {call.key->rules.lane, call.scan.tier == ServiceTier::flex ? Duration{} : call.key->rules.deadline};
  if (!call.routed) return d;
  const RouteRules& rules = call.routed->route->rules();
  if (!rules.lane.empty()) d.lane = rules.lane;
  if (rules.deadline.ms > 0) d.deadline = rules.deadline;
  return d;
}

std::string words_of(int status) {
  switch (status) {
    case 400: return "The request could not be read as HTTP.";
    case 413: return "The request is larger than this server accepts.";
    case 431: return "The request's headers are larger than this server accepts.";
    case 501: return "The transfer coding of the request is not known here.";
    case 507: return "There is no room for the request's body.";
    default: return "The request could not be served.";
  }
}

// Whether the provider may have charged more for it than was heard.
bool is_uncertain(const Call& call) {
  const bool cut = call.error == "gateway.client_left" || call.error == "upstream.timeout" || call.error == "upstream.broken";
  const bool broke_off = call.error.starts_with("dialect.stream_");
  if (call.in_flight < 0 || !(cut || broke_off) || (call.routed && !call.routed->sent)) return false;
  // OpenAI says the usage once, at the end; the others say it as they go.
  return !call.served || call.estimated || dialect_of(call.choice->endpoint) != Dialect::openai;
}

}  // namespace

Worker::Worker(Shared& shared, AccessLog& log, InFlight in_flight, const net::LoopWorld::Settings& world,
               net::HttpServer::Settings server)
    : shared_(shared),
      world_(world),
      upstream_(world_.loop(), world),
      books_(log),
      in_flight_(std::move(in_flight)),
      server_(world_, std::move(server), *this),
      ids_(world_.random()) {}

Worker::~Worker() = default;

std::string Worker::fresh_id() {
  constexpr std::string_view digits = "0123456789abcdef", begin = "req_";
  std::string id(begin.size() + 32, ' ');
  char* to = std::ranges::copy(begin, id.data()).out;
  for (int half = 0; half < 2; ++half) {
    uint64_t x = ids_ += 0x9E3779B97F4A7C15ull;  // splitmix64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    x ^= x >> 31;
    for (int i = 0; i < 16; ++i, x >>= 4) *to++ = digits[x & 15];
  }
  return id;
}

wire::HttpReply Worker::refusal(int status) {
  return refuse(Dialect::openai, Refusal(status, words_of(status)), fresh_id());
}

std::optional<Refusal> Worker::let_in(const wire::Headers& headers, Call& call) {
  if (shared_.keys.open()) return std::nullopt;
  const std::string_view secret = secret_of(headers, call.door.query);
  if (!last_key_ || secret != last_secret_ || last_edition_ != shared_.keys.edition()) {
    auto key = shared_.keys.find(secret);
    if (!key) {
      call.error = "gateway.key";
      const bool gemini = call.door.dialect == Dialect::gemini;
      return Refusal(gemini ? 400 : 401,
                     secret.empty() ? "No API key was sent."
                     : gemini       ? "API key not valid. Please pass a valid API key."
                                    : "Incorrect API key provided.",
                     "invalid_api_key");
    }
    last_edition_ = shared_.keys.edition();
    last_secret_ = secret;
    last_key_ = std::move(key);
  }
  call.key = last_key_;
  return std::nullopt;
}

// What a model call is told of its key's limits, in place of what the provider says of ours.
wire::Headers Worker::own_limits(const Call& call) {
  if (!call.key || !call.key->is_limited() || !call.choice) return {};
  const Time now = world_.now();
  return limit_headers(call.door.dialect, call.key->room(now), now);
}

// Whether the key may make this call now.
std::optional<Refusal> Worker::admit(Call& call) {
  if (!call.key) return std::nullopt;
  if (!call.key->rules.models.empty() && !call.key->allows(model_key(call.model)) &&
      !call.key->allows(model_key(call.choice->target.model))) {
    call.error = "gateway.model_not_allowed";
    return Refusal(403, "This key may not use the model '" + call.model.substr(0, 100) + "'.",
                   "model_not_allowed", "model");
  }
  const auto verdict = call.key->admit(world_.now());
  if (verdict.is == Key::Verdict::Is::good) return std::nullopt;
  if (verdict.is == Key::Verdict::Is::budget) {
    call.error = "gateway.budget";
    Refusal no(429, "The budget of this key is spent.", "insufficient_quota");
    no.type = no.code;
    no.never_retry = true;
    return no;
  }
  call.error = "gateway.rate";
  const bool tokens = verdict.is == Key::Verdict::Is::tokens;
  const std::string what = tokens ? "tokens" : "requests";
  Refusal no(429, "Rate limit of this key reached on " + what + " per minute.", "rate_limit_exceeded");
  no.type = what;
  no.retry_after = std::max<int64_t>(1, (verdict.wait.ms + 999) / 1000);
  return no;
}

Result<std::shared_ptr<const Choice>> Worker::choose(const Door& door, std::string_view model) {
  constexpr size_t most_names = 4096;  // strangers may make up as many as they like
  std::string name;
  name.reserve(model.size() + 2);
  name += static_cast<char>('a' + static_cast<int>(door.endpoint));
  name += static_cast<char>('a' + static_cast<int>(door.dialect));
  name += model;
  if (const auto it = choices_.find(name); it != choices_.end()) return it->second;
  auto choice = std::make_shared<const Choice>(TRY(shared_.router.choose(door, model)));
  if (choices_.size() >= most_names) choices_.clear();
  return choices_[std::move(name)] = std::move(choice);
}

net::Awaitable<void> Worker::answer_probe(net::Exchange& exchange, Want want) {
  wire::HttpReply reply;
  if (want == Want::metrics) {
    reply = plain(200, shared_.metrics());
  } else if (want == Want::healthz) {
    reply = plain(200, "ok\n");
  } else if (want == Want::page) {
    reply = jobs_page();
  } else {
    const bool ready = shared_.ready();
    reply = ready ? plain(200, "ready\n") : plain(503, "not ready\n");
  }
  co_await exchange.reply(std::move(reply));
}

net::Awaitable<void> Worker::list_models(net::Exchange& exchange, Call& call) {
  std::vector<std::string_view> routes;
  for (const auto& route : shared_.routes.all()) routes.push_back(route->rules().name);
  auto listed = model_listing(call.door, shared_.router, routes);
  if (listed) {
    wire::HttpReply reply = json(200, std::move(*listed));
    co_return co_await say(exchange, call, std::move(reply));
  }
  call.error = "gateway.model";
  Refusal no(404, "The model '" + std::string(call.door.id.substr(0, 100)) + "' does not exist.", "model_not_found",
             "model");
  co_await say_no(exchange, call, std::move(no));
}

// A path that leads to nothing here.
std::optional<Refusal> Worker::is_nowhere(const net::MessageHead& head, Call& call) const {
  const bool interactive = call.door.want == Want::call || call.door.want == Want::count_tokens ||
                           call.door.want == Want::embed_many || call.door.want == Want::models ||
                           call.door.want == Want::model;
  if (interactive || (shared_.keeper && call.door.want != Want::nothing)) return std::nullopt;
  call.error = "gateway.path";
  return Refusal(404, "Invalid URL (" + head.method.substr(0, 20) + ' ' + std::string(call.door.path.substr(0, 200)) + ')');
}

// A coroutine's frame beyond 1 KB is memory that malloc is slow with: what has large temporaries on
// the way of every request is a plain function, or a coroutine of its own.
net::Awaitable<void> Worker::handle(net::Exchange& exchange) {
  ++begun_;
  const auto owned = std::make_unique<Call>();
  Call& call = *owned;
  call.body = take_memory();
  net::MessageHead& head = exchange.head();
  call.began = net::Clock::now();
  call.door = find_door(head.method, head.target, head.headers);
  call.id = fresh_id();
  if (call.door.want == Want::healthz || call.door.want == Want::readyz || call.door.want == Want::metrics || call.door.want == Want::page)
    co_return co_await answer_probe(exchange, call.door.want);
  auto refused = let_in(head.headers, call);
  if (!refused) refused = is_nowhere(head, call);
  if (refused) {
    co_await say_no(exchange, call, std::move(*refused));
  } else if (call.door.want == Want::call || call.door.want == Want::count_tokens ||
             call.door.want == Want::embed_many) {
    co_await model_call(exchange, call);
  } else if (call.door.want == Want::models || call.door.want == Want::model) {
    co_await list_models(exchange, call);
  } else {
    call.lane = "patient";
    co_await ask_keeper(exchange, call);
  }
  book(call, head);
  keep_memory(std::move(call.body));
}

// Bodies of usual size reuse the memory of those before them.
std::string Worker::take_memory() {
  if (spare_memory_.empty()) return {};
  std::string memory = std::move(spare_memory_.back());
  spare_memory_.pop_back();
  return memory;
}

void Worker::keep_memory(std::string body) {
  constexpr size_t most = 64, most_bytes = 32 << 10;
  if (spare_memory_.size() >= most || body.capacity() > most_bytes) return;
  body.clear();
  spare_memory_.push_back(std::move(body));
}

net::Awaitable<void> Worker::say(net::Exchange& exchange, Call& call, wire::HttpReply reply) {
  call.status = reply.status;
  call.bytes_out = reply.body.size();
  if (wire::header(reply.headers, id_header(call.door.dialect)).empty())
    reply.headers.emplace_back(id_header(call.door.dialect), call.id);
  if (call.key && call.key->is_limited())
    for (auto& header : own_limits(call)) reply.headers.push_back(std::move(header));
  co_await exchange.reply(std::move(reply));
}

net::Awaitable<void> Worker::say_no(net::Exchange& exchange, Call& call, Refusal refusal) {
  if (call.error.empty()) call.error = refusal.code.empty() ? "gateway.refused" : "gateway." + refusal.code;
  wire::HttpReply reply = refuse(call.door.dialect, refusal, call.id);
  co_await say(exchange, call, std::move(reply));
}

net::Awaitable<void> Worker::model_call(net::Exchange& exchange, Call& call) {
  const int unread = co_await exchange.body(call.body, shared_.limits.body);
  if (unread < 0) {
    call.status = 499;
    call.error = "gateway.client_left";
    co_return;
  }
  std::optional<LaneChoice> patient;
  auto refused = understand(exchange.head().headers, unread, call, patient);
  if (refused) co_return co_await say_no(exchange, call, std::move(*refused));
  if (patient) co_return co_await patient_call(exchange, call, *patient);
  if (call.routed) co_return co_await routed_call(exchange, call);
  co_await relay(exchange, call);
}

// What a call wants, once its body is there (or `unread` says why it is not).
std::optional<Refusal> Worker::understand(const wire::Headers& headers, int unread, Call& call,
                                          std::optional<LaneChoice>& patient) {
  call.read = net::Clock::now();
  call.bytes_in = static_cast<int64_t>(call.body.size());
  if (unread > 0) return Refusal(unread, words_of(unread));
  const auto scan = scan_body(call.body);
  if (!scan) {
    call.error = scan.error().code;
    return Refusal(400, "We could not parse the JSON body of your request: " + scan.error().message + '.');
  }
  call.scan = *scan;
  call.model = call.door.model.empty() ? std::string(call.scan.model) : wire::percent_decoded(call.door.model);
  call.streams = call.scan.stream || call.door.streams;
  if (call.model.empty() && call.door.endpoint == Endpoint::moderations) call.model = "omni-moderation-latest";
  if (call.model.empty())
    return Refusal(400, "you must provide a model parameter", "missing_required_parameter", "model");
  if (auto route = shared_.routes.find(call.model)) {
    if (auto refused = enter(call, std::move(route))) return refused;
  } else {
    const auto choice = choose(call.door, call.model);
    if (!choice) {
      call.error = choice.error().code;
      return Refusal(404, choice.error().message, "model_not_found", "model");
    }
    call.choice = *choice;
  }
  if (auto refused = admit(call)) return refused;
  if (shared_.keeper && call.door.want == Want::call) {
    const auto lane = choose_lane(headers, tier_word(call), lane_defaults(call), world_.now());
    if (!lane) {
      call.error = lane.error().code;
      return Refusal(400, lane.error().message);
    }
    const bool background = call.scan.background && call.door.endpoint == Endpoint::responses;
    const bool can_wait = !call.routed || call.routed->for_batches() != nullptr;
    if (background && !can_wait)
      return Refusal(400, "No target of '" + call.model.substr(0, 100) + "' runs in the background.", "unsupported_value",
                     "background");
    if ((lane->patient && can_wait && (!call.streams || lane->overrides_stream)) || background) {
      patient = *lane;
      return std::nullopt;
    }
    if (call.scan.tier == ServiceTier::flex) enter_flex(call, *lane);
  }
  return call.choice->translated && !call.routed ? translate(call) : std::nullopt;
}

// Sums, the key's use, and the line of the log.
void Worker::book(Call& call, const net::MessageHead& head) {
  const auto ended = net::Clock::now();
  Record r;
  r.at = world_.now();
  r.id = call.id;
  r.upstream_id = call.upstream_id;
  if (call.key) r.key = call.key->rules.name;
  r.lane = call.lane;
  r.method = head.method;
  r.path = call.door.path;
  r.door = call.door.dialect;
  r.trace = wire::header(head.headers, "traceparent");
  r.model = call.model;
  if (call.choice) {
    r.provider = call.choice->target.provider;
    if (call.status < 400) r.model = call.choice->target.model;
  }
  r.status = call.status;
  r.error = call.error;
  if (call.routed) {
    r.route = call.routed->route->rules().name;
    r.tries = call.routed->tries;
  }
  r.model_call = call.door.want == Want::call;
  r.streaming = call.streams;
  r.user_agent = wire::header(head.headers, "user-agent");
  if (call.headed != net::Clock::time_point{}) r.first_us = micros(call.headed - call.began);
  r.bytes_in = call.bytes_in;
  r.bytes_out = call.bytes_out;
  r.total_us = micros(ended - call.began);
  const auto from = call.read == net::Clock::time_point{} ? call.began : call.read;
  r.overhead_us = micros(ended - from - call.waited);
  if (call.served) {
    r.metered = true;
    r.tier = call.tier_told.value_or(call.served->tier);
    r.usage = call.served->usage;
    r.response_id = call.served->response_id;
    r.estimated = call.estimated;
    const auto cost = price::charge(call.choice->target, r.tier, r.usage, {.at = r.at});
    if (cost) r.priced = true, r.cost = *cost;
    if (call.key) call.key->used(r.at, r.usage.input() + r.usage.output, r.cost);
  }
  if (is_uncertain(call)) r.up_to = most_it_can_cost(sent_of(call));
  if (call.routed && call.routed->up_to) r.up_to = r.up_to.value_or(PicoUsd{}) + *call.routed->up_to;
  books_.record(r);
  in_flight_.ended(call.in_flight, r);
  if (books_.all_written()) in_flight_.written();
}

bool Worker::came_to_rest() {
  const bool rested = std::exchange(rests_, begun_ == begun_before_);
  begun_before_ = begun_;
  return rests_ && !rested;
}

void Worker::flush() {
  books_.flush();
  in_flight_.written();
}

}  // namespace twolane::gateway
