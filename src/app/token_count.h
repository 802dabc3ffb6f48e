// Counts of tokens as people write them: 1500, 30M, 0.5B.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace twolane::app {

// Digits, with a fraction and with one of k, M, B, T behind; underscores and commas may group
// digits. The product must be a whole number. Error usage.value, which names `flag`.
Result<int64_t> parse_tokens(std::string_view text, std::string_view flag);

}  // namespace twolane::app
