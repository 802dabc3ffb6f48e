// JSON as a tree, for bodies that are translated; hot paths use simdjson on the bytes instead.
//
// Key order is kept (prompt caches compare prefixes), numbers survive unchanged up to 64 bits and
// shortest-form doubles.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::wire {

using Json = nlohmann::ordered_json;

// Error code wire.json; where.column is the 1-based byte, where.line the line within `text`;
// `excerpt` shows the place, and `why` is what to write after its caret ("expected a quoted name").
// Refuses invalid UTF-8, depth beyond 256 and anything after the value. Of a repeated name the last
// value counts. Numbers beyond 64 bits become doubles.
Result<Json> parse_json(std::string_view text);

// One line, no spaces. Never fails: invalid UTF-8 (which parse_json refuses) is replaced.
std::string dump(const Json& value);

// The member, or nullptr: absent members and members of non-objects alike.
const Json* find(const Json& object, std::string_view key);
// The member's string, or empty.
std::string_view string_at(const Json& object, std::string_view key);
// The member's whole number, or `otherwise`.
int64_t int_at(const Json& object, std::string_view key, int64_t otherwise = 0);

}  // namespace twolane::wire
