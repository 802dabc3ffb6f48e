// One call after the other: take a connection, send, read the reply, judge what went wrong.
#include "net/http_client.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "net/connection_pool.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/head.h"

namespace twolane::net {
namespace {

constexpr int most_redirects = 3;
constexpr int64_t upload_aside = 64
                                 << 10;  // bytes; larger bodies are sent while the reply is awaited

// Servers commonly close after 5 s without a request. A call that must not be repeated takes no
// connection on which that may be happening right now.
constexpr Duration fresh_enough = seconds(4);

bool is_safe(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// `location` as seen from `base` (RFC 3986, 5.3, without dot segments).
Result<wire::Url> resolved(const wire::Url& base, std::string_view location) {
  if (location.contains("://")) return wire::parse_url(location);
  const std::string origin = base.scheme + "://" + authority(base);
  if (location.starts_with("//")) return wire::parse_url(base.scheme + ':' + std::string(location));
  if (location.starts_with('/')) return wire::parse_url(origin + std::string(location));
  const std::string path = base.target.substr(0, base.target.find('?'));
  return wire::parse_url(origin + path.substr(0, path.rfind('/') + 1) + std::string(location));
}

// What another host may see of the headers: anything else can be a key.
wire::Headers for_strangers(wire::Headers headers) {
  std::erase_if(headers, [](const auto& h) {
    return !same_name(h.first, "Accept") && !same_name(h.first, "Range") &&
           !same_name(h.first, "User-Agent");
  });
  return headers;
}

struct Call {
  Call(EventLoop& l, wire::HttpCall c, std::function<void(wire::HttpResult)> t)
      : loop(l),
        method(std::move(c.method)),
        headers(std::move(c.headers)),
        body(std::make_shared<const wire::Body>(std::move(c.body))),
        sink(std::move(c.sink)),
        timeout(c.timeout),
        then(std::move(t)),
        deadline(l, [this] { time_out(); }) {}

  EventLoop& loop;
  std::string method;
  wire::Url url;
  wire::Headers headers;
  std::shared_ptr<const wire::Body> body;
  wire::Sink sink;
  Duration timeout;
  std::function<void(wire::HttpResult)> then;

  Deadline deadline;
  std::shared_ptr<Patience> patience = std::make_shared<Patience>();
  std::shared_ptr<ClientConnection> connection;  // in use by this call
  bool sent_before = false;                      // on an earlier connection
  int redirects = 0;

  bool sent() const { return sent_before || (connection && connection->channel.sent); }
  std::string name() const { return authority(url); }

  void finish(wire::HttpResult result) {
    if (patience->over) return;
    patience->over = true;
    deadline.clear();
    loop.post([f = std::move(then), r = std::move(result)]() mutable { f(std::move(r)); });
  }
  void fail(std::string message) { finish({wire::NetFailure{sent(), std::move(message)}}); }
  void time_out() {
    fail(name() + (sink ? " was silent for " : " gave no whole answer within ") +
         twolane::spoken(timeout));
    patience->end();
  }
};

using CallPtr = std::shared_ptr<Call>;

// A body on its way while the reply may already be coming.
struct Upload {
  explicit Upload(EventLoop& loop) : over(loop) {}
  Signal over;
};

Awaitable<void> upload(CallPtr call, std::string head, std::shared_ptr<Upload> state) {
  ClientChannel& channel = call->connection->channel;
  const ErrorCode failed = co_await channel.write(std::move(head), call->body, call->body->size());
  // The peer's side of a broken connection is left for the reader: an early refusal may lie there.
  if (failed && channel.body_fault) channel.stream.close();
  state->over.set();
}

std::string request_head(const Call& call) {
  const int64_t length = call.body->size();
  std::string head = call.method + ' ';
  if (call.connection->through_proxy) head += call.url.scheme + "://" + authority(call.url);
  head += call.url.target + " HTTP/1.1\r\nHost: " + authority(call.url) + "\r\n";
  bool has_agent = false;
  for (const auto& [name, value] : call.headers) {
    if (same_name(name, "Host") || same_name(name, "Content-Length") ||
        same_name(name, "Connection") || same_name(name, "Transfer-Encoding"))
      continue;
    has_agent = has_agent || same_name(name, "User-Agent");
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!has_agent) head += "User-Agent: twolane\r\n";
  if (length > 0 || call.method == "POST" || call.method == "PUT" || call.method == "PATCH")
    head.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
  head += "\r\n";
  return head;
}

}  // namespace

struct HttpClient::Core {
  Core(EventLoop& l, const LoopWorld::Settings& settings)
      : loop(l),
        pool(l, settings.connections_per_origin, settings.idle_connection),
        connector(l, settings),
        body_limit(settings.body_limit) {}

