// From a host's name to a connection on which HTTP can be spoken: names, addresses, proxy, TLS.
//
// Names are looked up once for many connections and remembered for half a minute. Addresses are
// tried one after the other; the one that worked goes first the next time. Threads: one (the lookup
// itself runs on a thread of Asio's).
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/connection_pool.h"
#include "net/event_loop.h"
#include "net/loop_world.h"
#include "net/proxy.h"

namespace twolane::net {

class Connector {
 public:
  Connector(EventLoop& loop, const LoopWorld::Settings& settings);

  // Opens an unopened connection to its origin. Errors name host and port only: net.resolve,
  // net.connect, net.proxy, net.tls, net.over (patience ended).
  Awaitable<Status> open(std::shared_ptr<ClientConnection> connection,
                         std::shared_ptr<Patience> patience);

 private:
  struct Addresses {
    explicit Addresses(EventLoop& loop) : known(loop) {}
    Signal known;
    ErrorCode failed;
    std::vector<Tcp::endpoint> endpoints;
    Clock::time_point at;
  };

  std::shared_ptr<Addresses> addresses_of(const std::string& host, const std::string& port);
  static Awaitable<void> look_up(EventLoop* loop, std::shared_ptr<Addresses> addresses,
                                 std::string host, std::string port);
  Awaitable<Status> connect(std::shared_ptr<ClientConnection> connection, std::string host,
                            std::string port, std::shared_ptr<Patience> patience);
  Awaitable<Status> ask_proxy(std::shared_ptr<ClientConnection> connection, Proxy proxy);
  Awaitable<Status> start_tls(std::shared_ptr<ClientConnection> connection);

  EventLoop& loop_;
  ProxyRules proxies_;
  std::string trusted_pem_;
  std::unique_ptr<ssl::context>
      tls_;  // made when first needed: reading the system's store takes a while
  std::unordered_map<std::string, std::shared_ptr<Addresses>> names_;
};

}  // namespace twolane::net
