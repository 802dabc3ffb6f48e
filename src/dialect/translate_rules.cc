// What more than one provider refuses.
#include "dialect/translate_rules.h"

#include <algorithm>

#include "dialect/translate_fields.h"

namespace twolane::dialect {

Status check_function_name(const std::string& name, const std::string& path, Endpoint to) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (!name.empty() && name.size() <= 64 && std::ranges::all_of(name, plain)) return {};
  return untranslatable(path, to, "function names there are 1 to 64 of letters, digits, _ and -");
}

Status check_tool_name(const Tool& tool, Endpoint from, Endpoint to) {
  const bool nested = from == Endpoint::chat_completions;
  return check_function_name(tool.name, joined(tool.path, nested ? "function.name" : "name"), to);
}

Status check_last_turn(const ChatRequest& request, Endpoint to) {
  if (same_provider(request.from, to) || request.messages.empty()) return {};
  const Message& last = request.messages.back();
  if (last.role != Role::assistant) return {};
  return untranslatable(
      last.path, to,
      "the last message is the assistant's: one provider goes on with it, another "
      "answers it");
}

Status check_detail(const Part& part, Endpoint to) {
  const Setting& detail = part.media.detail;
  if (dialect_of(to) == Dialect::openai || !detail) return {};
  if (detail.value == "auto" || detail.value == "high") return {};
  return untranslatable(detail.path, to, "it always looks at an image in full");
}

Status check_absent(const Setting& setting, Endpoint to, const ChatJson& nothing, std::string why) {
  if (!setting || setting.value == nothing) return {};
  return untranslatable(setting.path, to, std::move(why));
}

size_t leading_system(const std::vector<Message>& messages) {
  const auto first = std::ranges::find_if(messages, [](const Message& m) {
    return m.role != Role::system && m.role != Role::developer;
  });
  return static_cast<size_t>(first - messages.begin());
}

}  // namespace twolane::dialect
