// One request and its answer, for handlers that stream: the body as it comes, the answer as it is
// made, both at the pace of the slower side.
//
// A handler is a coroutine on the server's loop. It reads the body (or leaves it: the connection is
// closed then), answers once, whole or piece by piece, and returns. A handler that returns without
// an answer closes the connection. Threads: that of the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/server_connection.h"
#include "wire/http.h"

namespace twolane::net {

class Exchange {
 public:
  Exchange(std::shared_ptr<ServerConnection> client, const HttpServer::Settings& settings,
           const std::string& date);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  MessageHead& head() { return client_->channel.parser().head; }
  const std::string& peer() const { return client_->peer; }
  int64_t length() const;  // of the body as announced; -1 where it comes in chunks
  const std::string& date() const { return date_; }

  // Reads the body to its end. 0, or the status with which to refuse (400, 413, 431, 507), or -1
  // where nobody is left to tell.
  Awaitable<int> body(wire::Sink take);
  // The same into memory.
  Awaitable<int> body(std::string& to, int64_t limit);

  // A whole answer. Content-Length, Date and Connection are the server's.
  Awaitable<void> reply(wire::HttpReply reply);
  // An answer in pieces: a head written by the handler (with its own framing, or `until_close`),
  // then bytes. Each returns when the bytes are with the kernel. Errors end the exchange.
  Awaitable<ErrorCode> write(std::string_view first, std::string_view second = {});
  void until_close() { keep_ = false; }
  // The answer was whole and the connection can go on.
  void done() { answered_ = true; }

  // Called later, at most once, when the client leaves before the end: within two sweeps of the loop,
  // or at once where that is worth a call into the kernel (over TLS, within two sweeps either way).
  enum class Noticed : uint8_t { in_time, at_once };
  void on_left(std::function<void()> then, Noticed when = Noticed::in_time);
  bool left() const { return client_->channel.stream.closed(); }
  // Whether the client's end is closed right now: an answer would go nowhere.
  bool nobody_there() const { return left() || client_->channel.stream.peer_closed(); }

  bool keep() const { return keep_; }  // as it stands: the client wants it and nothing speaks against
  bool read() const { return read_; }  // the body, to its end
  bool whole() const { return answered_ && keep_ && read_; }

 private:
  int refusal_of_body(const ErrorCode& failed);

  std::shared_ptr<ServerConnection> client_;
  const HttpServer::Settings& settings_;
  const std::string& date_;  // the server's, kept up to date while it works
  bool keep_;
  bool read_;
  bool answered_ = false;  // wholly
};

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // `exchange` lives until the task ends.
  virtual Awaitable<void> handle(Exchange& exchange) = 0;
  // The answer to what is no request at all (400, 413, 431, 501).
  virtual wire::HttpReply refusal(int status) { return {status, {}, {}}; }
};

}  // namespace twolane::net
