// Answers of synchronous calls as the providers stream them: the whole answer cut into server-sent
// events, each provider in its own.
#pragma once

#include <string>

#include "model/endpoint.h"
#include "wire/json.h"

namespace twolane::sim {

// Every event ends with an empty line. `with_usage`: OpenAI's stream_options.include_usage.
std::string sse_of(Endpoint endpoint, const wire::Json& answer, bool with_usage);

// Gemini without alt=sse: the chunks as one JSON array.
std::string array_of_chunks(const wire::Json& answer);

}  // namespace twolane::sim
