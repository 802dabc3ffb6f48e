// TCP and TLS under one face.
#include "net/stream.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace twolane::net {

Awaitable<ErrorCode> Stream::client_handshake(ssl::context& context, std::string host) {
  tls_ = std::make_unique<ssl::stream<Socket&>>(socket_, context);
  ErrorCode ignored;
  // Server names are sent for names only (RFC 6066, 3), certificates are checked for addresses too.
  if (asio::ip::make_address(host, ignored); ignored)
    SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
  ErrorCode error;
  tls_->set_verify_mode(ssl::verify_peer, error);
  tls_->set_verify_callback(ssl::host_name_verification(host), error);
  if (error) co_return error;
  auto [failed] = co_await tls_->async_handshake(ssl::stream_base::client, as_result);
  co_return failed;
}

Awaitable<ErrorCode> Stream::server_handshake(ssl::context& context) {
  tls_ = std::make_unique<ssl::stream<Socket&>>(socket_, context);
  auto [failed] = co_await tls_->async_handshake(ssl::stream_base::server, as_result);
  co_return failed;
}

std::string Stream::certificate_fault() {
  if (!tls_) return {};
  const long verdict = SSL_get_verify_result(tls_->native_handle());
  if (verdict == X509_V_OK) return {};
  return X509_verify_cert_error_string(verdict);
}

Awaitable<IoResult> Stream::read_some(asio::mutable_buffer to) {
  if (tls_) return tls_->async_read_some(to, as_result);
  return socket_.async_read_some(to, as_result);
}

Awaitable<IoResult> Stream::write_some(asio::const_buffer from) {
  if (tls_) return tls_->async_write_some(from, as_result);
  return socket_.async_write_some(from, as_result);
}

Awaitable<IoResult> Stream::write_some(std::array<asio::const_buffer, 2> from) {
  if (tls_) return tls_->async_write_some(from[0].size() > 0 ? from[0] : from[1], as_result);
  return socket_.async_write_some(from, as_result);
}

bool Stream::quiet() {
  char byte;
  return socket_.is_open() &&
         ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool Stream::peer_closed() {
  if (!socket_.is_open()) return true;
  if (tls_) {  // what is left to read may be TLS's own farewell
    pollfd state{socket_.native_handle(), POLLRDHUP, 0};
    return ::poll(&state, 1, 0) > 0;
  }
  char byte;
  const auto n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void Stream::close() {
  closed_ = true;
  ErrorCode ignored;
  socket_.close(ignored);
}

std::string spoken(const ErrorCode& error) {
  if (error == asio::error::connection_refused) return "refused the connection";
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == ssl::error::stream_truncated)
    return "closed the connection";
  if (error == asio::error::timed_out) return "did not answer";
  if (error == asio::error::host_not_found || error == asio::error::host_not_found_try_again ||
      error == asio::error::no_data)
    return "is not known (no address for this name)";
  if (error == asio::error::network_unreachable || error == asio::error::host_unreachable)
    return "cannot be reached";
  return "failed: " + error.message();
}

}  // namespace twolane::net
