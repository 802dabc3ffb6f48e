// Trees are built from what simdjson read; where that refuses a text, from nlohmann's parse events, which
// know numbers beyond 64 bits. Faults are put into words by json_fault.
#include "wire/json.h"

#include <simdjson.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "wire/json_fault.h"

namespace twolane::wire {
namespace {

using Members =
    Json::object_t::Container;  // appends without looking for the name: linear, not quadratic

// A repeated name: its last value counts, at the place of its first.
void drop_repeated(Members& members) {
  constexpr size_t few = 16;
  bool repeated = false;
  if (members.size() <= few) {
    for (size_t i = 1; i < members.size() && !repeated; ++i)
      for (size_t j = 0; j < i && !repeated; ++j) repeated = members[i].first == members[j].first;
    if (!repeated) return;
  }
  std::unordered_map<std::string_view, size_t> places;
  places.reserve(members.size());
  for (const auto& m : members) repeated |= !places.try_emplace(m.first, places.size()).second;
  if (!repeated) return;
  std::vector<Json> values(places.size());
  for (auto& m : members) values[places.at(m.first)] = std::move(m.second);
  Members kept;
  kept.reserve(values.size());
  for (auto& m : members)
    if (places.at(m.first) == kept.size())
      kept.emplace_back(m.first, std::move(values[kept.size()]));
  members.swap(kept);
}

// Receives nlohmann's parse events. Returning false ends the parse.
class TreeBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit TreeBuilder(Json& root) : root_(root) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool v) override { return put(v); }
  bool number_integer(number_integer_t v) override { return put(v); }
  bool number_unsigned(number_unsigned_t v) override { return put(v); }
  bool number_float(number_float_t v, const string_t&) override {
    return std::isfinite(v) && put(v);
  }
  bool string(string_t& v) override { return put(std::move(v)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(string_t& v) override {
    Members& members = open_.back()->get_ref<Json::object_t&>();
    members.emplace_back(std::move(v), nullptr);
    return true;
  }
  bool end_object() override {
    drop_repeated(open_.back()->get_ref<Json::object_t&>());
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool put(Json value) { return place(std::move(value)) != nullptr; }
  bool open(Json value) {
    if (open_.size() == max_json_depth) return false;
    open_.push_back(place(std::move(value)));
    return true;
  }
  Json* place(Json value) {
    Json* slot = &root_;
    if (!open_.empty() && open_.back()->is_array()) {
      auto& elements = open_.back()->get_ref<Json::array_t&>();
      slot = &elements.emplace_back();
    } else if (!open_.empty()) {
      Members& members = open_.back()->get_ref<Json::object_t&>();
      slot = &members.back().second;
    }
    *slot = std::move(value);
    return slot;
  }

  Json& root_;
  std::vector<Json*> open_;  // objects and arrays not yet closed; only the innermost one grows
};

// --- the usual way in: simdjson's tape

bool build(simdjson::dom::element from, size_t depth, Json& to) {
  using simdjson::dom::element_type;
  switch (from.type()) {
    case element_type::ARRAY: {
      if (depth == max_json_depth) return false;
      const simdjson::dom::array array(from);
      auto& elements = (to = Json::array()).get_ref<Json::array_t&>();
      elements.reserve(array.size());
      for (const auto element : array)
        if (!build(element, depth + 1, elements.emplace_back())) return false;
      return true;
    }
    case element_type::OBJECT: {
      if (depth == max_json_depth) return false;
      const simdjson::dom::object object(from);
      Members& members = (to = Json::object()).get_ref<Json::object_t&>();
      members.reserve(object.size());
      for (const auto& [name, value] : object) {
        members.emplace_back(std::string(name), nullptr);
        if (!build(value, depth + 1, members.back().second)) return false;
      }
      drop_repeated(members);
      return true;
    }
    case element_type::INT64: {
      const auto n = int64_t(from);
      to = n >= 0 ? Json(static_cast<uint64_t>(n)) : Json(n);
      return true;
    }
    case element_type::UINT64: to = uint64_t(from); return true;
    case element_type::DOUBLE: to = double(from); return std::isfinite(double(from));
    case element_type::STRING: to = std::string(std::string_view(from)); return true;
    case element_type::BOOL: to = bool(from); return true;
    case element_type::NULL_VALUE: to = nullptr; return true;
  }
  return false;
}

// False: it is for nlohmann to judge. Half surrogates and byte order marks are read in several ways.
bool parse_fast(std::string_view text, Json& root) {
  constexpr size_t kept = 256 << 10;     // bytes of a text whose memory is reused
  constexpr size_t longest = 16 << 20;   // beyond, the tape would be a burden of its own
  if (text.size() > longest || text.starts_with("\xEF\xBB\xBF")) return false;
  for (size_t at = text.find("\\u"); at != text.npos; at = text.find("\\u", at + 2))
    if (at + 2 < text.size() && (text[at + 2] | 0x20) == 'd') return false;
  thread_local simdjson::dom::parser small;
  thread_local std::string padded;
  if (text.size() <= kept) {
    padded.assign(text);
    padded.append(simdjson::SIMDJSON_PADDING, ' ');
    const auto read = small.parse(padded.data(), text.size(), false);
    return read.error() == simdjson::SUCCESS && build(read.value_unsafe(), 0, root);
  }
  simdjson::dom::parser once;
  const auto read = once.parse(text.data(), text.size(), true);
  return read.error() == simdjson::SUCCESS && build(read.value_unsafe(), 0, root);
}

// --- the way out

using Sixteen = unsigned char [[gnu::vector_size(16)]];

// Whether one of sixteen bytes may need a closer look: below 0x20, a quote, a backslash, or above `plain`.
bool may_be_special(const char* bytes, unsigned char plain) {
  Sixteen x;
  std::memcpy(&x, bytes, sizeof x);
  const auto hits = std::bit_cast<std::array<uint64_t, 2>>((x < 0x20) | (x == '"') | (x == '\\') | (x > plain));
  return (hits[0] | hits[1]) != 0;
}

void put_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out += digits[c >> 4];
  out += digits[c & 15];
}

std::string dump_slowly(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void put(std::string& out, const std::string& text) {
  const size_t begin = out.size();
  unsigned char plain = 0x7F;  // until it is known that all of it is UTF-8
  out += '"';
  size_t done = 0, at = 0;  // what lies between is copied at once
  while (at < text.size()) {
    if (at + sizeof(Sixteen) <= text.size() && !may_be_special(text.data() + at, plain)) {
      at += sizeof(Sixteen);
      continue;
    }
    const auto c = static_cast<unsigned char>(text[at]);
    if (c > plain) {
      if (!simdjson::validate_utf8(text)) {
        out.resize(begin);
        out += dump_slowly(text);
        return;
      }
      plain = 0xFF;
    }
    if (c < 0x20 || c == '"' || c == '\\') {
      out.append(text, done, at - done);
      put_escaped(out, c);
      done = at + 1;
    }
    ++at;
  }
  out.append(text, done);
  out += '"';
}

template <class Number>
void put_number(std::string& out, Number n) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
}

// As the library writes them: 0.2, 1.0, 1e+20.
void put_number(std::string& out, double n) {
  if (!std::isfinite(n)) return void(out += "null");
  char digits[64];
  out.append(digits, nlohmann::detail::to_chars(digits, digits + sizeof digits, n));
}

void put(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: {
      char before = '{';
      for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
        out += before;
        put(out, name);
        out += ':';
        put(out, member);
        before = ',';
      }
      if (before == '{') out += before;
      out += '}';
      return;
    }
    case Json::value_t::array: {
      char before = '[';
      for (const auto& element : value.get_ref<const Json::array_t&>()) {
        out += before;
        put(out, element);
        before = ',';
      }
      if (before == '[') out += before;
      out += ']';
      return;
    }
    case Json::value_t::string: return put(out, value.get_ref<const std::string&>());
    case Json::value_t::number_integer: return put_number(out, value.get<int64_t>());
    case Json::value_t::number_unsigned: return put_number(out, value.get<uint64_t>());
    case Json::value_t::number_float: return put_number(out, value.get<double>());
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::null: out += "null"; return;
    default: out += dump_slowly(value);
  }
}

