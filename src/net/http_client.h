// HTTP/1.1 calls over TCP and TLS with a pool of connections per origin; LoopWorld::call is its
// face.
//
// Every call is answered exactly once, later, on the loop's thread (never while the loop is
// ending). NetFailure::sent is false exactly where no byte of the request can have been processed:
// name lookup, connecting, TLS handshake and proxy failures, and connections that were dead before
// the first byte. A reused connection may have been closed by its peer a moment ago. If it dies
// before any byte of the reply, a call is repeated once on a fresh one where that is harmless:
// nothing was sent, or the method is safe (GET, HEAD, OPTIONS). A call with another method never
// takes a connection unused for long. Failures name host and port; never path, query or headers.
// Threads: that of the loop.
#pragma once

#include <functional>
#include <memory>

#include "net/loop_world.h"
#include "wire/http.h"

namespace twolane::net {

class HttpClient {
 public:
  HttpClient(EventLoop& loop, LoopWorld::Settings settings);
  // Ends every call without an answer; EventLoop::end() must run after it.
  ~HttpClient();

  void call(wire::HttpCall call, std::function<void(wire::HttpResult)> then);

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace twolane::net
