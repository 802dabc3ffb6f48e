// The way through: a request goes to a provider of its own dialect, the answer comes back, both byte
// by byte as they are, at the pace of the slower side.
#include <algorithm>

#include "gateway/estimated_usage.h"
#include "gateway/worker.h"
#include "net/head.h"

namespace twolane::gateway {
namespace {

using net::same_name;

// A few names of headers. Length and last letter tell most others apart before names are compared.
template <size_t n>
class Names {
 public:
  consteval Names(const std::string_view (&names)[n]) {
    std::ranges::copy(names, names_);
    for (const std::string_view name : names) seen_ |= mark(name);
  }
  bool has(std::string_view name) const {
    if (name.empty() || (seen_ & mark(name)) == 0) return false;
    return std::ranges::any_of(names_, [name](std::string_view other) { return same_name(name, other); });
  }

 private:
  static constexpr uint64_t mark(std::string_view name) {
    return uint64_t{1} << ((name.size() * 5 + wire::lower(name.back())) % 64);
  }

  std::string_view names_[n];
  uint64_t seen_ = 0;
};

// Headers that are one connection's business (RFC 9110, 7.6.1).
constexpr Names hop({"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade", "expect",
                     "proxy-connection", "proxy-authenticate"});
// Of the client's, what the provider must not see: our keys, and codings that could not be metered.
constexpr Names ours({"host", "authorization", "x-api-key", "x-goog-api-key", "api-key", "accept-encoding", "cookie",
                      "proxy-authorization", "prefer"});
// What also goes on to a provider of another dialect.
constexpr Names any_dialect({"content-type", "user-agent", "traceparent", "tracestate"});

bool goes_on(std::string_view name) {
  constexpr std::string_view own = "twolane-";
  return !hop.has(name) && !ours.has(name) && !(name.size() > own.size() && same_name(name.substr(0, own.size()), own));
}

bool is_events(const wire::Headers& headers) {
  return wire::header(headers, "content-type").starts_with("text/event-stream");
}

}  // namespace

std::string Worker::upstream_head(const Call& call, const wire::Headers& headers, size_t length) const {
  const Provider& provider = *call.choice->provider;
  const bool same_words = !call.choice->translated;
  std::string head;
  head.reserve(1000);
  std::string target = target_at(*call.choice, call.door, call.streams);
  if (!same_words && call.embeds_several) target.replace(target.rfind(':'), target.npos, ":batchEmbedContents");
  head.append("POST ").append(target);
  head.append(" HTTP/1.1\r\nHost: ").append(net::authority(provider.url)).append("\r\n");
  head.append(provider.auth);
  for (const auto& [name, value] : headers)
    if (same_words ? goes_on(name) : any_dialect.has(name))
      head.append(name).append(": ").append(value).append("\r\n");
  if (!same_words && provider.dialect == Dialect::anthropic) head += "anthropic-version: 2023-06-01\r\n";
  head.append("Content-Length: ").append(std::to_string(length)).append("\r\n\r\n");
  return head;
}

// The provider's head with our framing. `close`: the answer ends with the connection.
std::string Worker::answer_head(const net::MessageHead& head, const Call& call,
                                const net::Exchange& exchange, bool close) {
  const wire::Headers limits = own_limits(call);
  std::string out;
  out.reserve(768);
  out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
  out.append(net::reason_phrase(head.status)).append("\r\n");
  bool has_id = false;
  for (const auto& [name, value] : head.headers) {
    if (same_name(name, "content-length") && !close) {
      out.append("Content-Length: ").append(value).append("\r\n");
    } else if (same_name(name, "transfer-encoding") && !close) {
      out.append("Transfer-Encoding: chunked\r\n");
    } else if (!hop.has(name) && (limits.empty() || wire::header(limits, name).empty())) {
      has_id = has_id || same_name(name, id_header(call.door.dialect));
      out.append(name).append(": ").append(value).append("\r\n");
    }
  }
  for (const auto& [name, value] : limits) out.append(name).append(": ").append(value).append("\r\n");
  if (!has_id) out.append(id_header(call.door.dialect)).append(": ").append(call.id).append("\r\n");
  out.append("twolane-request-id: ").append(call.id).append("\r\n");
  if (close || !exchange.keep()) out.append("Connection: close\r\n");
  out.append("\r\n");
  return out;
}

const std::shared_ptr<net::Origin>& Worker::upstream_origin(const Provider& provider) {
  auto& origin = origins_[&provider];
  if (!origin) origin = upstream_.origin_of(provider.url);
  return origin;
}

net::Awaitable<Worker::Connection> Worker::connect(net::Exchange& exchange, Call& call,
                                                   std::shared_ptr<net::Patience> patience) {
  net::Deadline limit(world_.loop(), [&call, p = patience.get()] {
    call.timed_out = true;
    p->end();
  });
  if (call.routed) limit.in(call.routed->route->rules().connect);
  const auto began = net::Clock::now();
  auto opened = co_await upstream_.open(upstream_origin(*call.choice->provider), patience);
  limit.clear();
  if (call.routed) call.waited += net::Clock::now() - began;  // a target out of reach is not our overhead
  if (opened) co_return std::move(*opened);
  if (patience->over && !call.timed_out) {
    co_await say_trouble(exchange, call, Trouble::left);
    co_return nullptr;
  }
  if (call.routed && tries_again(call, {Heard::unreached, 0, {}, false})) co_return nullptr;
  Error why = std::move(opened).error();
  if (call.timed_out) why.code = "net.connect", why.message = "no connection within the route's limit";
  call.error = "upstream." + why.code;
  Refusal no(502, "The provider could not be reached: " + why.message, "upstream_unreachable");
  co_await say_no(exchange, call, std::move(no));
  co_return nullptr;
}

Sent Worker::sent_of(const Call& call) {
  Sent sent;
  sent.at = world_.now();
  sent.id = call.id;
  if (call.key) sent.key = call.key->rules.name;
  sent.provider = call.choice->target.provider;
  sent.model = call.choice->target.model;
  sent.door = call.door.dialect;
  sent.endpoint = call.choice->endpoint;
  sent.tier = call.scan.tier;
  sent.bytes = static_cast<int64_t>(call.body.size());
  sent.output_limit = call.scan.output_limit < 0 ? -1 : call.scan.output_limit * std::max<int64_t>(1, call.scan.choices);
  return sent;
}

// Before anything of it is sent: what it may cost is not lost with this process.
void Worker::write_down(Call& call) { call.in_flight = in_flight_.sent(call.in_flight, sent_of(call)); }

// Whoever asked for a tier may have been served on another. Gemini says it in the head: its bodies may
// leave it out, or name what was asked for.
void Worker::hear_tier(Call& call, const net::MessageHead& head) const {
  if (call.choice->provider->dialect != Dialect::gemini) return;
  const std::string_view said = wire::header(head.headers, "x-gemini-service-tier");
  for (const ServiceTier tier : {ServiceTier::standard, ServiceTier::flex, ServiceTier::priority})
    if (said == name_of(tier)) call.tier_told = tier;
}

// What the answer used; where it does not say so, what its text tells.
void Worker::take_usage(Call& call, const Meter& meter, bool whole) {
  call.served = meter.served();
  if (call.served || !meter.has_text() || !(whole || call.streams)) return;
  estimate_usage(call, call.choice->endpoint, call.body, meter.text());
  if (call.served) call.served->response_id = meter.response_id();
}

void Worker::estimate_usage(Call& call, Endpoint endpoint, std::string_view request, std::string_view answer) {
  const auto usage = estimated_usage(call.choice->target, endpoint, request, answer);
  if (!usage) return;
  call.served.emplace();
  call.served->usage = *usage;
  call.served->tier = call.scan.tier;
  call.estimated = true;
}

net::Awaitable<void> Worker::relay(net::Exchange& exchange, Call& call) {
  if (call.choice->renamed && !call.choice->translated && !call.routed && call.scan.model_length > 0)
    call.body = with_model(call.body, call.scan, call.choice->target.model);
  std::string head = upstream_head(call, exchange.head().headers, call.body.size());
  const auto patience = std::make_shared<net::Patience>();
  exchange.on_left([patience] { patience->end(); });
  auto up = upstream_.ready(*upstream_origin(*call.choice->provider));
  if (!up) up = co_await connect(exchange, call, patience);
  if (!up) co_return;
  net::ClientConnection* const raw = up.get();
  patience->let_go = [raw] { raw->channel.stream.close(); };
  net::Deadline limit(world_.loop(), [raw, &call] {
    call.timed_out = true;
    raw->channel.stream.close();
  });
  limit.in(call.routed ? first_byte_limit(call) : shared_.limits.first_byte);
  write_down(call);
  net::ErrorCode failed = co_await up->channel.write_bytes(head, call.body);
  call.sent = net::Clock::now();
  if (!failed) do {  // 100 Continue and the like come first
      failed = co_await up->channel.read_head(false);
    } while (!failed && up->channel.parser().head.status / 100 == 1);
  call.waited += net::Clock::now() - call.sent;
  if (failed || up->channel.parser().unknown_coding()) {
    const auto trouble = patience->over ? Trouble::left : call.timed_out ? Trouble::timeout : Trouble::broken;
    patience->let_go = nullptr;
    if (call.routed) {
      call.routed->sent = up->channel.sent;
      if (tries_again_after_trouble(exchange, call)) co_return;
    }
    co_return co_await say_trouble(exchange, call, trouble);
  }
  if (call.routed) call.routed->sent = true;
  if (call.routed && allows_another(heard_of(up->channel.parser().head.status))) {
    const bool heard = co_await hear_refusal(exchange, call, up, limit);
    patience->let_go = nullptr;
    if (heard) upstream_.put_back(std::move(up));
    co_return;
  }
  if (call.scan.tier != ServiceTier::standard) hear_tier(call, up->channel.parser().head);
  bool whole = false;
  if (!call.choice->translated)
    whole = co_await pass_answer(exchange, call, up, limit);
  else if (call.streams && up->channel.parser().head.status < 300)
    whole = co_await tell_events(exchange, call, up, limit);
  else
    whole = co_await tell_answer(exchange, call, up, limit);
  patience->let_go = nullptr;
  if (whole) upstream_.put_back(std::move(up));
  if (whole || !call.error.empty()) co_return;
  const bool client_left = exchange.left() || patience->over;
  if (client_left) call.status = 499;
  call.error = client_left ? "gateway.client_left" : call.timed_out ? "upstream.timeout" : "upstream.broken";
}

// No answer came from the provider.
net::Awaitable<void> Worker::say_trouble(net::Exchange& exchange, Call& call, Trouble trouble) {
  if (trouble == Trouble::left) {
    call.status = 499;
    call.error = "gateway.client_left";
    co_return;
  }
  const bool is_late = trouble == Trouble::timeout;
  call.error = is_late ? "upstream.timeout" : "upstream.broken";
  Refusal no = is_late ? Refusal(504, "The provider did not answer in time.", "upstream_timeout")
                       : Refusal(502, "The provider closed the connection without an answer.", "upstream_broken");
  co_await say_no(exchange, call, std::move(no));
}

net::Awaitable<net::ErrorCode> Worker::next_piece(Call& call, Connection up, net::Deadline& limit,
                                                  std::string_view& raw) {
  net::ErrorCode failed = up->channel.part_so_far(raw);
  if (!failed && raw.empty() && !up->channel.parser().is_done()) {
    const auto asked = net::Clock::now();
    const Duration own = call.routed ? call.routed->route->rules().idle : Duration{};
    // Until something was told, a routed call's limit is that of the first byte.
    if (!call.routed || call.bytes_out > 0) limit.in(own.ms > 0 ? own : shared_.limits.idle);
    else if (!limit.is_linked()) limit.in(first_byte_limit(call));
    failed = co_await up->channel.read_part(raw);
    call.waited += net::Clock::now() - asked;
  }
  limit.clear();
  if (!failed && call.headed == net::Clock::time_point{}) call.headed = net::Clock::now();
  if (failed && call.routed) call.routed->broke = true;
  co_return failed;
}

// Whether both sides ended properly.
net::Awaitable<bool> Worker::pass_answer(net::Exchange& exchange, Call& call, Connection up,
                                         net::Deadline& limit) {
  net::ClientChannel& channel = up->channel;
  net::MessageHead& answer = channel.parser().head;
  call.status = answer.status;
  call.upstream_id = wire::header(answer.headers, id_header(call.choice->provider->dialect));
  const bool chunked = channel.parser().chunked();
  // A client of HTTP/1.0 does not know chunks, and an answer without a length ends with the connection.
  const bool unframed = channel.parser().need_eof() || (chunked && exchange.head().version < 11);
  if (unframed) exchange.until_close();
  std::string head = answer_head(answer, call, exchange, unframed);
  Meter meter;
  const bool metered = answer.status < 300 && call.door.want != Want::count_tokens;
  const bool gather = call.choice->endpoint == Endpoint::chat_completions && !call.scan.has_stream_usage;
  meter.start(call.choice->endpoint, is_events(answer.headers), gather);
  std::string bare;  // the body without its chunks, where the client needs it so
  wire::Sink take = [&](std::string_view piece) -> Status {
    if (metered) meter.take(piece);
    if (unframed) bare.append(piece);
    return {};
  };
  channel.set_taker(std::move(take));
  std::string_view piece;
  bool good = true;
  do {
    net::ErrorCode failed = co_await next_piece(call, up, limit, piece);
    if (failed) good = false;
    if (call.routed && !head.empty()) {  // nothing of it was told yet
      if (failed) co_return co_await lost_before_it_began(exchange, call);
      answers(call);
    }
    if (unframed) piece = bare;
    call.bytes_out += static_cast<int64_t>(piece.size());
    if (!head.empty() || !piece.empty()) {
      failed = co_await exchange.write(head, piece);
      if (failed) {
        call.status = 499;
        good = false;
      }
    }
    head.clear();
    bare.clear();
  } while (good && !channel.parser().is_done());
  if (metered) take_usage(call, meter, good);
  if (good) exchange.done();
  co_return good;
}

}  // namespace twolane::gateway