  enum class Next : uint8_t { end, again, again_fresh };
  using Self = std::shared_ptr<Core>;

  EventLoop& loop;
  ConnectionPool pool;
  Connector connector;
  int64_t body_limit;
  std::unordered_set<CallPtr> calls;

  static Awaitable<void> perform(Self core, CallPtr call);
  Awaitable<bool> get_connection(CallPtr call, bool fresh);
  Awaitable<Next> exchange(CallPtr call);
  Awaitable<ErrorCode> read_reply(CallPtr call, std::shared_ptr<wire::HttpReply> reply);
  Next give_up(Call& call, const ErrorCode& failed);
  bool redirect(Call& call, const wire::HttpReply& reply);
};

Awaitable<void> HttpClient::Core::perform(Self core, CallPtr call) {
  Next next = Next::again;
  while (next != Next::end && !call->patience->over) {
    const bool ready = co_await core->get_connection(call, next == Next::again_fresh);
    if (!ready) break;
    next = co_await core->exchange(call);
    call->sent_before = call->sent();
    call->connection = nullptr;
  }
  call->patience->let_go = nullptr;
  call->connection = nullptr;
  core->calls.erase(call);
}

// Leaves an open connection in the call, or has failed it.
Awaitable<bool> HttpClient::Core::get_connection(CallPtr call, bool fresh) {
  Duration youngest = is_safe(call->method) ? hours(24) : fresh_enough;
  if (fresh) youngest = {};
  const auto origin = pool.origin_of(call->url);
  const auto connection = co_await pool.acquire(origin, youngest, call->patience);
  if (!connection) co_return false;
  call->patience->let_go = [connection] { connection->channel.stream.close(); };
  if (!connection->used_before) {
    const Status opened = co_await connector.open(connection, call->patience);
    if (!opened) call->fail(opened.error().message);
    if (!opened || call->patience->over) co_return false;
  }
  connection->channel.heard = connection->channel.sent = false;
  if (call->sink) {
    call->deadline.in(call->timeout);
    connection->channel.progress = [c = call.get()] { c->deadline.in(c->timeout); };
  }
  call->connection = connection;
  co_return true;
}

Awaitable<HttpClient::Core::Next> HttpClient::Core::exchange(CallPtr call) {
  ClientChannel& channel = call->connection->channel;
  const int64_t length = call->body->size();
  std::shared_ptr<Upload> aside;
  ErrorCode failed;
  std::string head = request_head(*call);
  if (length > upload_aside) {
    aside = std::make_shared<Upload>(loop);
    loop.spawn(upload(call, std::move(head), aside));
  } else {
    failed = co_await channel.write(std::move(head), call->body, length);
  }
  auto reply = std::make_shared<wire::HttpReply>();
  if (!failed) failed = co_await read_reply(call, reply);
  const bool whole = !failed && (!aside || aside->over.is_set());
  if (aside && !aside->over.is_set()) {
    channel.stream.close();
    co_await aside->over.wait();
  }
  if (call->patience->over) co_return Next::end;
  if (failed) co_return give_up(*call, failed);
  channel.progress = nullptr;
  if (whole && channel.parser().keep_alive() && !channel.has_unread())
    pool.put_back(call->connection);
  if (redirect(*call, *reply)) co_return Next::again;
  call->finish({std::move(*reply)});
  co_return Next::end;
}

Awaitable<ErrorCode> HttpClient::Core::read_reply(CallPtr call,
                                                  std::shared_ptr<wire::HttpReply> reply) {
  ClientChannel& channel = call->connection->channel;
  do {  // 100 Continue and the like come first
    const ErrorCode failed = co_await channel.read_head(call->method == "HEAD");
    if (failed) co_return failed;
  } while (channel.parser().head.status / 100 == 1 && channel.parser().head.status != 101);
  MessageHead& head = channel.parser().head;
  if (head.status == 101 || channel.parser().unknown_coding())
    co_return http::error::bad_transfer_encoding;
  reply->status = head.status;
  reply->headers = std::move(head.headers);
  if (call->sink && head.status / 100 == 2) co_return co_await channel.read_body(call->sink);
  auto text = std::make_shared<std::string>();
  const auto limit = static_cast<size_t>(body_limit);
  wire::Sink take = [text, limit](std::string_view piece) -> Status {
    if (text->size() + piece.size() > limit)
      return fail("net.body_limit", "the body is larger than " + std::to_string(limit) + " bytes");
    text->append(piece);
    return {};
  };
  const ErrorCode failed = co_await channel.read_body(std::move(take));
  reply->body = wire::Body(std::move(*text));
  co_return failed;
}

// What follows from a broken exchange.
HttpClient::Core::Next HttpClient::Core::give_up(Call& call, const ErrorCode& failed) {
  const ClientConnection& connection = *call.connection;
  const ClientChannel& channel = connection.channel;
  const bool harmless = !channel.sent || is_safe(call.method);
  if (connection.used_before && !channel.heard && harmless && !channel.body_fault)
    return Next::again_fresh;
  const auto refused = channel.refusal();
  if (channel.body_fault) {
    call.fail("the body for " + call.name() + " cannot be read: " + channel.body_fault->message);
  } else if (refused) {
    call.fail(refused->message);
  } else if (failed == http::error::partial_message || failed == asio::error::eof ||
             failed == ssl::error::stream_truncated) {
    call.fail(call.name() + " closed the connection " +
              (channel.heard ? "within its answer" : "without an answer"));
  } else if (failed.category() == make_error_code(http::error::bad_value).category()) {
    call.fail(call.name() + " did not answer in HTTP: " + failed.message());
  } else {
    call.fail(call.name() + ' ' + spoken(failed));
  }
  return Next::end;
}

// Whether the call goes on at another place: downloads only.
bool HttpClient::Core::redirect(Call& call, const wire::HttpReply& reply) {
  if (!is_redirect(reply.status) || call.method != "GET" || !call.sink) return false;
  const std::string_view location = wire::header(reply.headers, "Location");
  if (location.empty() || call.redirects == most_redirects) return false;
  auto to = resolved(call.url, location);
  if (!to || (call.url.scheme == "https" && to->scheme != "https")) return false;
  if (to->scheme != call.url.scheme || to->host != call.url.host || to->port != call.url.port)
    call.headers = for_strangers(std::move(call.headers));
  call.url = std::move(*to);
  ++call.redirects;
  return true;
}

HttpClient::HttpClient(EventLoop& loop, LoopWorld::Settings settings)
    : core_(std::make_shared<Core>(loop, settings)) {}

HttpClient::~HttpClient() {
  for (const CallPtr& call : core_->calls) call->patience->end();
  core_->pool.close_unused();
}

void HttpClient::call(wire::HttpCall call, std::function<void(wire::HttpResult)> then) {
  const std::string url = std::move(call.url);
  auto state = std::make_shared<Call>(core_->loop, std::move(call), std::move(then));
  auto parsed = wire::parse_url(url);
  Status good = check_headers(state->headers);
  if (good) good = check_headers({{state->method, ""}});  // a method is a token too
  if (!parsed || !good)
    return state->fail(!parsed ? "the address is not a URL: " + parsed.error().why
                               : good.error().message);
  state->url = std::move(*parsed);
  state->deadline.in(state->timeout);
  core_->calls.insert(state);
  core_->loop.spawn(Core::perform(core_, state));
}

}  // namespace twolane::net
