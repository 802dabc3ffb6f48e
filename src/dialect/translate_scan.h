// A body read with simdjson by this thread's parser: whole, checked, without building a tree of our
// own.
//
// Threads: each has its own parser. The element and all views from it hold until the next scan() of
// the same thread.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace twolane::dialect {

// Error wire.json with line and column, as wire::parse_json words it.
Result<simdjson::dom::element> scan(std::string_view body);

// The member where `in` is an object that has it and it is not null.
std::optional<simdjson::dom::element> member(simdjson::dom::element in, std::string_view key);
// The member under either spelling (Gemini takes both).
std::optional<simdjson::dom::element> member(simdjson::dom::element in, std::string_view camel,
                                             std::string_view snake);
std::string_view text_member(simdjson::dom::element in, std::string_view key);  // empty when none
// Whole number, also when written as a string (Gemini's int64); 0 when none.
int64_t count_member(simdjson::dom::element in, std::string_view key);

// 64 bits of the bytes; the same on every run and machine of one byte order.
uint64_t hash_bytes(std::string_view bytes, uint64_t seed);
// Of a JSON value: blind to white space and to the order of members, keeps the order of elements.
uint64_t hash_json(simdjson::dom::element value, uint64_t seed);

}  // namespace twolane::dialect
