// What a provider's live answers say of its limits, and how fast calls may then go.
//
// OpenAI: x-ratelimit-{limit,remaining}-{requests,tokens}; Anthropic:
// anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining}. Limits are per minute and
// model; a few are per day and said in the same words: then they are no bound here, and refusals teach the pace.
// Pure; values.
#pragma once

#include "model/usage.h"
#include "wire/http.h"

namespace twolane::patient {

struct StatedLimit {
  double limit = 0;   // a minute; 0: not said
  double left = -1;   // of it, before it fills again; below 0: not said
  bool operator==(const StatedLimit&) const = default;
};

struct StatedLimits {
  StatedLimit requests, tokens, input_tokens, output_tokens;  // tokens: of both kinds
  bool operator==(const StatedLimits&) const = default;
};
StatedLimits stated_limits(const wire::Headers& headers);

// What a call takes of the limits, as a mean of those that were answered.
struct TokensOfCalls {
  double input = 0, output = 0;  // input: what was not read from a cache
  int64_t calls = 0;
  void take(const Usage& usage);
};

// Calls a minute; 0: nothing is said that limits them. Token limits say nothing before the first answer.
double calls_per_minute(const StatedLimits& limits, const TokensOfCalls& each);

// The share of the pace at which to go on: all of it while a fifth of each limit is left, a tenth of it where
// nothing is. Whoever else uses the limit (interactive calls) finds room before somebody is refused.
double ease(const StatedLimits& limits);

}  // namespace twolane::patient
