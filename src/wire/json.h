// JSON as a tree, for bodies that are translated; hot paths use simdjson on the bytes instead.
//
// Key order is kept (prompt caches compare prefixes), numbers survive unchanged up to 64 bits and
// shortest-form doubles.
#pragma once

#include <initializer_list>
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
// The same behind what `out` holds.
void append(std::string& out, const Json& value);

// A tree that is given back from its leaves: the library's destructor first moves all members into lists
// of its own, which takes as long as making them did.
struct Tree {
  Json json;
  explicit Tree(Json root) : json(std::move(root)) {}
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
};

struct Member {
  const char* name;
  mutable Json value;  // moved out of the list that holds it
};
// An object of these members, in this order; no name twice. A Json from braces is the same, but makes an
// array and two strings of every member on its way. So many `more` can be added at no cost: an object that
// is full copies all that it holds into a larger one.
Json object_of(std::initializer_list<Member> members, size_t more = 4);

// The member, or nullptr: absent members and members of non-objects alike.
const Json* find(const Json& object, std::string_view key);
// The member's string, or empty.
std::string_view string_at(const Json& object, std::string_view key);
// The member's whole number, or `otherwise`.
int64_t int_at(const Json& object, std::string_view key, int64_t otherwise = 0);

}  // namespace twolane::wire
