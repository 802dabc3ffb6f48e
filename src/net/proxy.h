// Which proxy leads to a host, as the environment says: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and
// NO_PROXY, each also in lower case, which goes first.
//
// Loopback hosts are never reached through a proxy. NO_PROXY: "*", hosts (with their subdomains),
// ".suffix", each with an optional port; no address ranges.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/http.h"

namespace twolane::net {

struct Proxy {
  std::string host, port;
  std::string authorization;  // value of Proxy-Authorization, or empty; secret
};

class ProxyRules {
 public:
  using Lookup = std::function<std::string(const char* variable)>;  // empty: not set
  static ProxyRules from(const Lookup& environment);
  static ProxyRules from_environment();

  // Error: net.proxy, the variable does not hold an http:// proxy.
  Result<std::optional<Proxy>> proxy_for(const wire::Url& url) const;

 private:
  std::string http_, https_;
  std::vector<std::string> direct_;
};

}  // namespace twolane::net
