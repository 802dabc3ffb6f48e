// What a model needs to be known for; facts from the providers' model pages by way of the LiteLLM
// list of 2026-08-01, newer ones from genai-prices 0.1.8 of 2026-09. Prices are in
// price/book.prices.
#include "dialect/catalogue.h"

namespace twolane::dialect {
namespace {

constexpr std::string_view openai = "openai", anthropic = "anthropic", gemini = "gemini";
using enum Operation;

// provider, name, operation, output limit, reasoning, flex
// clang-format off
constexpr ModelEntry table[] = {
  {openai, "gpt-3.5-turbo", chat, 4096, false, false},
  {openai, "gpt-4", chat, 8192, false, false},
  {openai, "gpt-4-turbo", chat, 4096, false, false},
  {openai, "gpt-4o", chat, 16384, false, false},
  {openai, "gpt-4o-2024-05-13", chat, 4096, false, false},
  {openai, "gpt-4o-mini", chat, 16384, false, false},
  {openai, "gpt-4.1", chat, 32768, false, false},
  {openai, "gpt-4.1-mini", chat, 32768, false, false},
  {openai, "gpt-4.1-nano", chat, 32768, false, false},
  {openai, "gpt-5", chat, 128000, true, true},
  {openai, "gpt-5-mini", chat, 128000, true, true},
  {openai, "gpt-5-nano", chat, 128000, true, true},
  {openai, "gpt-5-pro", chat, 128000, true, false},
  {openai, "gpt-5-chat-latest", chat, 16384, false, false},
  {openai, "gpt-5-codex", chat, 128000, true, false},
  {openai, "gpt-5.1", chat, 128000, true, false},
  {openai, "gpt-5.1-chat-latest", chat, 16384, true, false},
  {openai, "gpt-5.1-codex", chat, 128000, true, false},
  {openai, "gpt-5.1-codex-max", chat, 128000, true, false},
  {openai, "gpt-5.1-codex-mini", chat, 128000, true, false},
  {openai, "gpt-5.2", chat, 128000, true, false},
  {openai, "gpt-5.2-pro", chat, 128000, true, false},
  {openai, "gpt-5.2-chat-latest", chat, 16384, true, false},
  {openai, "gpt-5.2-codex", chat, 128000, true, false},
  {openai, "gpt-5.3-chat-latest", chat, 16384, true, false},
  {openai, "gpt-5.3-codex", chat, 128000, true, false},
  {openai, "gpt-5.4", chat, 128000, true, true},
  {openai, "gpt-5.4-mini", chat, 128000, true, true},
  {openai, "gpt-5.4-nano", chat, 128000, true, true},
  {openai, "gpt-5.4-pro", chat, 128000, true, true},
  {openai, "gpt-5.5", chat, 128000, true, true},
  {openai, "gpt-5.5-pro", chat, 128000, true, true},
  {openai, "gpt-5.6", chat, 128000, true, true},
  {openai, "gpt-5.6-sol", chat, 128000, true, true},
  {openai, "gpt-5.6-terra", chat, 128000, true, true},
  {openai, "gpt-5.6-luna", chat, 128000, true, true},
  {openai, "o1", chat, 100000, true, false},
  {openai, "o1-pro", chat, 100000, true, false},
  {openai, "o3", chat, 100000, true, true},
  {openai, "o3-mini", chat, 100000, true, false},
  {openai, "o3-pro", chat, 100000, true, false},
  {openai, "o4-mini", chat, 100000, true, true},
  {openai, "text-embedding-3-small", embedding, 0, false, false},
  {openai, "text-embedding-3-large", embedding, 0, false, false},
  {openai, "text-embedding-ada-002", embedding, 0, false, false},
  {openai, "omni-moderation-latest", moderation, 0, false, false},
  {openai, "omni-moderation-2024-09-26", moderation, 0, false, false},

  {anthropic, "claude-haiku-4-5", chat, 64000, false, false},
  {anthropic, "claude-sonnet-4-0", chat, 64000, false, false},
  {anthropic, "claude-sonnet-4-20250514", chat, 64000, false, false},
  {anthropic, "claude-sonnet-4-5", chat, 64000, false, false},
  {anthropic, "claude-sonnet-4-6", chat, 64000, false, false},
  {anthropic, "claude-sonnet-5", chat, 128000, false, false},
  {anthropic, "claude-opus-4-0", chat, 32000, false, false},
  {anthropic, "claude-opus-4-20250514", chat, 32000, false, false},
  {anthropic, "claude-opus-4-1", chat, 32000, false, false},
  {anthropic, "claude-opus-4-5", chat, 64000, false, false},
  {anthropic, "claude-opus-4-6", chat, 128000, false, false},
  {anthropic, "claude-opus-4-7", chat, 128000, false, false},
  {anthropic, "claude-opus-4-8", chat, 128000, false, false},
  {anthropic, "claude-opus-5", chat, 128000, false, false},
  {anthropic, "claude-opus-5-5", chat, 128000, false, false},
  {anthropic, "claude-fable-5", chat, 128000, false, false},
  {anthropic, "claude-fable-5-1", chat, 128000, false, false},

  {gemini, "gemini-2.0-flash", chat, 8192, false, false},
  {gemini, "gemini-2.0-flash-lite", chat, 8192, false, false},
  {gemini, "gemini-2.5-pro", chat, 65536, true, true},
  {gemini, "gemini-2.5-flash", chat, 65536, true, true},
  {gemini, "gemini-2.5-flash-lite", chat, 65536, false, true},
  {gemini, "gemini-3-pro-preview", chat, 65536, true, true},
  {gemini, "gemini-3.1-pro-preview", chat, 65536, true, true},
  {gemini, "gemini-3-flash-preview", chat, 65536, true, true},
  {gemini, "gemini-3.1-flash-lite", chat, 65536, true, true},
  {gemini, "gemini-3.1-flash-lite-preview", chat, 65536, true, true},
  {gemini, "gemini-3.5-flash", chat, 65536, true, true},
  {gemini, "gemini-3.5-flash-lite", chat, 65536, true, true},
  {gemini, "gemini-3.6-flash", chat, 65536, true, true},
  {gemini, "gemini-3.7-flash", chat, 65536, true, true},
  {gemini, "gemini-embedding-001", embedding, 0, false, false},
  {gemini, "gemini-embedding-2", embedding, 0, false, false},
  {gemini, "gemini-embedding-2-preview", embedding, 0, false, false},
};
// clang-format on

}  // namespace

std::span<const ModelEntry> models() { return table; }

}  // namespace twolane::dialect
