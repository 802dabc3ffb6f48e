// nlohmann/json.hpp for the precompiled headers, without the bodies of its two literals: they are
// plain inline functions, so each source that includes them instantiates a whole JSON parser that it
// does not use (0.4 s each with GCC 12). Turned into templates, they cost nothing.
#pragma once

#define _json(text, size) \
  _json(text, size);      \
  template <class Text>   \
  nlohmann::json json_literal(Text s, std::size_t n)
#define _json_pointer(text, size) \
  _json_pointer(text, size);      \
  template <class Text>           \
  nlohmann::json::json_pointer json_pointer_literal(Text s, std::size_t n)
#include <nlohmann/json.hpp>
#undef _json
#undef _json_pointer

// The members of wire::Json are compiled once, in wire/json_members.cc (0.3 s less for each source).
extern template class nlohmann::basic_json<nlohmann::ordered_map>;
extern template class std::vector<nlohmann::ordered_json>;
