// Opening connections step by step, each step with its own limit of time.
#include "net/connector.h"

#include <algorithm>

#include "net/head.h"
#include "net/tls.h"

namespace twolane::net {
namespace {

// One address that swallows packets must not use up the call's whole time.
constexpr Duration connect_limit = seconds(10);
constexpr Duration handshake_limit = seconds(20);
constexpr auto name_lifetime = std::chrono::seconds(30);

}  // namespace

Connector::Connector(EventLoop& loop, const LoopWorld::Settings& settings)
    : loop_(loop), trusted_pem_(settings.trusted_pem) {
  if (settings.proxy_from_environment) proxies_ = ProxyRules::from_environment();
}

std::shared_ptr<Connector::Addresses> Connector::addresses_of(const std::string& host,
                                                              const std::string& port) {
  auto& entry = names_[host + ' ' + port];
  const bool usable = entry && (!entry->known.is_set() ||
                                (!entry->failed && Clock::now() - entry->at < name_lifetime));
  if (usable) return entry;
  entry = std::make_shared<Addresses>(loop_);
  const auto number = static_cast<uint16_t>(std::stoi(port));  // parse_url checked its range
  ErrorCode not_an_address;
  if (const auto ip = asio::ip::make_address(host, not_an_address); !not_an_address) {
    entry->endpoints = {{ip, number}};
  } else if (host == "localhost") {
    entry->endpoints = {{asio::ip::address_v4::loopback(), number},
                        {asio::ip::address_v6::loopback(), number}};
  } else {
    loop_.spawn(look_up(&loop_, entry, host, port));
    return entry;
  }
  entry->at = Clock::now();
  entry->known.set();
  return entry;
}

Awaitable<void> Connector::look_up(EventLoop* loop, std::shared_ptr<Addresses> addresses,
                                   std::string host, std::string port) {
  Resolver resolver(loop->io().get_executor());
  auto [failed, found] = co_await resolver.async_resolve(
      host, port, Resolver::numeric_service | Resolver::address_configured, as_result);
  addresses->failed = failed;
  if (!failed)
    for (const auto& entry : found) addresses->endpoints.push_back(entry.endpoint());
  addresses->at = Clock::now();
  addresses->known.set();
}

Awaitable<Status> Connector::connect(std::shared_ptr<ClientConnection> connection, std::string host,
                                     std::string port, std::shared_ptr<Patience> patience) {
  const std::string name = host_and_port(host, port);
  const auto addresses = addresses_of(host, port);
  co_await addresses->known.wait();
  if (addresses->failed) co_return fail("net.resolve", host + ' ' + spoken(addresses->failed));
  Socket& socket = connection->channel.stream.socket();
  Deadline deadline(loop_, [&socket] {
    ErrorCode ignored;
    socket.close(ignored);
  });
  ErrorCode last = asio::error::host_not_found;
  for (const Tcp::endpoint& endpoint : std::vector(addresses->endpoints)) {
    if (patience->over) co_return fail("net.over", name);
    ErrorCode error;
    socket.close(error);
    socket.open(endpoint.protocol(), error);
    if (error) co_return fail("net.connect", name + ' ' + spoken(error));
    socket.set_option(Tcp::no_delay(true), error);
    deadline.in(connect_limit);
    auto [failed] = co_await socket.async_connect(endpoint, as_result);
    deadline.clear();
    if (!failed && socket.is_open()) {
      auto& all = addresses->endpoints;
      if (const auto it = std::ranges::find(all, endpoint); it != all.end())
        std::rotate(all.begin(), it, it + 1);
      co_return Status{};
    }
    last = failed == asio::error::operation_aborted ? asio::error::timed_out : failed;
  }
  co_return fail("net.connect", name + ' ' + spoken(last));
}

Awaitable<Status> Connector::ask_proxy(std::shared_ptr<ClientConnection> connection, Proxy proxy) {
  const wire::Url& url = connection->origin->url;
  const std::string to = host_and_port(url.host, url.port);
  const std::string name = "the proxy " + host_and_port(proxy.host, proxy.port);
  std::string head = "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n";
  if (!proxy.authorization.empty()) head += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  head += "\r\n";
  ClientChannel& channel = connection->channel;
  ErrorCode failed = co_await channel.write(std::move(head), no_body, 0);
  if (!failed) failed = co_await channel.read_head(true);
  if (failed) co_return fail("net.proxy", name + ' ' + spoken(failed));
  const int status = channel.parser().head.status;
  if (status / 100 != 2)
    co_return fail("net.proxy", name + " refused a connection to " + to + " (status " +
                                    std::to_string(status) + ")");
  if (channel.has_unread()) co_return fail("net.proxy", name + " said more than it should");
  channel.rest();
  co_return Status{};
}

Awaitable<Status> Connector::start_tls(std::shared_ptr<ClientConnection> connection) {
  if (!tls_) {
    auto made = client_tls(trusted_pem_);
    if (!made) co_return fail(std::move(made).error());
    tls_ = std::move(*made);
  }
  const wire::Url& url = connection->origin->url;
  Stream& stream = connection->channel.stream;
  const ErrorCode failed = co_await stream.client_handshake(*tls_, url.host);
  if (!failed) co_return Status{};
  const std::string name = host_and_port(url.host, url.port);
  if (stream.closed()) co_return fail("net.tls", name + " did not finish the TLS handshake");
  if (const std::string fault = stream.certificate_fault(); !fault.empty())
    co_return fail("net.tls", "the certificate of " + name + " is not trusted: " + fault);
  co_return fail("net.tls", name + " failed at the TLS handshake: " + failed.message());
}

Awaitable<Status> Connector::open(std::shared_ptr<ClientConnection> connection,
                                  std::shared_ptr<Patience> patience) {
  const wire::Url& url = connection->origin->url;
  const auto proxy = proxies_.proxy_for(url);
  if (!proxy) co_return fail(proxy.error());
  const std::string host = *proxy ? (*proxy)->host : url.host;
  const std::string port = *proxy ? (*proxy)->port : url.port;
  Status done = co_await connect(connection, host, port, patience);
  if (!done || patience->over) co_return done;
  Stream& stream = connection->channel.stream;
  Deadline deadline(loop_, [&stream] { stream.close(); });
  deadline.in(handshake_limit);
  const bool tls = url.scheme == "https";
  if (*proxy && tls) done = co_await ask_proxy(connection, **proxy);
  connection->through_proxy = *proxy && !tls;
  if (done && tls) done = co_await start_tls(connection);
  co_return done;
}

}  // namespace twolane::net
