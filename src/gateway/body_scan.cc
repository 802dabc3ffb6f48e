// One pass over the top level of a JSON object.
#include "gateway/body_scan.h"

#include <simdjson.h>

#include "dialect/batch/call.h"

namespace twolane::gateway {
namespace {

namespace ondemand = simdjson::ondemand;
using dialect::batch::append_quoted;

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

// Where a value's token stands in the body.
void place_of(ondemand::value& value, std::string_view body, size_t& at, size_t& length) {
  const std::string_view token = value.raw_json_token();
  const size_t end = token.find_last_not_of(" \t\r\n");
  at = static_cast<size_t>(token.data() - body.data());
  length = end == token.npos ? token.size() : end + 1;
}

bool asks_for_usage(ondemand::value options) {
  ondemand::object object;
  bool b = false;
  return !options.get_object().get(object) && !object["include_usage"].get_bool().get(b) && b;
}

int64_t number(ondemand::value value, int64_t otherwise) {
  int64_t n = 0;
  return value.get_int64().get(n) ? otherwise : n;
}

// Gemini's limits stand one level down, in either of its spellings.
void read_generation_config(ondemand::value config, BodyScan& found) {
  ondemand::object object;
  if (config.get_object().get(object)) return;
  for (auto member : object) {
    std::string_view key;
    ondemand::value value;
    if (member.error() || member.unescaped_key().get(key) || member.value().get(value)) return;
    if (key == "maxOutputTokens" || key == "max_output_tokens") found.output_limit = number(value, -1);
    if (key == "candidateCount" || key == "candidate_count") found.choices = number(value, 1);
  }
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
      place_of(value, body, found.model_at, found.model_length);
      found.model = text(value);
    } else if (key == "stream") {
      found.stream = is_true(value);
    } else if (key == "background") {
      found.background = is_true(value);
    } else if (key == "service_tier" || key == "serviceTier") {
      place_of(value, body, found.tier_at, found.tier_length);
      found.service_tier = text(value);
      if (found.service_tier == "flex") found.tier = ServiceTier::flex;
      if (found.service_tier == "priority") found.tier = ServiceTier::priority;
    } else if (key == "stream_options") {
      found.has_stream_usage = asks_for_usage(value);
    } else if (key == "max_tokens" || key == "max_completion_tokens" || key == "max_output_tokens") {
      found.output_limit = number(value, -1);
    } else if (key == "n") {
      found.choices = number(value, 1);
    } else if (key == "generationConfig" || key == "generation_config") {
      read_generation_config(value, found);
    }
  }
  const char* behind = nullptr;
  if (!document.current_location().get(behind)) return no_json("something follows the object");
  return found;
}

std::string with_model(std::string_view body, const BodyScan& scan, std::string_view model) {
  return rewritten(body, scan, {model, {}, {}});
}

std::string rewritten(std::string_view body, const BodyScan& scan, const Rewrite& to) {
  std::string out;
  out.reserve(body.size() + to.model.size() + 128);
  const bool has_tier = scan.tier_length > 0;
  const bool model = !to.model.empty() && scan.model_length > 0, tier = !to.tier.empty();
  size_t done = 0;
  const auto up_to = [&](size_t at, size_t length) {
    out.append(body.substr(done, at - done));
    done = at + length;
  };
  if (tier && !has_tier) {
    up_to(scan.first_member, 0);
    append_quoted(out, to.tier_name);
    out += ':';
    append_quoted(out, to.tier);
    if (!scan.empty) out += ',';
  }
  const auto put_tier = [&] {
    up_to(scan.tier_at, scan.tier_length);
    append_quoted(out, to.tier);
  };
  const bool tier_first = has_tier && scan.tier_at < scan.model_at;
  if (tier && has_tier && tier_first) put_tier();
  if (model) {
    up_to(scan.model_at, scan.model_length);
    append_quoted(out, to.model);
  }
  if (tier && has_tier && !tier_first) put_tier();
  return out.append(body.substr(done));
}

}  // namespace twolane::gateway
