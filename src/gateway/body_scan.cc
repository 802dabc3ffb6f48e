// One pass over the top level of a JSON object.
#include "gateway/body_scan.h"

#include <simdjson.h>

namespace twolane::gateway {
namespace {

namespace ondemand = simdjson::ondemand;

std::unexpected<Error> no_json(std::string why) {
  return fail("gateway.json", "the body is not a JSON object", std::move(why));
}

bool is_true(ondemand::value value) {
  bool b = false;
  return !value.get_bool().get(b) && b;
}

std::string_view text(ondemand::value value) {
  std::string_view s;
  return value.get_string().get(s) ? std::string_view() : s;
}

bool asks_for_usage(ondemand::value options) {
  ondemand::object object;
  bool b = false;
  return !options.get_object().get(object) && !object["include_usage"].get_bool().get(b) && b;
}

}  // namespace

Result<BodyScan> scan_body(std::string& body) {
  thread_local ondemand::parser parser;
  if (body.capacity() < body.size() + simdjson::SIMDJSON_PADDING)
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  ondemand::document document;
  ondemand::object object;
  if (const auto error = parser.iterate(body.data(), body.size(), body.capacity()).get(document))
    return no_json(simdjson::error_message(error));
  if (const auto error = document.get_object().get(object))
    return no_json(simdjson::error_message(error));
  BodyScan found;
  found.first_member = body.find('{') + 1;
  bool has_model = false;
  for (auto member : object) {
    std::string_view key;  // unescaped: another spelling of "model" is read by the provider, too
    ondemand::value value;
    if (const auto error = member.error()) return no_json(simdjson::error_message(error));
    found.empty = false;
    if (member.unescaped_key().get(key) || member.value().get(value)) return no_json("a member is broken");
    if (key == "model") {
      if (has_model) return fail("gateway.twice", "the body names its model twice");
      has_model = true;
      const std::string_view token = value.raw_json_token();
      const size_t end = token.find_last_not_of(" \t\r\n");
      found.model_at = static_cast<size_t>(token.data() - body.data());
      found.model_length = end == token.npos ? token.size() : end + 1;
      found.model = text(value);
    } else if (key == "stream") {
      found.stream = is_true(value);
    } else if (key == "background") {
      found.background = is_true(value);
    } else if (key == "service_tier" || key == "serviceTier") {
      found.service_tier = text(value);
    } else if (key == "stream_options") {
      found.has_stream_usage = asks_for_usage(value);
    }
  }
  const char* behind = nullptr;
  if (!document.current_location().get(behind)) return no_json("something follows the object");
  return found;
}

std::string with_model(std::string_view body, const BodyScan& scan, std::string_view model) {
  std::string out;
  out.reserve(body.size() + model.size() + 64);
  out.append(body.substr(0, scan.model_at)).append(1, '"');
  for (const char c : model) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out.append(1, '"').append(body.substr(scan.model_at + scan.model_length));
  return out;
}

}  // namespace twolane::gateway
