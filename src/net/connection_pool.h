// Connections by origin: unused ones to take again, and a limit that lets further calls wait in
// turn.
//
// The last one used is taken first, so that the others can grow old and be closed.
// Threads: one.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/channel.h"
#include "net/event_loop.h"
#include "wire/http.h"

namespace twolane::net {

using ClientChannel = Channel<false>;

// How long a call wants to go on, for those who work on it: `over` ends every loop, and whoever
// waits for something leaves word in `let_go` how to be woken.
struct Patience {
  bool over = false;
  std::function<void()> let_go;

  void end() {
    over = true;
    if (auto f = std::exchange(let_go, nullptr)) f();
  }
};

class ConnectionPool;
struct Origin;

// One connection and its place among those that the origin allows.
struct ClientConnection {
  ClientConnection(EventLoop& loop, std::shared_ptr<Origin> to);
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;
  ~ClientConnection();  // the place goes to the next who waits

  std::shared_ptr<Origin> origin;
  ClientChannel channel;
  Deadline idle_too_long;
  Clock::time_point idle_since;
  bool used_before = false;
  bool through_proxy = false;  // requests name the whole URL
};

struct Waiter {
  explicit Waiter(EventLoop& loop) : signal(loop) {}
  Signal signal;
  bool chosen = false;
};

struct Origin {
  wire::Url url;  // target unused
  int64_t open = 0;
  std::vector<std::shared_ptr<ClientConnection>> idle;  // the last used at the back
  std::deque<std::shared_ptr<Waiter>> waiting;

  void wake_next();
};

class ConnectionPool {
 public:
  ConnectionPool(EventLoop& loop, int64_t per_origin, Duration keep)
      : loop_(loop), per_origin_(per_origin), keep_(keep) {}

  std::shared_ptr<Origin> origin_of(const wire::Url& url);

  // A connection that was unused for less than `youngest`, or a new one, not yet opened, with
  // used_before false. Null if patience ended first.
  Awaitable<std::shared_ptr<ClientConnection>> acquire(std::shared_ptr<Origin> origin,
                                                       Duration youngest,
                                                       std::shared_ptr<Patience> patience);
  // Back into the pool; the connection is between two messages.
  void put_back(std::shared_ptr<ClientConnection> connection);
  void close_unused();
  // One that was unused for less than `youngest`, or null. Whether it is still open costs a call to
  // the kernel: one that was in use less than `warm` ago is taken at its word.
  std::shared_ptr<ClientConnection> take_idle(Origin& origin, Duration youngest, Duration warm = {});

 private:
  EventLoop& loop_;
  int64_t per_origin_;
  Duration keep_;
  std::unordered_map<std::string, std::shared_ptr<Origin>> origins_;
};

}  // namespace twolane::net
