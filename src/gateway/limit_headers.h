// What a key's own limits leave, as the headers by which each provider says it.
//
// OpenAI: x-ratelimit-{limit,remaining,reset}-{requests,tokens}, the reset as a Go duration.
// Anthropic: anthropic-ratelimit-{requests,tokens}-{limit,remaining,reset}, the reset as RFC 3339.
// Gemini has none. Tokens are those known so far: of a call they are counted when it ends. Pure.
#pragma once

#include "gateway/keys.h"
#include "model/endpoint.h"
#include "wire/http.h"

namespace twolane::gateway {

// Only the limits that the key has.
wire::Headers limit_headers(Dialect door, const Key::Room& room, Time now);

// "1s", "6m0s", "1h2m3s", "20ms": as Go writes it.
std::string go_duration(Duration span);

}  // namespace twolane::gateway
