// Buckets.
#include "audit/bucket_reader.h"

#include <array>
#include <string>

#include "audit/values.h"

namespace twolane::audit {
namespace {

constexpr std::array openai_counts = {
    Field{"input_tokens", Slot::input},
    Field{"output_tokens", Slot::output},
    Field{"input_cached_tokens", Slot::cache_read},
};
constexpr std::array anthropic_counts = {
    Field{"uncached_input_tokens", Slot::input},
    Field{"output_tokens", Slot::output},
    Field{"cache_read_input_tokens", Slot::cache_read},
    Field{"cache_creation/ephemeral_5m_input_tokens", Slot::cache_write_5m},
    Field{"cache_creation/ephemeral_1h_input_tokens", Slot::cache_write_1h},
};

// A scalar's text; nothing for null, objects and arrays.
std::string_view scalar_of(ondemand::value& value) {
  ondemand::json_type type;
  std::string_view text;
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  if (type == ondemand::json_type::string) return value.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view{};
  if (type == ondemand::json_type::number || type == ondemand::json_type::boolean) return token_of(value);
  return {};
}

}  // namespace

// What a result says, until all of it was seen.
struct BucketReader::Result {
  TokenCounts counts;
  std::string key, user, team, model, line_item, currency, token_type;
  bool failed = false;

  void count(const FieldTree& tree, int node, std::string_view name, ondemand::value& value) {
    const auto* entry = tree.find(node, name);
    if (entry == nullptr) return;
    ondemand::object inner;
    ondemand::json_type type;
    if (entry->child >= 0) {
      if (value.type().get(type) == simdjson::SUCCESS && type == ondemand::json_type::object &&
          value.get_object().get(inner) == simdjson::SUCCESS)
        each_member(inner, [&](std::string_view n, ondemand::value& v) {
          count(tree, entry->child, n, v);
          return true;
        });
      return;
    }
    const auto text = scalar_of(value);
    if (text.empty()) return;
    if (const auto n = read_count(text)) counts.set(entry->slot, *n);
    else failed = true;
  }
};

FieldFault BucketReader::read_result(ondemand::object object, bool anthropic, const Bucket& frame,
                                     const std::function<void(const Bucket&)>& each) {
  static const FieldTree openai_tree(openai_counts), anthropic_tree(anthropic_counts);
  Bucket b = frame;
  Result r;
  bool bad_amount = false, is_cost = false;
  const auto amount = [&](std::string_view text) {
    is_cost = true;
    if (const auto cost = read_amount(text, anthropic)) b.cost = cost;
    else bad_amount = true;
  };
  const bool read = each_member(object, [&](std::string_view name, ondemand::value& v) {
    if (name == "api_key_id") r.key = scalar_of(v);
    else if (name == "user_id" || name == "account_id") r.user = scalar_of(v);
    else if (name == "project_id" || name == "workspace_id") r.team = scalar_of(v);
    else if (name == "model") r.model = scalar_of(v);
    else if (name == "line_item" || name == "description") r.line_item = scalar_of(v);
    else if (name == "currency") r.currency = scalar_of(v);
    else if (name == "num_model_requests") b.requests = read_count(scalar_of(v));
    else if (name == "batch") b.tier = scalar_of(v) == "true" ? std::optional(ServiceTier::batch) : b.tier;
    else if (name == "service_tier") b.tier = b.tier == ServiceTier::batch ? b.tier : read_tier(scalar_of(v));
    else if (name == "context_window") b.long_context = scalar_of(v).starts_with("200k");
    else if (name == "amount") {
      ondemand::object money;
      if (anthropic) amount(scalar_of(v));
      else if (v.get_object().get(money) == simdjson::SUCCESS)
        each_member(money, [&](std::string_view n, ondemand::value& m) {
          if (n == "value") amount(scalar_of(m));
          else if (n == "currency") r.currency = scalar_of(m);
          return true;
        });
    } else {
      r.count(anthropic ? anthropic_tree : openai_tree, FieldTree::root, name, v);
    }
    return true;
  });
  if (!read) return {"json", "not a JSON object"};
  if (r.failed) return {"tokens", "a count of tokens that is no whole number"};
  if (bad_amount) return {"cost", "a cost that is no number"};
  if (is_cost && !r.currency.empty() && r.currency != "usd" && r.currency != "USD")
    return {"currency", "a cost that is not in USD"};
  if (is_cost) b.format = anthropic ? Format::anthropic_cost : Format::openai_costs;
  b.usage = r.counts.usage(anthropic ? Cached::beside : Cached::inside);
  b.key = r.key, b.user = r.user, b.team = r.team, b.model = r.model, b.line_item = r.line_item;
  each(b);
  return {};
}

FieldFault BucketReader::read(ondemand::object object, bool anthropic,
                              const std::function<void(const Bucket&)>& each) {
  Bucket frame;
  frame.format = anthropic ? Format::anthropic_usage : Format::openai_usage;
  std::optional<Time> start, end;
  std::string_view results;
  const bool read = each_member(object, [&](std::string_view name, ondemand::value& v) {
    if (name == "start_time" || name == "starting_at") start = read_time(scalar_of(v));
    else if (name == "end_time" || name == "ending_at") end = read_time(scalar_of(v));
    else if (name == "results" || name == "result") results = raw_of(v);
    return true;
  });
  if (!read) return {"json", "not a JSON object"};
  if (!start || !end || *end < *start) return {"time", "a time that cannot be read"};
  frame.start = *start;
  frame.width = *end - *start;
  ondemand::document document;
  ondemand::array array;
  if (!open_json(results_, results, document) || document.get_array().get(array) != simdjson::SUCCESS)
    return {"json", "results are no list"};
  FieldFault fault;
  const bool all = each_element(array, [&](ondemand::value& v) {
    ondemand::object result;
    if (v.get_object().get(result) != simdjson::SUCCESS) return false;
    const auto bad = read_result(result, anthropic, frame, each);
    if (bad && !fault) fault = bad;
    return true;
  });
  return all ? fault : FieldFault{"json", "results are no list of objects"};
}

}  // namespace twolane::audit
