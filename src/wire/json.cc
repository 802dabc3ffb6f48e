// The tree is built from nlohmann's parse events; faults are put into words by json_fault.
#include "wire/json.h"

#include <cmath>
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

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Json root;
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
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
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