// What holds nothing any more is destroyed without ado.
void take_apart(Json& tree) {
  if (auto* elements = tree.get_ptr<Json::array_t*>()) {
    for (Json& element : *elements) take_apart(element);
    elements->clear();
  } else if (auto* members = tree.get_ptr<Json::object_t*>()) {
    for (auto& [name, member] : *members) take_apart(member);
    members->clear();
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Json root;
  if (parse_fast(text, root)) return root;
  root = nullptr;
  TreeBuilder builder(root);
  // nlohmann takes a zero byte for the end of the text, so one that stands there would hide the
  // rest.
  const bool zero = text.find('\0') != text.npos;
  if (!zero && Json::sax_parse(text.begin(), text.end(), &builder)) return root;
  const JsonFault fault = find_json_fault(text).value_or(JsonFault{text.size(), "not understood"});
  return fail(
      error_at("wire.json", "this is not JSON", text, fault.offset, std::string(fault.expected)));
}

std::string dump(const Json& value) {
  std::string out;
  out.reserve(256);
  append(out, value);
  return out;
}

void append(std::string& out, const Json& value) { put(out, value); }

Tree::~Tree() { take_apart(json); }

Json object_of(std::initializer_list<Member> members, size_t more) {
  Json object = Json::object();
  Members& to = object.get_ref<Json::object_t&>();
  to.reserve(members.size() + more);
  for (const Member& m : members) to.emplace_back(m.name, std::move(m.value));
  return object;
}

const Json* find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>())
    if (name == key) return &value;
  return nullptr;
}

std::string_view string_at(const Json& object, std::string_view key) {
  const Json* member = find(object, key);
  return member && member->is_string() ? std::string_view(member->get_ref<const std::string&>())
                                       : std::string_view{};
}

int64_t int_at(const Json& object, std::string_view key, int64_t otherwise) {
  const Json* member = find(object, key);
  if (!member) return otherwise;
  if (member->is_number_unsigned()) {
    const auto n = member->get<uint64_t>();
    return n <= static_cast<uint64_t>(INT64_MAX) ? static_cast<int64_t>(n) : otherwise;
  }
  if (member->is_number_integer()) return member->get<int64_t>();
  if (member->is_number_float()) {  // 12.0 is whole; beyond 2^53 nobody knows
    const double d = member->get<double>();
    if (d == std::trunc(d) && std::fabs(d) <= 9007199254740992.0) return static_cast<int64_t>(d);
  }
  return otherwise;
}

}  // namespace twolane::wire
