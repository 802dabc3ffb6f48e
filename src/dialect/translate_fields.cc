// Members with their paths, refusals in one wording, data URIs.
#include "dialect/translate_fields.h"

#include <algorithm>

namespace twolane::dialect {

std::string joined(std::string_view path, std::string_view key) {
  std::string out(path);
  if (!out.empty() && !key.empty()) out += '.';
  return out.append(key);
}

std::string indexed_path(std::string_view path, size_t index) {
  return std::string(path) + '[' + std::to_string(index) + ']';
}

std::unexpected<Error> untranslatable(std::string path, Endpoint to, std::string why) {
  Error e;
  e.code = "dialect.untranslatable";
  e.message = path + " cannot be said to " + std::string(name_of(dialect_of(to)));
  e.why = why.empty()
              ? std::string(wire_name(to)) + " has no word for it, and the answer depends on it"
              : std::move(why);
  e.where.field = std::move(path);
  e.next = {"remove it, or name a model of the provider it was written for"};
  return std::unexpected<Error>(std::move(e));
}

std::unexpected<Error> malformed(std::string path, std::string_view expected) {
  Error e;
  e.code = "input.field";
  e.message = path + " is not " + std::string(expected);
  e.why = "every provider refuses it";
  e.where.field = std::move(path);
  e.next = {"correct it"};
  return std::unexpected<Error>(std::move(e));
}

Fields::Fields(const Json& object, std::string path) : path_(std::move(path)) {
  if (!object.is_object()) return;
  left_.reserve(object.size());
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>())
    if (!value.is_null()) left_.emplace_back(&key, &value);
}

Fields::Member Fields::take(std::string_view key) {
  const auto at = std::ranges::find_if(left_, [&](const auto& m) { return *m.first == key; });
  if (at == left_.end()) return {};
  Member m{at->second, joined(path_, key)};
  left_.erase(at);
  return m;
}

Fields::Member Fields::take(std::string_view camel, std::string_view snake) {
  if (Member m = take(camel)) return m;
  return take(snake);
}

Setting Fields::setting(std::string_view key) {
  Member m = take(key);
  return m ? Setting{*m.value, std::move(m.path)} : Setting{};
}

Setting Fields::setting(std::string_view camel, std::string_view snake) {
  if (Setting s = setting(camel)) return s;
  return setting(snake);
}

Result<std::string> Fields::as_text(Member m) {
  if (!m) return std::string();
  if (!m.value->is_string()) return malformed(std::move(m.path), "text");
  return m.value->get<std::string>();
}

Result<std::string> Fields::text(std::string_view key) { return as_text(take(key)); }
Result<std::string> Fields::text(std::string_view camel, std::string_view snake) {
  return as_text(take(camel, snake));
}

std::vector<Native> Fields::rest(std::initializer_list<std::string_view> idle,
                                 std::string_view within) {
  std::vector<Native> out;
  for (const auto& [key, value] : left_)
    out.push_back({joined(path_, *key), *key, *value, std::string(within), !is_one_of(*key, idle)});
  left_.clear();
  return out;
}

namespace {

// The member at a dotted path ("generationConfig.thinkingConfig"), made where it is missing.
Json& place(Json& object, std::string_view within) {
  Json* at = &object;
  while (!within.empty()) {
    const size_t dot = std::min(within.find('.'), within.size());
    at = &(*at)[std::string(within.substr(0, dot))];
    within.remove_prefix(std::min(dot + 1, within.size()));
  }
  return *at;
}

}  // namespace

Status put_extra(Json& object, const std::vector<Native>& extra, bool same, Endpoint to) {
  for (const Native& n : extra) {
    if (same)
      place(object, n.within)[n.key] = n.value;
    else if (n.matters)
      return untranslatable(n.path, to);
  }
  return {};
}

void append(std::vector<Native>& to, std::vector<Native> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

bool split_data_uri(std::string_view url, std::string& mime, std::string& data) {
  if (!url.starts_with("data:")) return false;
  const size_t comma = url.find(',');
  if (comma == url.npos) return false;
  std::string_view head = url.substr(5, comma - 5);
  if (!head.ends_with(";base64")) return false;
  head.remove_suffix(7);
  mime = head.substr(0, head.find(';'));
  data = url.substr(comma + 1);
  return true;
}

std::string data_uri(std::string_view mime, std::string_view base64) {
  std::string out = "data:";
  return out.append(mime).append(";base64,").append(base64);
}

std::optional<Json> arguments_object(std::string_view arguments) {
  if (arguments.empty()) return Json::object();  // some providers write no arguments as nothing
  auto parsed = wire::parse_json(arguments);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return std::move(*parsed);
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, text) != list.end();
}

double number_of(const Json& value) { return value.is_number() ? value.get<double>() : 0; }

}  // namespace twolane::dialect
