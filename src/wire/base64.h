// Base64 of RFC 4648, standard alphabet with padding.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::wire {

std::string base64_encoded(std::string_view bytes);
// Strict: no white space, padding required, no stray bits. Error wire.base64.
Result<std::string> base64_decoded(std::string_view text);

}  // namespace twolane::wire
