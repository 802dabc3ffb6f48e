// Usage where the provider said none, from the text that was sent and the text that came.
//
// Pure. Tokens by the estimator of price/tokens (docs/quotes.md says how far it is off); reasoning
// that no text shows is not in it.
#pragma once

#include <string_view>

#include "dialect/translate.h"
#include "model/job.h"

namespace twolane::gateway {

// Nothing where the request cannot be read. `request`: its body in the words of `endpoint`.
std::optional<Usage> estimated_usage(const Target& target, Endpoint endpoint, std::string_view request,
                                     std::string_view answer);

}  // namespace twolane::gateway
