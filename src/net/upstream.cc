// Connections for relays.
#include "net/upstream.h"

namespace twolane::net {
namespace {

// Servers commonly close after 5 s without a request, and a request that may have been processed is
// not sent again: connections on which that may be happening right now are left alone.
constexpr Duration fresh_enough = seconds(4);

}  // namespace

std::shared_ptr<ClientConnection> Upstream::ready(Origin& origin) {
  if (!origin.waiting.empty()) return nullptr;
  auto connection = pool_.take_idle(origin, fresh_enough, milliseconds(5));
  if (connection) connection->channel.heard = connection->channel.sent = false;
  return connection;
}

Awaitable<Result<std::shared_ptr<ClientConnection>>> Upstream::open(
    std::shared_ptr<Origin> origin, std::shared_ptr<Patience> patience) {
  const auto connection = co_await pool_.acquire(origin, fresh_enough, patience);
  if (!connection) co_return fail("net.over", "nobody waits any more");
  patience->let_go = [connection] { connection->channel.stream.close(); };
  if (!connection->used_before) {
    const Status opened = co_await connector_.open(connection, patience);
    if (!opened) co_return fail(opened.error());
  }
  patience->let_go = nullptr;
  if (patience->over) co_return fail("net.over", "nobody waits any more");
  connection->channel.heard = connection->channel.sent = false;
  co_return connection;
}

void Upstream::put_back(std::shared_ptr<ClientConnection> connection) {
  ClientChannel& channel = connection->channel;
  if (channel.parser().keep_alive() && !channel.has_unread() && !channel.stream.closed())
    pool_.put_back(std::move(connection));
}

}  // namespace twolane::net
