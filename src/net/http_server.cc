// Accepting, and the life of one connection: read a request, ask the handler, write what it
// answers.
#include "net/http_server.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "net/event_loop.h"
#include "net/exchange.h"
#include "net/head.h"
#include "net/server_connection.h"
#include "net/spool.h"
#include "net/tls.h"

namespace twolane::net {

struct Responder::Turn {
  enum class Answer : uint8_t { none, reply, drop, hold };

  explicit Turn(EventLoop& l) : loop(l), over(l) {}

  EventLoop& loop;
  Answer answer = Answer::none;
  wire::HttpReply reply;
  int64_t cut_at = -1;  // bytes of the body; -1: all
  bool gone = false;
  std::function<void()> when_gone;
  Signal over;  // answered, or nobody is left to answer

  void give(Answer kind) {
    if (answer != Answer::none) return;
    answer = kind;
    if (kind != Answer::hold) over.set();
  }
  void lose_client() {
    if (gone) return;
    gone = true;
    over.set();
    if (auto then = std::exchange(when_gone, nullptr); then && answer != Answer::reply)
      loop.post(std::move(then));
  }
};

Responder::Responder(std::shared_ptr<Turn> turn) : turn_(std::move(turn)) {}
Responder::Responder(Responder&&) noexcept = default;

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(turn_, other.turn_);
  return *this;
}

Responder::~Responder() {
  if (!turn_ || turn_->answer != Turn::Answer::none) return;
  turn_->reply = wire::HttpReply{500, {}, {}};
  turn_->give(Turn::Answer::reply);
}

void Responder::reply(wire::HttpReply reply) { reply_cut(std::move(reply), -1); }

void Responder::reply_cut(wire::HttpReply reply, int64_t body_bytes) {
  if (turn_->answer != Turn::Answer::none) return;
  turn_->reply = std::move(reply);
  turn_->cut_at = body_bytes;
  turn_->give(Turn::Answer::reply);
}

void Responder::drop() { turn_->give(Turn::Answer::drop); }
void Responder::hold() { turn_->give(Turn::Answer::hold); }
bool Responder::client_gone() const { return turn_->gone; }
void Responder::on_client_gone(std::function<void()> then) { turn_->when_gone = std::move(then); }

namespace {

int status_of(const ErrorCode& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error.category() == make_error_code(http::error::bad_value).category()) return 400;
  return 0;  // the connection, not the message
}

bool may_stand_in_a_host(char c) {
  constexpr std::string_view others = "-._~%!$&'()*+,;=:[]";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || others.contains(c);
}

// Exactly one, with nothing in it that a host's name and port cannot hold (RFC 9112, 3.2); old
// clients may leave it out.
bool has_good_host(const MessageHead& head) {
  int hosts = 0;
  for (const auto& [name, value] : head.headers)
    if (same_name(name, "Host") &&
        (++hosts > 1 || value.empty() || !std::ranges::all_of(value, may_stand_in_a_host)))
      return false;
  return hosts == 1 || head.version < 11;
}

// Why a request is refused by its head alone; 0 if it is not.
int refusal(const ServerChannel::Parser& parser, int64_t body_limit) {
  const MessageHead& head = parser.head;
  if (parser.unknown_coding()) return 501;
  if (parser.chunked() && head.version < 11) return 400;  // whoever relayed it did not know chunks
  if (!has_good_host(head)) return 400;
  if (!head.target.starts_with('/') && head.target != "*") return 400;
  if (parser.content_length().value_or(0) > static_cast<uint64_t>(body_limit)) return 413;
  return 0;
}

// "http://host/path" is sent to proxies, and must be understood by all (RFC 9112, 3.2.2).
void make_origin_form(std::string& target) {
  if (target.starts_with('/')) return;
  if (auto url = wire::parse_url(target)) target = url->target;
}

}  // namespace

struct HttpServer::Core : std::enable_shared_from_this<HttpServer::Core> {
  Core(LoopWorld& world, Settings s, Handler h, StreamHandler* streams)
      : loop(world.loop()),
        settings(std::move(s)),
        handler(std::move(h)),
        stream_handler(streams) {}

