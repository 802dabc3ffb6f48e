// The way through: a request goes to a provider of its own dialect, the answer comes back, both byte
// by byte as they are, at the pace of the slower side.
#include <algorithm>

#include "gateway/worker.h"
#include "net/head.h"

namespace twolane::gateway {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view name, std::string_view lower_case) {
  if (name.size() != lower_case.size()) return false;
  for (size_t i = 0; i < name.size(); ++i)
    if (lower(name[i]) != lower_case[i]) return false;
  return true;
}

template <size_t n>
bool is_one_of(std::string_view name, const std::string_view (&names)[n]) {
  return std::ranges::any_of(names, [name](std::string_view other) { return same(name, other); });
}

// Headers that are one connection's business (RFC 9110, 7.6.1).
constexpr std::string_view hop[] = {"connection",        "keep-alive", "transfer-encoding",
                                    "content-length",    "te",         "trailer",
                                    "upgrade",           "expect",     "proxy-connection",
                                    "proxy-authenticate"};
// Of the client's, what the provider must not see: our keys, and codings that could not be metered.
constexpr std::string_view ours[] = {"host",    "authorization",   "x-api-key", "x-goog-api-key",
                                     "api-key", "accept-encoding", "cookie",    "proxy-authorization",
                                     "prefer"};

// What also goes on to a provider of another dialect.
constexpr std::string_view any_dialect[] = {"content-type", "user-agent", "traceparent", "tracestate"};

bool goes_on(std::string_view name) {
  return !is_one_of(name, hop) && !is_one_of(name, ours) &&
         !(name.size() > 8 && same(name.substr(0, 8), "twolane-"));
}

bool is_events(const wire::Headers& headers) {
  return wire::header(headers, "content-type").starts_with("text/event-stream");
}

}  // namespace

std::string Worker::upstream_head(const Call& call, const wire::Headers& headers, size_t length) const {
  const Provider& provider = *call.choice->provider;
  std::string head;
  head.reserve(1024);
  head.append("POST ").append(target_at(*call.choice, call.door, call.streams));
  head.append(" HTTP/1.1\r\nHost: ").append(net::authority(provider.url)).append("\r\n");
  head.append(provider.auth);
  const bool same_words = !call.choice->translated;
  for (const auto& [name, value] : headers)
    if (same_words ? goes_on(name) : is_one_of(name, any_dialect))
      head.append(name).append(": ").append(value).append("\r\n");
  if (!same_words && provider.dialect == Dialect::anthropic) head += "anthropic-version: 2023-06-01\r\n";
  head.append("Content-Length: ").append(std::to_string(length)).append("\r\n\r\n");
  return head;
}

// The provider's head with our framing. `close`: the answer ends with the connection.
std::string Worker::answer_head(const net::MessageHead& head, const Call& call,
                                const net::Exchange& exchange, bool close) const {
  std::string out;
  out.reserve(768);
  out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
  out.append(net::reason_phrase(head.status)).append("\r\n");
  bool has_id = false;
  for (const auto& [name, value] : head.headers) {
    if (same(name, "content-length") && !close) {
      out.append("Content-Length: ").append(value).append("\r\n");
    } else if (same(name, "transfer-encoding") && !close) {
      out.append("Transfer-Encoding: chunked\r\n");
    } else if (!is_one_of(name, hop)) {
      has_id = has_id || same(name, id_header(call.door.dialect));
      out.append(name).append(": ").append(value).append("\r\n");
    }
  }
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
  auto opened = co_await upstream_.open(upstream_origin(*call.choice->provider), patience);
  if (opened) co_return std::move(*opened);
  const auto trouble = patience->over ? Trouble::left : Trouble::unreachable;
  Error why = std::move(opened).error();
  co_await say_trouble(exchange, call, trouble, std::move(why));
  co_return nullptr;
}

net::Awaitable<void> Worker::relay(net::Exchange& exchange, Call& call) {
  if (call.choice->renamed && !call.choice->translated && call.scan.model_length > 0)
    call.body = with_model(call.body, call.scan, call.choice->target.model);
  std::string head = upstream_head(call, exchange.head().headers, call.body.size());
  const auto patience = std::make_shared<net::Patience>();
  exchange.on_left([patience] { patience->end(); });
  auto up = upstream_.ready(*upstream_origin(*call.choice->provider));
  if (!up) up = co_await connect(exchange, call, patience);
  if (!up) co_return;
  net::ClientConnection* const raw = up.get();
  patience->let_go = [raw] { raw->channel.stream.close(); };
  bool timed_out = false;
  net::Deadline limit(world_.loop(), [raw, &timed_out] {
    timed_out = true;
    raw->channel.stream.close();
  });
  limit.in(shared_.limits.first_byte);
  net::ErrorCode failed = co_await up->channel.write_bytes(head, call.body);
  call.sent = net::Clock::now();
  if (!failed) do {  // 100 Continue and the like come first
      failed = co_await up->channel.read_head(false);
    } while (!failed && up->channel.parser().head.status / 100 == 1);
  call.waited = net::Clock::now() - call.sent;
  if (failed || up->channel.parser().unknown_coding()) {
    const auto trouble = patience->over ? Trouble::left : timed_out ? Trouble::timeout : Trouble::broken;
    patience->let_go = nullptr;
    Error why;
    co_return co_await say_trouble(exchange, call, trouble, std::move(why));
  }
  bool whole = false;
  if (!call.choice->translated)
    whole = co_await pass_answer(exchange, call, up, limit);
  else if (call.streams && up->channel.parser().head.status < 300)
    whole = co_await tell_events(exchange, call, up, limit);
  else
    whole = co_await tell_answer(exchange, call, up, limit);
  patience->let_go = nullptr;
  if (whole) upstream_.put_back(std::move(up));
  if (!whole && call.error.empty())
    call.error = exchange.left() || patience->over ? "gateway.client_left"
                 : timed_out                       ? "upstream.timeout"
                                                   : "upstream.broken";
}

// No answer came from the provider.
net::Awaitable<void> Worker::say_trouble(net::Exchange& exchange, Call& call, Trouble trouble, Error why) {
  if (trouble == Trouble::left) {
    call.status = 499;
    call.error = "gateway.client_left";
    co_return;
  }
  Refusal no(502, "The provider closed the connection without an answer.", "upstream_broken");
  call.error = "upstream.broken";
  if (trouble == Trouble::unreachable) {
    no = Refusal(502, "The provider could not be reached: " + why.message, "upstream_unreachable");
    call.error = "upstream." + why.code;
  } else if (trouble == Trouble::timeout) {
    no = Refusal(504, "The provider did not answer in time.", "upstream_timeout");
    call.error = "upstream.timeout";
  }
  co_await say_no(exchange, call, std::move(no));
}

net::Awaitable<net::ErrorCode> Worker::next_piece(Call& call, Connection up, net::Deadline& limit,
                                                  std::string_view& raw) {
  const auto asked = net::Clock::now();
  limit.in(shared_.limits.idle);
  const net::ErrorCode failed = co_await up->channel.read_part(raw);
  limit.clear();
  call.waited += net::Clock::now() - asked;
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
  const bool metered = answer.status < 300 && call.door.want == Want::call;
  meter.start(call.choice->endpoint, is_events(answer.headers));
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
  if (metered) call.served = meter.served();
  if (good) exchange.done();
  co_return good;
}

}  // namespace twolane::gateway
