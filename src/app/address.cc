// Addresses to listen on.
#include "app/address.h"

#include <charconv>

#include "app/usage_error.h"

namespace twolane::app {

Result<Address> parse_address(const std::string& text, const std::string& example) {
  const size_t colon = text.rfind(':');
  int port = -1;
  if (colon != std::string::npos && colon > 0) {
    const char* const end = text.data() + text.size();
    const auto [stop, ec] = std::from_chars(text.data() + colon + 1, end, port);
    if (ec != std::errc{} || stop != end) port = -1;
  }
  if (port >= 0 && port <= 65535) {
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return Address{std::move(host), static_cast<uint16_t>(port)};
  }
  return fail(usage_error("--listen", '"' + text + "\" is no address to listen on",
                          "it is an address and a port; port 0 takes a free one", "--listen " + example));
}

}  // namespace twolane::app