  struct Door {
    Door(EventLoop& l) : acceptor(l.io()), pause(l.io().get_executor()) {}
    Acceptor acceptor;
    Alarm pause;
  };
  using Self = std::shared_ptr<Core>;
  using Client = std::shared_ptr<ServerConnection>;

  EventLoop& loop;
  Settings settings;
  Handler handler;
  StreamHandler* stream_handler;  // instead of `handler`
  std::unique_ptr<ssl::context> tls;
  std::vector<std::shared_ptr<Door>> doors;
  std::unordered_set<Client> clients;
  bool stopping = false;
  std::unique_ptr<Deadline> grace;
  std::function<void()> stopped;
  Time dated{-1};
  std::string date;

  Result<uint16_t> open_door(const std::string& address, uint16_t port);
  static Awaitable<void> accept(Self core, std::shared_ptr<Door> door);
  void welcome(Socket socket);
  static Awaitable<void> serve(Self core, Client client);
  Awaitable<bool> serve_one(Client client);
  Awaitable<int> receive_body(Client client, std::shared_ptr<Spool> spool);
  Awaitable<bool> ask(Client client, HttpRequest request, bool keep);
  Awaitable<bool> answer(Client client, std::shared_ptr<Responder::Turn> turn, bool keep,
                         bool body_wanted);
  Awaitable<void> refuse(Client client, int status);
  Awaitable<void> let_out(Client client);
  Awaitable<bool> stream(Client client);
  const std::string& today();
  void begin_stop(Duration how_long, std::function<void()> then);
  void close_doors();
  void close_all();
  void leave(const Client& client);
};

Result<uint16_t> HttpServer::Core::open_door(const std::string& address, uint16_t port) {
  const auto refused = [&](const ErrorCode& error) {
    return fail("net.listen", "cannot listen on " + address + " port " + std::to_string(port),
                error.message());
  };
  if (!settings.certificate_pem.empty() && !tls)
    tls = TRY(server_tls(settings.certificate_pem, settings.key_pem));
  ErrorCode error;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return refused(error);
  auto door = std::make_shared<Door>(loop);
  Acceptor& acceptor = door->acceptor;
  acceptor.open(ip.is_v6() ? Tcp::v6() : Tcp::v4(), error);
  if (error) return refused(error);
  acceptor.set_option(Acceptor::reuse_address(true), error);
  if (settings.reuse_port) {
    using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    acceptor.set_option(ReusePort(true), error);
  }
  if (acceptor.bind({ip, port}, error); error) return refused(error);
  if (acceptor.listen(Acceptor::max_listen_connections, error); error) return refused(error);
  const uint16_t bound = acceptor.local_endpoint(error).port();
  doors.push_back(door);
  loop.spawn(accept(shared_from_this(), door));
  return bound;
}

Awaitable<void> HttpServer::Core::accept(Self core, std::shared_ptr<Door> door) {
  while (!core->stopping) {
    auto [failed, socket] = co_await door->acceptor.async_accept(as_result);
    if (core->stopping) break;
    if (!failed) {
      core->welcome(std::move(socket));
    } else if (failed != asio::error::connection_aborted) {
      door->pause.expires_after(std::chrono::milliseconds(100));  // no descriptors: some must end
      co_await door->pause.async_wait(as_result);
    }
  }
}

void HttpServer::Core::welcome(Socket socket) {
  if (static_cast<int64_t>(clients.size()) >= settings.connections) return;  // closes it
  ErrorCode ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  const auto peer = socket.remote_endpoint(ignored);
  auto client = std::make_shared<ServerConnection>(loop, std::move(socket), settings.header_limit);
  client->peer = peer.address().to_string() + ' ' + std::to_string(peer.port());
  clients.insert(client);
  loop.spawn(serve(shared_from_this(), client));
}

Awaitable<void> HttpServer::Core::serve(Self core, Client client) {
  ServerChannel& channel = client->channel;
  struct Leave {
    ~Leave() { core->leave(client); }
    Core* core;
    Client client;
  } const leave{core.get(), client};
  bool go_on = true;
  if (core->tls) {
    client->deadline.in(core->settings.head);
    go_on = !co_await channel.stream.server_handshake(*core->tls);
  }
  while (go_on && !core->stopping) {
    channel.rest();
    client->idle = true;
    client->deadline.in(core->settings.idle);
    const ErrorCode failed = co_await channel.wait_for_bytes();
    if (failed) break;
    client->idle = false;
    go_on = co_await core->serve_one(client);
  }
}

