// TLS settings of clients and servers: TLS 1.2 and later, certificates checked.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/asio.h"

namespace twolane::net {

// Trusts the system's certificates (SSL_CERT_FILE and SSL_CERT_DIR as OpenSSL reads them) and those
// of `trusted_pem`. Error: net.tls.
Result<std::unique_ptr<ssl::context>> client_tls(const std::string& trusted_pem);
// Error: net.tls.
Result<std::unique_ptr<ssl::context>> server_tls(const std::string& certificate_pem,
                                                 const std::string& key_pem);

}  // namespace twolane::net
