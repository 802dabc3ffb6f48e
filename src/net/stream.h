// One connection: TCP, or TLS over it.
//
// Threads: one; at most one read and one write at a time.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "net/asio.h"

namespace twolane::net {

class Stream {
 public:
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Socket& socket() { return socket_; }
  bool is_tls() const { return tls_ != nullptr; }

  // From here on everything goes through TLS. A client checks the certificate against `host`.
  Awaitable<ErrorCode> client_handshake(ssl::context& context, std::string host);
  Awaitable<ErrorCode> server_handshake(ssl::context& context);
  // Why the peer's certificate was not accepted; empty if it was.
  std::string certificate_fault();

  Awaitable<IoResult> read_some(asio::mutable_buffer to);
  Awaitable<IoResult> write_some(asio::const_buffer from);
  // Both in one call to the kernel where there is no TLS.
  Awaitable<IoResult> write_some(std::array<asio::const_buffer, 2> from);

  // Whether an unused connection can still be used: the peer neither closed it nor sent anything.
  bool quiet();
  // Whether the peer closed its side and nothing is left to read. Under TLS: whether it closed.
  bool peer_closed();
  // Ends everything under way on it, for good.
  void close();
  bool closed() const { return closed_; }

 private:
  Socket socket_;
  std::unique_ptr<ssl::stream<Socket&>> tls_;
  bool closed_ = false;
};

// "refused the connection", "closed the connection": what happened, as a predicate of the host.
std::string spoken(const ErrorCode& error);

}  // namespace twolane::net