// Whether the connection goes on.
Awaitable<bool> HttpServer::Core::serve_one(Client client) {
  ServerChannel& channel = client->channel;
  client->deadline.in(settings.head);
  const ErrorCode failed = co_await channel.read_head(false);
  client->deadline.clear();
  if (failed) {
    co_await refuse(client, status_of(failed));
    co_return false;
  }
  make_origin_form(channel.parser().head.target);
  int status = refusal(channel.parser(), settings.body_limit);
  if (status == 0 && stream_handler) co_return co_await stream(std::move(client));
  auto spool = std::make_shared<Spool>(settings.spool_above, settings.spool_directory);
  if (status == 0) status = co_await receive_body(client, spool);
  if (status != 0) {
    co_await refuse(client, status > 0 ? status : 0);
    co_return false;
  }
  MessageHead& head = channel.parser().head;
  HttpRequest request{std::move(head.method), std::move(head.target), std::move(head.headers),
                      spool->take(), client->peer};
  const bool keep = channel.parser().keep_alive();
  co_return co_await ask(std::move(client), std::move(request), keep);
}

// 0, or the status with which to refuse, or -1 where there is nobody to tell.
Awaitable<int> HttpServer::Core::receive_body(Client client, std::shared_ptr<Spool> spool) {
  ServerChannel& channel = client->channel;
  if (channel.parser().is_done()) co_return 0;
  const Pace pace(*client, settings);
  if (same_name(wire::header(channel.parser().head.headers, "Expect"), "100-continue") &&
      !channel.has_unread()) {
    std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const ErrorCode failed = co_await channel.write(std::move(go_on), no_body, 0);
    if (failed) co_return -1;
  }
  const int64_t limit = settings.body_limit;
  wire::Sink take = [spool, limit](std::string_view piece) -> Status {
    if (spool->size() + static_cast<int64_t>(piece.size()) > limit)
      return fail("net.body_limit", "the body is too large");
    return spool->append(piece);
  };
  const ErrorCode failed = co_await channel.read_body(std::move(take));
  if (!failed) co_return 0;
  if (const auto refused = channel.refusal())
    co_return refused->code == "net.body_limit" ? 413 : 507;
  const int status = status_of(failed);
  co_return status == 0 ? -1 : status;
}

// Whether the connection goes on.
Awaitable<bool> HttpServer::Core::stream(Client client) {
  Exchange exchange(client, settings, today());
  co_await stream_handler->handle(exchange);
  if (!exchange.read()) co_await let_out(client);
  co_return exchange.whole() && !stopping;
}

Awaitable<bool> HttpServer::Core::ask(Client client, HttpRequest request, bool keep) {
  if (client->channel.stream.closed()) co_return false;
  const bool body_wanted = request.method != "HEAD";
  auto turn = std::make_shared<Responder::Turn>(loop);
  client->left = [turn] { turn->lose_client(); };
  handler(std::move(request), Responder(turn));
  if (!turn->over.is_set()) {
    if (client->channel.stream.closed()) client->leave();  // the handler ended the server
    if (!client->channel.stream.is_tls()) client->watch();
    co_await turn->over.wait();
  }
  client->left = nullptr;
  if (turn->answer != Responder::Turn::Answer::reply || turn->gone) co_return false;
  co_return co_await answer(std::move(client), std::move(turn), keep, body_wanted);
}

// The time as the Date header shows it, made once a second.
const std::string& HttpServer::Core::today() {
  if (const Time now = loop.now(); now.unix_seconds() != dated.unix_seconds()) {
    dated = now;
    date = http_date(now);
  }
  return date;
}

