// Finds the first place where a text stops being JSON and says in words what was expected there.
//
// Slower than a parser and meant for texts that a parser has refused: parse_json calls it, and so
// does whoever reads with simdjson and has to tell a person what is wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::wire {

inline constexpr int max_json_depth = 256;  // levels of objects and arrays

struct JsonFault {
  size_t offset = 0;          // of the byte at fault; the size of the text when it ends too early
  std::string_view expected;  // "expected a quoted name": a literal, lives forever
};
// Nothing: the text is one JSON value (a byte order mark before it is tolerated).
std::optional<JsonFault> find_json_fault(std::string_view text);

// An Error that points at byte `offset` of `text`: where.line and where.column (1-based, in bytes,
// lines counted within `text`), a short excerpt of that line with the caret, and `why` to be
// written after the caret. The excerpt is valid UTF-8 without control characters.
Error error_at(std::string code, std::string message, std::string_view text, size_t offset,
               std::string why);

}  // namespace twolane::wire
