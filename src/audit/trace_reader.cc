// Public traces.
#include "audit/trace_reader.h"

#include <algorithm>
#include <array>

#include "audit/hash.h"
#include "audit/values.h"

namespace twolane::audit {
namespace {

constexpr FieldFault bad_ids{"ids", "hash_ids that are no list of numbers"};
constexpr Duration servegen_window = seconds(600);

uint64_t chained(uint64_t chain, int64_t id) {
  return hash_text({reinterpret_cast<const char*>(&id), sizeof id}, chain);
}

bool read_ids(ondemand::value& value, std::vector<uint64_t>& ids) {
  ondemand::array array;
  bool good = true;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  const bool read = each_element(array, [&](ondemand::value& v) {
    uint64_t id = 0;
    good = v.get_uint64().get(id) == simdjson::SUCCESS;
    if (good) ids.push_back(id);
    return good;
  });
  return read && good;
}

}  // namespace

FieldFault read_mooncake_ids(ondemand::value& value, std::vector<uint64_t>& ids) {
  ids.clear();
  return read_ids(value, ids) ? FieldFault{} : bad_ids;
}

void put_mooncake_blocks(std::span<const uint64_t> ids, int64_t input, std::vector<PrefixBlock>& blocks) {
  for (const uint64_t id : ids) {
    const auto tokens = static_cast<int32_t>(std::clamp<int64_t>(input, 0, mooncake_block));
    blocks.push_back({chained(0, static_cast<int64_t>(id)), tokens});
    input -= tokens;
  }
}

FieldFault read_ragpulse_ids(ondemand::value& value, const Lengths& lengths, std::vector<PrefixBlock>& blocks) {
  // As they stand in the prompt: ../shared/data/README.md, "Prefix reuse".
  constexpr std::array order = {std::string_view("sys_prompt"), std::string_view("passages_ids"),
                                std::string_view("history"), std::string_view("web_search"),
                                std::string_view("user_input")};
  std::array<std::vector<uint64_t>, order.size()> parts;
  ondemand::object object;
  bool good = true;
  if (value.get_object().get(object) != simdjson::SUCCESS) return bad_ids;
  const bool read = each_member(object, [&](std::string_view name, ondemand::value& v) {
    const auto found = std::find(order.begin(), order.end(), name);
    if (found != order.end()) good = read_ids(v, parts[static_cast<size_t>(found - order.begin())]) && good;
    return true;
  });
  if (!read || !good) return bad_ids;
  uint64_t chain = 0;
  for (const auto& part : parts)
    for (const uint64_t id : part) {
      const auto tokens = lengths.of(static_cast<int64_t>(id));
      if (!tokens) {
        blocks.clear();
        return {};
      }
      chain = chained(chain, static_cast<int64_t>(id));
      blocks.push_back({chain, *tokens});
    }
  return {};
}

FieldFault read_length(ondemand::object object, Lengths& lengths) {
  std::optional<int64_t> id, tokens;
  const bool read = each_member(object, [&](std::string_view name, ondemand::value& v) {
    int64_t n = 0;
    if (v.get_int64().get(n) != simdjson::SUCCESS) return true;
    (name == "token_length" ? tokens : id) = n;
    return true;
  });
  if (!read) return {"json", "not a JSON object"};
  if (!id || !tokens || *tokens < 0 || *tokens > INT32_MAX) return {"tokens", "a piece without id or length"};
  lengths.put(*id, static_cast<int32_t>(*tokens));
  return {};
}

FieldFault read_servegen(std::string_view client, std::string_view start_s, std::string_view rate, Bucket& b) {
  const auto start = read_scaled(start_s, 1000);
  const auto requests = read_scaled(rate, servegen_window.ms / 1000);
  if (!start || *start < 0) return {"time", "a time that cannot be read"};
  if (!requests || *requests < 0) return {"rate", "a rate that is no number"};
  b = Bucket{};
  b.format = Format::servegen;
  b.start = Time{*start};
  b.width = servegen_window;
  b.clock_from_zero = true;
  b.user = client;
  b.requests = *requests;  // rates times 600 s are whole numbers: they were counts
  return {};
}

}  // namespace twolane::audit
