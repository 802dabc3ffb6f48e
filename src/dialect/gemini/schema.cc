// Gemini's own ways of writing schemas and tool answers, as others write them.
#include <algorithm>

#include "dialect/gemini/gemini.h"

namespace twolane::dialect::gemini {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

// "minItems": "2" is an int64 in JSON clothes.
Json number(const Json& value) {
  if (!value.is_string()) return value;
  auto parsed = wire::parse_json(value.get_ref<const std::string&>());
  return parsed && parsed->is_number() ? *parsed : value;
}

Json schemas(const Json& list) {
  Json out = Json::array();
  for (const Json& s : list) out.push_back(json_schema(s));
  return out;
}

std::string json_name(std::string_view key) {
  constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"any_of", "anyOf"},
      {"min_items", "minItems"},
      {"max_items", "maxItems"},
      {"min_length", "minLength"},
      {"max_length", "maxLength"},
      {"min_properties", "minProperties"},
      {"max_properties", "maxProperties"}};
  for (const auto& [snake, camel] : names)
    if (key == snake) return std::string(camel);
  return std::string(key);
}

}  // namespace

Json json_schema(const Json& schema) {
  if (!schema.is_object()) return schema;
  Json out = Json::object();
  bool nullable = false;
  for (const auto& [key, value] : schema.items()) {
    const std::string name = json_name(key);
    if (name == "type" && value.is_string())
      out[name] = lower(value.get<std::string>());
    else if (name == "nullable")
      nullable = value == true;
    else if (name == "propertyOrdering" || name == "property_ordering")
      continue;  // of members, not of meaning
    else if (name == "items" || name == "additionalProperties")
      out[name] = json_schema(value);
    else if (name == "anyOf" && value.is_array())
      out[name] = schemas(value);
    else if (name == "properties" && value.is_object()) {
      out[name] = Json::object();
      for (const auto& [property, inner] : value.items()) out[name][property] = json_schema(inner);
    } else if (name.starts_with("min") || name.starts_with("max"))
      out[name] = number(value);
    else
      out[name] = value;
  }
  if (nullable && out.contains("type")) out["type"] = Json::array({out["type"], "null"});
  if (nullable && out.contains("enum")) out["enum"].push_back(nullptr);
  return out;
}

namespace {

// {"output": "text"} and {"error": "text"} mean text; everything else means itself.
bool stands_for_text(const Json& response) {
  return response.is_object() && response.size() == 1 &&
         (wire::find(response, "output") || wire::find(response, "error")) &&
         response.front().is_string();
}

}  // namespace

Json response_of_text(std::string_view text, bool failed) {
  if (failed) return {{"error", text}};
  if (const size_t at = text.find_first_not_of(" \t\r\n"); at != text.npos && text[at] == '{')
    if (auto parsed = wire::parse_json(text); parsed && !stands_for_text(*parsed))
      return std::move(*parsed);
  return {{"output", text}};
}

ResponseText text_of_response(const Json& response) {
  if (response.is_null()) return {"{}", false};
  if (!stands_for_text(response)) return {wire::dump(response), false};
  return {response.front().get<std::string>(), wire::find(response, "error") != nullptr};
}

}  // namespace twolane::dialect::gemini
