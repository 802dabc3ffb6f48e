// How TLS contexts are set up.
#include "net/tls.h"

#include <openssl/ssl.h>

namespace twolane::net {
namespace {

constexpr unsigned char http_1_1[] = "\x08http/1.1";  // ALPN: a length and a name

std::unexpected<Error> tls_fault(const char* what, const ErrorCode& error) {
  return fail("net.tls", what, error.message());
}

}  // namespace

Result<std::unique_ptr<ssl::context>> client_tls(const std::string& trusted_pem) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(context->native_handle(), http_1_1, sizeof http_1_1 - 1);
  ErrorCode error;
  context->set_default_verify_paths(error);
  if (error) return tls_fault("the system's certificates cannot be read", error);
  if (!trusted_pem.empty()) {
    context->add_certificate_authority(asio::buffer(trusted_pem), error);
    if (error) return tls_fault("the extra trusted certificate cannot be read", error);
  }
  return context;
}

Result<std::unique_ptr<ssl::context>> server_tls(const std::string& certificate_pem,
                                                 const std::string& key_pem) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  ErrorCode error;
  context->use_certificate_chain(asio::buffer(certificate_pem), error);
  if (error) return tls_fault("the server's certificate cannot be read", error);
  context->use_private_key(asio::buffer(key_pem), ssl::context::pem, error);
  if (error) return tls_fault("the server's key cannot be read", error);
  return context;
}

}  // namespace twolane::net
