// One client of the server: its channel, its one deadline, and how it is noticed that it left.
//
// Threads: that of the loop.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "net/channel.h"
#include "net/event_loop.h"
#include "net/http_server.h"

namespace twolane::net {

using ServerChannel = Channel<true>;

// Its deadline closes it; whatever waits on its socket then goes on with an error.
struct ServerConnection : std::enable_shared_from_this<ServerConnection> {
  ServerConnection(EventLoop& loop, Socket socket, int64_t header_limit)
      : channel(std::move(socket), header_limit),
        deadline(loop, [this] { close(); }),
        look(loop, [this] { watch(); }) {}

  ServerChannel channel;
  Deadline deadline;
  Deadline look;  // set while a request is worked on: a client seldom leaves within one sweep
  std::function<void()> left;  // called once when the client leaves, or the server ends
  std::string peer;
  bool idle = true;
  bool watched = false;

  void close() {
    channel.stream.close();
    leave();
  }
  void leave() {
    if (auto then = std::exchange(left, nullptr)) then();
  }
  // Data is no sign of leaving: it is the next request, or the farewell of TLS before the socket's end.
  void watch() {
    if (watched || channel.stream.closed()) return;
    watched = true;
    channel.stream.socket().async_wait(Socket::wait_read, [self = shared_from_this()](ErrorCode) {
      self->watched = false;
      if (!self->left) return;
      if (self->channel.stream.peer_closed()) return self->leave();
      self->look.in(Duration{0});
    });
  }
};

// The deadline of a body under way: `stall` after its last progress, and no later than the slowest
// allowed rate.
class Pace {
 public:
  Pace(ServerConnection& connection, const HttpServer::Settings& settings)
      : connection_(connection), stall_(settings.stall), slowest_(settings.slowest) {
    connection_.channel.bytes_read = connection_.channel.bytes_written = 0;
    connection_.channel.progress = [this] { go_on(); };
    go_on();
  }
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;
  ~Pace() {
    connection_.channel.progress = nullptr;
    connection_.deadline.clear();
  }

 private:
  void go_on() {
    const int64_t bytes = connection_.channel.bytes_read + connection_.channel.bytes_written;
    const auto passed =
        std::chrono::duration_cast<std::chrono::milliseconds>(lately() - began_).count();
    const Duration allowed = stall_ + milliseconds(bytes * 1000 / slowest_ - passed);
    connection_.deadline.in(std::clamp(allowed, Duration{0}, stall_));
  }

  ServerConnection& connection_;
  Duration stall_;
  int64_t slowest_;
  Clock::time_point began_ = lately();
};

}  // namespace twolane::net
