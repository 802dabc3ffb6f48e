// An instance of a JSON schema, made up from a text: valid for the parts of JSON Schema that
// structured output allows (types in either case, enum, const, required, items, $ref, anyOf, allOf,
// bounds, formats).
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

namespace twolane::sim {

// Appends it as JSON. Deterministic in its arguments.
void append_instance(std::string& out, simdjson::dom::element schema, std::string_view user,
                     uint64_t seed);

}  // namespace twolane::sim
