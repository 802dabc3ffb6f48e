// Addresses to listen on, as flags name them.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace twolane::app {

struct Address {
  std::string host;  // an IP address without brackets, or localhost
  uint16_t port = 0;
};

// "127.0.0.1:8080", "[::1]:8080". Error usage.value, with `example` as what to write.
Result<Address> parse_address(const std::string& text, const std::string& example);

}  // namespace twolane::app
