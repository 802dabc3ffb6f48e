// For tests of translations: bodies as short as each dialect lets them be, and the endpoints by short names.
#pragma once

#include <string>
#include <string_view>

#include "model/endpoint.h"

namespace twolane::dialect {

inline constexpr auto chat = Endpoint::chat_completions;
inline constexpr auto responses = Endpoint::responses;
inline constexpr auto messages = Endpoint::messages;
inline constexpr auto gemini = Endpoint::generate_content;
inline constexpr auto embeddings = Endpoint::embeddings;
inline constexpr auto embed = Endpoint::embed_content;
inline constexpr auto moderations = Endpoint::moderations;

inline constexpr std::string_view sonnet = "claude-sonnet-4-5", flash = "gemini-2.5-flash",
                           mini = "gpt-5.4-mini";

inline std::string_view model_at(Endpoint e) {
  return dialect_of(e) == Dialect::openai      ? mini
         : dialect_of(e) == Dialect::anthropic ? sonnet
                                               : flash;
}

// A chat body with one user message and the members given.
inline std::string chat_with(const std::string& members) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + members + "}";
}
inline std::string responses_with(const std::string& members) {
  return R"({"model":"m","input":"hi",)" + members + "}";
}
inline std::string messages_with(const std::string& members) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}],)" + members +
         "}";
}
inline std::string gemini_with(const std::string& members) {
  return R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],)" + members + "}";
}
inline std::string chat_part(const std::string& part) {
  return R"({"model":"m","messages":[{"role":"user","content":[)" + part + "]}]}";
}
inline std::string messages_block(const std::string& block) {
  return R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":[)" + block + "]}]}";
}
inline std::string gemini_part(const std::string& part) {
  return R"({"contents":[{"role":"user","parts":[)" + part + "]}]}";
}

inline const std::string chat_tool = R"("tools":[{"type":"function","function":{"name":"f"}}])";

}  // namespace twolane::dialect
