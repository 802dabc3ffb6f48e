// The table of batch APIs, and the names by which requests travel in them.
#include "dialect/batch_api.h"

#include <charconv>

#include "dialect/batch/apis.h"

namespace twolane::dialect {

std::string custom_id_of(std::string_view token, int32_t position) {
  char digits[12];
  auto [end, ec] = std::to_chars(digits, digits + sizeof digits, position);
  std::string id;
  id.reserve(token.size() + 1 + static_cast<size_t>(end - digits));
  id += token;
  id += '-';
  id.append(digits, end);
  return id;
}

std::optional<CustomId> parse_custom_id(std::string_view custom_id) {
  size_t dash = custom_id.find('-');
  if (dash == custom_id.npos || dash == 0 || dash > 32) return std::nullopt;
  CustomId id{custom_id.substr(0, dash), 0};
  for (char c : id.token)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return std::nullopt;
  std::string_view digits = custom_id.substr(dash + 1);
  if (digits.empty() || digits[0] == '-' || (digits[0] == '0' && digits.size() > 1))
    return std::nullopt;
  auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), id.position);
  if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return id;
}

const BatchApi& batch_api(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai:
      break;
    case Dialect::anthropic:
      return batch::anthropic_api;
    case Dialect::gemini:
      return batch::gemini_api;
  }
  return batch::openai_api;
}

}  // namespace twolane::dialect