Awaitable<bool> HttpServer::Core::answer(Client client, std::shared_ptr<Responder::Turn> turn,
                                         bool keep, bool body_wanted) {
  wire::HttpReply& reply = turn->reply;
  if (reply.status < 200 || reply.status > 599 || !check_headers(reply.headers))
    reply = wire::HttpReply{500, {}, {}};
  const bool cut = turn->cut_at >= 0;
  keep = keep && !cut && !stopping;
  std::string head = reply_head(reply, keep, client->channel.parser().head.version, today());
  int64_t length = reply.body.size();
  if (cut) length = std::min(length, turn->cut_at);
  if (!body_wanted || reply.status == 204 || reply.status == 304) length = 0;
  const auto body = std::make_shared<const wire::Body>(std::move(reply.body));
  const Pace pace(*client, settings);
  const ErrorCode failed = co_await client->channel.write(std::move(head), body, length);
  co_return keep && !failed;
}

// Says why and closes.
Awaitable<void> HttpServer::Core::refuse(Client client, int status) {
  if (status == 0) co_return;
  ServerChannel& channel = client->channel;
  client->deadline.in(settings.stall);
  wire::HttpReply reply{status, {}, {}};
  if (stream_handler) reply = stream_handler->refusal(status);
  const int64_t length = reply.body.size();
  std::string head = reply_head(reply, false, 11, today());
  const auto body = std::make_shared<const wire::Body>(std::move(reply.body));
  const ErrorCode failed = co_await channel.write(std::move(head), body, length);
  if (!failed) co_await let_out(std::move(client));
}

// What the client still sends is read for a moment: a reset would destroy the answer before it is
// read.
Awaitable<void> HttpServer::Core::let_out(Client client) {
  ServerChannel& channel = client->channel;
  if (channel.stream.is_tls() || channel.stream.closed()) co_return;
  ErrorCode failed;
  channel.stream.socket().shutdown(Socket::shutdown_send, failed);
  client->deadline.in(std::min(settings.stall, seconds(2)));
  const auto block = std::make_unique<std::array<char, 16 << 10>>();
  for (int64_t left = 4 << 20; left > 0 && !failed;) {
    auto [error, n] = co_await channel.stream.read_some(asio::buffer(*block));
    failed = error;
    left -= static_cast<int64_t>(n);
  }
}

void HttpServer::Core::leave(const Client& client) {
  client->deadline.clear();
  client->close();
  clients.erase(client);
  if (!stopping || !clients.empty()) return;
  grace.reset();
  if (auto then = std::exchange(stopped, nullptr)) loop.post(std::move(then));
}

void HttpServer::Core::begin_stop(Duration how_long, std::function<void()> then) {
  close_doors();
  stopping = true;
  if (clients.empty()) {
    if (then) loop.post(std::move(then));
    return;
  }
  stopped = std::move(then);
  for (const auto& client : clients)
    if (client->idle) client->close();
  grace = std::make_unique<Deadline>(loop, [this] { close_all(); });
  grace->in(how_long);
}

void HttpServer::Core::close_doors() {
  ErrorCode ignored;
  for (const auto& door : doors) {
    door->acceptor.close(ignored);
    door->pause.cancel();
  }
  doors.clear();
}

void HttpServer::Core::close_all() {
  stopping = true;
  close_doors();
  for (const auto& client : std::vector<Client>(clients.begin(), clients.end())) client->close();
}

HttpServer::HttpServer(LoopWorld& world, Settings settings, Handler handler)
    : core_(std::make_shared<Core>(world, std::move(settings), std::move(handler), nullptr)) {}

HttpServer::HttpServer(LoopWorld& world, Settings settings, StreamHandler& handler)
    : core_(std::make_shared<Core>(world, std::move(settings), nullptr, &handler)) {}

HttpServer::~HttpServer() {
  core_->stopped = nullptr;
  core_->grace.reset();
  core_->close_all();
}

Result<uint16_t> HttpServer::listen(const std::string& address, uint16_t port) {
  return core_->open_door(address, port);
}

void HttpServer::stop(Duration grace, std::function<void()> then) {
  core_->begin_stop(grace, std::move(then));
}

Status HttpServer::renew(const std::string& certificate_pem, const std::string& key_pem) {
  core_->tls = TRY(server_tls(certificate_pem, key_pem));
  return {};
}

int64_t HttpServer::connections() const { return static_cast<int64_t>(core_->clients.size()); }

}  // namespace twolane::net
