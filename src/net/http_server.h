// A small HTTP/1.1 server on a LoopWorld: keep-alive, content-length and chunked requests,
// 100-continue.
//
// Memory stays flat: a request body above `spool_above` lies in an unlinked temporary file, replies
// are read from their Body in pieces as the client takes them. Slow clients are cut off.
// Refused without asking the handler: 400 (not HTTP, no Host, unreadable framing), 413, 431,
// 501 (unknown transfer coding), 507 (no room for the body).
//
// Threads: that of the world. The server must be gone before its world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop_world.h"
#include "wire/http.h"

namespace twolane::net {

struct HttpRequest {
  std::string method;
  std::string target;  // path and query as sent; begins with '/' (or is "*")
  wire::Headers headers;
  wire::Body body;   // text, or one source (an unlinked file) when it was large
  std::string peer;  // address and port of the client
};

// The one chance to answer a request; move-only. Exactly one of the four is called, at any time,
// also from within the handler. Destroyed without that: 500. After the client has left they do
// nothing.
class Responder {
 public:
  // Content-Length, Date and Connection are the server's; for HEAD the body is not sent.
  void reply(wire::HttpReply reply);
  // The head as reply() sends it (Content-Length of the whole body), `body_bytes` of the body, and
  // then the connection is closed.
  void reply_cut(wire::HttpReply reply, int64_t body_bytes);
  // Closes the connection without a word.
  void drop();
  // No answer ever: the connection stays open until the client leaves or the server stops.
  void hold();

  bool client_gone() const;
  void on_client_gone(std::function<void()> then);  // at most once; not over TLS

  struct Turn;  // one request and its answer
  explicit Responder(std::shared_ptr<Turn> turn);
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

 private:
  std::shared_ptr<Turn> turn_;
};

class StreamHandler;  // net/exchange.h

class HttpServer {
 public:
  struct Settings {
    int64_t header_limit = 32 << 10;       // bytes; above: 431
    int64_t body_limit = 512ll << 20;      // bytes; above: 413
    int64_t spool_above = 1 << 20;         // bytes; larger bodies go to a file
    std::string spool_directory;           // empty: TMPDIR or /tmp
    Duration idle = seconds(75);           // between requests
    Duration head = seconds(30);           // from the first byte of a head to its last
    Duration stall = seconds(60);          // without progress of a body, either way
    int64_t slowest = 1024;                // bytes per second of a body, after one `stall` of grace
    int64_t connections = 10'000;          // more are closed at once
    bool reuse_port = false;               // several servers (threads) on one port
    std::string certificate_pem, key_pem;  // both set: TLS
  };
  using Handler = std::function<void(HttpRequest, Responder)>;

  HttpServer(LoopWorld& world, Settings settings, Handler handler);
  // Every request goes to `handler`, which must live longer, as soon as its head is there.
  HttpServer(LoopWorld& world, Settings settings, StreamHandler& handler);
  ~HttpServer();  // closes every connection at once

  // Begins to accept; `address` is an IP address or "localhost"; port 0 takes a free one. Returns
  // the port. May be called for several addresses. Error: net.listen.
  Result<uint16_t> listen(const std::string& address, uint16_t port);
  // Accepts nothing more, closes idle connections, lets running requests end for up to `grace`;
  // `then` is called when the last connection is closed.
  void stop(Duration grace, std::function<void()> then);

  // Another certificate for connections to come. Error net.tls: the old one stays.
  Status renew(const std::string& certificate_pem, const std::string& key_pem);

  int64_t connections() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace twolane::net
