// Connections to servers for those who relay: taken from a pool, given back after a whole exchange.
//
// The caller speaks HTTP on them itself (net/channel.h). Threads: that of the loop.
#pragma once

#include <memory>

#include "net/connection_pool.h"
#include "net/connector.h"
#include "net/loop_world.h"

namespace twolane::net {

class Upstream {
 public:
  Upstream(EventLoop& loop, const LoopWorld::Settings& settings)
      : pool_(loop, settings.connections_per_origin, settings.idle_connection),
        connector_(loop, settings) {}
  ~Upstream() { pool_.close_unused(); }

  std::shared_ptr<Origin> origin_of(const wire::Url& url) { return pool_.origin_of(url); }
  // An unused connection that is still alive, at once, or null.
  std::shared_ptr<ClientConnection> ready(Origin& origin);
  // A connection, waited for or newly opened. Errors: as Connector::open; net.over.
  Awaitable<Result<std::shared_ptr<ClientConnection>>> open(std::shared_ptr<Origin> origin,
                                                            std::shared_ptr<Patience> patience);
  // After an exchange that both sides ended properly.
  void put_back(std::shared_ptr<ClientConnection> connection);

 private:
  ConnectionPool pool_;
  Connector connector_;
};

}  // namespace twolane::net
