// Names of HTTP headers and the like, compared as RFC 9110 (5.1) says: ASCII case ignored.
#pragma once

#include <algorithm>
#include <string_view>

namespace twolane::wire {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr bool same_name(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

}  // namespace twolane::wire
