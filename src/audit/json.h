// Reading JSON without trees: simdjson on demand, with the few steps that all readers share.
//
// A text that is parsed must be followed by SIMDJSON_PADDING readable bytes (whatever they hold). All
// texts that readers meet are: records lie in buffers with room behind them, and so do strings that a
// parser has unescaped.
#pragma once

#include <simdjson.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace twolane::audit {

namespace ondemand = simdjson::ondemand;

// The document in `text`; errors come when it is read.
inline bool open_json(ondemand::parser& parser, std::string_view text, ondemand::document& out) {
  return parser
             .iterate(simdjson::padded_string_view(text.data(), text.size(),
                                                   text.size() + simdjson::SIMDJSON_PADDING))
             .get(out) == simdjson::SUCCESS;
}

// The name of a member as written; a name with escapes comes out cut, and matches nothing that is known.
inline std::string_view name_of(ondemand::field& field) {
  // Eight bytes at a time: a zero byte appears where the quote stands. The padding can be read.
  constexpr uint64_t ones = 0x0101010101010101ull, tops = 0x8080808080808080ull;
  const char* begin = field.key().raw();
  for (const char* at = begin;; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    word ^= ones * '"';
    if (const uint64_t zero = (word - ones) & ~word & tops; zero != 0)
      return {begin, static_cast<size_t>(at - begin) + static_cast<size_t>(std::countr_zero(zero)) / 8};
  }
}

// The bytes of a number or of true, false.
inline std::string_view token_of(ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

// The bytes of any value; empty where it is broken.
inline std::string_view raw_of(ondemand::value& value) {
  std::string_view raw;
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS || object.raw_json().get(raw) != simdjson::SUCCESS) return {};
    return raw;
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS || array.raw_json().get(raw) != simdjson::SUCCESS) return {};
    return raw;
  }
  return token_of(value);
}

inline bool looks_like_json(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at != text.npos && (text[at] == '{' || text[at] == '[');
}

// Calls f(name, value) for every member; false where the object is broken. f returns false to stop.
template <class F>
bool each_member(ondemand::object object, F&& f) {
  for (auto item : object) {
    if (item.error() != simdjson::SUCCESS) return false;
    ondemand::field&& field = std::move(item).value_unsafe();  // in place: copies of it stall
    if (!f(name_of(field), field.value())) return true;
  }
  return true;
}

// The same for the elements of an array.
template <class F>
bool each_element(ondemand::array array, F&& f) {
  for (auto item : array) {
    ondemand::value value;
    if (std::move(item).get(value) != simdjson::SUCCESS) return false;
    if (!f(value)) return true;
  }
  return true;
}

}  // namespace twolane::audit
