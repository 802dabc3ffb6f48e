// Reading the proxy variables.
#include "net/proxy.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <ranges>

#include "net/head.h"

namespace twolane::net {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string base64(std::string_view text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(text.data()),
                                static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
         host == "::1";
}

// Whether an entry of NO_PROXY covers the host.
bool covers(std::string_view entry, std::string_view host, std::string_view port) {
  if (entry == "*") return true;
  if (const size_t colon = entry.rfind(':');
      colon != entry.npos && entry.find(':') == colon) {  // one colon: not an IPv6 address
    if (entry.substr(colon + 1) != port) return false;
    entry = entry.substr(0, colon);
  }
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.empty()) return false;
  if (entry.starts_with('.')) return host.ends_with(entry);
  return host == entry || (host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.');
}

Result<Proxy> parse_proxy(std::string_view text) {
  const auto fault = [] {
    return fail("net.proxy", "the proxy in the environment is not of the form http://host:port");
  };
  Proxy proxy;
  if (const size_t scheme = text.find("://"); scheme != text.npos) {
    if (lower(text.substr(0, scheme)) != "http") return fault();
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find('/'));
  if (const size_t at = text.rfind('@'); at != text.npos) {
    proxy.authorization = "Basic " + base64(wire::percent_decoded(text.substr(0, at)));
    text.remove_prefix(at + 1);
  }
  const auto url = wire::parse_url("http://" + std::string(text));
  if (!url) return fault();
  proxy.host = url->host;
  proxy.port = url->port;
  return proxy;
}

}  // namespace

ProxyRules ProxyRules::from(const Lookup& environment) {
  const auto first_of = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (auto value = environment(name); !value.empty()) return value;
    return std::string();
  };
  ProxyRules rules;
  rules.https_ = first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  rules.http_ = first_of({"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  for (const auto part : std::views::split(first_of({"no_proxy", "NO_PROXY"}), ',')) {
    std::string entry = lower(std::string_view(part.begin(), part.end()));
    std::erase(entry, ' ');
    if (!entry.empty()) rules.direct_.push_back(std::move(entry));
  }
  return rules;
}

ProxyRules ProxyRules::from_environment() {
  return from([](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  });
}

Result<std::optional<Proxy>> ProxyRules::proxy_for(const wire::Url& url) const {
  const std::string& text = url.scheme == "https" ? https_ : http_;
  const std::string host = lower(url.host);
  if (text.empty() || is_loopback(host)) return std::nullopt;
  for (const std::string& entry : direct_)
    if (covers(entry, host, url.port)) return std::nullopt;
  return TRY(parse_proxy(text));
}

}  // namespace twolane::net
