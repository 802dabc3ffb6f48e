// Taking, returning and waiting for connections.
#include "net/connection_pool.h"

#include <algorithm>

namespace twolane::net {
namespace {

constexpr int64_t reply_header_limit = 64 << 10;  // bytes

}  // namespace

ClientConnection::ClientConnection(EventLoop& loop, std::shared_ptr<Origin> to)
    : origin(std::move(to)),
      channel(Socket(loop.io().get_executor()), reply_header_limit),
      idle_too_long(loop, [this, &loop] {
        auto& idle = origin->idle;
        const auto it = std::ranges::find(idle, this, &std::shared_ptr<ClientConnection>::get);
        if (it == idle.end()) return;
        loop.post([dropped = std::move(*it)] {});  // not within its own deadline
        idle.erase(it);
      }) {
  ++origin->open;
}

ClientConnection::~ClientConnection() {
  --origin->open;
  origin->wake_next();
}

void Origin::wake_next() {
  if (waiting.empty()) return;
  waiting.front()->chosen = true;
  waiting.front()->signal.set();
  waiting.pop_front();
}

std::shared_ptr<Origin> ConnectionPool::origin_of(const wire::Url& url) {
  auto& origin = origins_[url.scheme + "://" + url.host + ' ' + url.port];
  if (!origin) {
    origin = std::make_shared<Origin>();
    origin->url = wire::Url{url.scheme, url.host, url.port, "/"};
  }
  return origin;
}

std::shared_ptr<ClientConnection> ConnectionPool::take_idle(Origin& origin, Duration youngest,
                                                            Duration warm) {
  const auto now = lately();
  const auto too_old = now - real(youngest);
  while (!origin.idle.empty() && origin.idle.back()->idle_since > too_old) {
    auto connection = std::move(origin.idle.back());
    origin.idle.pop_back();
    connection->idle_too_long.clear();
    const bool trusted = now - connection->idle_since < real(warm);
    if (trusted || connection->channel.stream.quiet()) return connection;
  }
  return nullptr;
}

Awaitable<std::shared_ptr<ClientConnection>> ConnectionPool::acquire(
    std::shared_ptr<Origin> origin, Duration youngest, std::shared_ptr<Patience> patience) {
  bool my_turn = origin->waiting.empty();
  while (!patience->over) {
    if (my_turn) {
      if (auto connection = take_idle(*origin, youngest)) co_return connection;
      if (origin->open >= per_origin_ && !origin->idle.empty()) {
        const auto oldest = std::move(origin->idle.front());  // gives its place to this call
        origin->idle.erase(origin->idle.begin());
      }
      if (origin->open < per_origin_) co_return std::make_shared<ClientConnection>(loop_, origin);
    }
    auto waiter = std::make_shared<Waiter>(loop_);
    if (my_turn) {
      origin->waiting.push_front(waiter);
    } else {
      origin->waiting.push_back(waiter);
    }
    patience->let_go = [waiter] { waiter->signal.set(); };
    co_await waiter->signal.wait();
    patience->let_go = nullptr;
    my_turn = waiter->chosen;
    if (patience->over && my_turn) origin->wake_next();
    if (patience->over && !my_turn) std::erase(origin->waiting, waiter);
  }
  co_return nullptr;
}

void ConnectionPool::put_back(std::shared_ptr<ClientConnection> connection) {
  Origin& origin = *connection->origin;
  connection->channel.rest();
  connection->channel.progress = nullptr;
  connection->used_before = true;
  connection->idle_since = lately();
  connection->idle_too_long.in(keep_);
  origin.idle.push_back(std::move(connection));
  origin.wake_next();
}

void ConnectionPool::close_unused() {
  for (auto& [key, origin] : origins_) origin->idle.clear();
}

}  // namespace twolane::net
