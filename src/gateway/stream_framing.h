// How events of an answer are written to a client: in chunks, as an array, and when they end in an
// error.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "model/endpoint.h"

namespace twolane::gateway {

// One chunk of HTTP/1.1; nothing for no bytes, which would end the body.
void append_chunk(std::string& out, std::string_view bytes);

// Gemini without alt=sse: events as elements of a JSON array, whose end is the caller's. `begun`:
// an element came before.
std::string as_array(std::string_view events, bool& begun);

// `object`: the error as error_object() gives it, or as the provider did.
std::string error_event(Endpoint endpoint, std::string_view object);

}  // namespace twolane::gateway
