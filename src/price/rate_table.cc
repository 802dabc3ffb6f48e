// The rates themselves, one row for each model, tier and band of prompt length, in USD per million
// tokens as the sources print them.
//
// Rows are written out rather than computed: whether a cached token is cheaper in a batch differs
// from model to model, and a row can be held against the provider's page. What a row rests on is
// its source.
#include "price/price.h"

namespace twolane::price {
namespace {

// A decimal text such as "0.075"; more than six decimals or any other character does not compile.
consteval PicoUsdPerToken per_million(const char* text) {
  int64_t value = 0;
  int decimals = -1;
  for (; *text != '\0'; ++text) {
    if (*text == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (*text < '0' || *text > '9' || decimals == 6) throw "not a price";
    value = value * 10 + (*text - '0');
    if (decimals >= 0) ++decimals;
  }
  for (int d = decimals < 0 ? 0 : decimals; d < 6; ++d) value *= 10;
  return {value};
}

struct Source {
  std::string_view text, date;
};
// Collections of the providers' price pages.
constexpr Source list = {"LiteLLM price list", "2026-08-01"};
constexpr Source newer = {"genai-prices 0.1.8", "2026-09"};
constexpr Source page = {"Gemini API price page", "2026 (spring)"};
constexpr Source promo = {"genai-prices 0.1.8; until 2026-12-31", "2026-09"};
constexpr Source promo_batch = {"Gemini price rows, third party; until 2026-12-31", "2026-09"};
// The provider's own rule applied to its standard rate.
constexpr Source half = {"LiteLLM price list; batch is half, the provider's rule", "2026-08-01"};
constexpr Source half_newer = {"genai-prices 0.1.8; batch is half, the provider's rule", "2026-09"};
constexpr Source flex_list = {"LiteLLM price list; cached is half as well", "2026-08-01"};
constexpr Source half_flex_new = {"genai-prices 0.1.8; flex is half, the provider's rule",
                                  "2026-09"};
constexpr Source double_new = {"genai-prices 0.1.8; priority is double, the provider's rule",
                               "2026-09"};
constexpr Source ghalf = {
    "batch is half, Google's rule; cached reads as in standard, the dearer reading", "2026-09"};
constexpr Source ghalf_all = {"batch is half, Google's rule", "2026-09"};
constexpr Source gflex = {"flex is half, cached reads included: Google's flex guide", "2026-09"};
constexpr Source gprio = {"LiteLLM price list; priority is 1.8 times standard", "2026-08-01"};

constexpr std::string_view openai = "openai", anthropic = "anthropic", gemini = "gemini";
using enum ServiceTier;

consteval Row row(std::string_view provider, std::string_view model, ServiceTier tier,
                  int64_t above, const char* fresh, const char* read, const char* write_5m,
                  const char* write_1h, const char* output, Source source) {
  return {provider,
          model,
          source.text,
          source.date,
          tier,
          above,
          {per_million(fresh), per_million(read), per_million(write_5m), per_million(write_1h),
           per_million(output)}};
}

// Writing to the cache costs nothing extra.
consteval Row row(std::string_view provider, std::string_view model, ServiceTier tier,
                  int64_t above, const char* fresh, const char* read, const char* output,
                  Source source) {
  return row(provider, model, tier, above, fresh, read, fresh, fresh, output, source);
}

// provider, model, tier, prompts above, fresh, cached, [written 5 min, written 1 h,] output, source
// clang-format off
constexpr Row table[] = {
  row(openai, "gpt-3.5-turbo", standard, 0, "0.5", "0.5", "1.5", list),
  row(openai, "gpt-3.5-turbo", batch, 0, "0.25", "0.25", "0.75", half),
  row(openai, "gpt-4", standard, 0, "30", "30", "60", list),
  row(openai, "gpt-4", batch, 0, "15", "15", "30", half),
  row(openai, "gpt-4-turbo", standard, 0, "10", "10", "30", list),
  row(openai, "gpt-4-turbo", batch, 0, "5", "5", "15", half),
  row(openai, "gpt-4o", standard, 0, "2.5", "1.25", "10", list),
  row(openai, "gpt-4o", batch, 0, "1.25", "1.25", "5", list),
  row(openai, "gpt-4o", priority, 0, "4.25", "2.125", "17", list),
  row(openai, "gpt-4o-2024-05-13", standard, 0, "5", "5", "15", list),
  row(openai, "gpt-4o-2024-05-13", batch, 0, "2.5", "2.5", "7.5", list),
  row(openai, "gpt-4o-2024-05-13", priority, 0, "8.75", "8.75", "26.25", list),
  row(openai, "gpt-4o-mini", standard, 0, "0.15", "0.075", "0.6", list),
  row(openai, "gpt-4o-mini", batch, 0, "0.075", "0.075", "0.3", list),
  row(openai, "gpt-4o-mini", priority, 0, "0.25", "0.125", "1", list),
  row(openai, "gpt-4.1", standard, 0, "2", "0.5", "8", list),
  row(openai, "gpt-4.1", batch, 0, "1", "1", "4", list),
  row(openai, "gpt-4.1", priority, 0, "3.5", "0.875", "14", list),
  row(openai, "gpt-4.1-mini", standard, 0, "0.4", "0.1", "1.6", list),
  row(openai, "gpt-4.1-mini", batch, 0, "0.2", "0.2", "0.8", list),
  row(openai, "gpt-4.1-mini", priority, 0, "0.7", "0.175", "2.8", list),
  row(openai, "gpt-4.1-nano", standard, 0, "0.1", "0.025", "0.4", list),
  row(openai, "gpt-4.1-nano", batch, 0, "0.05", "0.05", "0.2", list),
  row(openai, "gpt-4.1-nano", priority, 0, "0.2", "0.05", "0.8", list),
  row(openai, "gpt-5", standard, 0, "1.25", "0.125", "10", list),
  row(openai, "gpt-5", batch, 0, "0.625", "0.0625", "5", half),
  row(openai, "gpt-5", flex, 0, "0.625", "0.0625", "5", flex_list),
  row(openai, "gpt-5", priority, 0, "2.5", "0.25", "20", list),
  row(openai, "gpt-5-mini", standard, 0, "0.25", "0.025", "2", list),
  row(openai, "gpt-5-mini", batch, 0, "0.125", "0.0125", "1", half),
  row(openai, "gpt-5-mini", flex, 0, "0.125", "0.0125", "1", flex_list),
  row(openai, "gpt-5-mini", priority, 0, "0.45", "0.045", "3.6", list),
  row(openai, "gpt-5-nano", standard, 0, "0.05", "0.005", "0.4", list),
  row(openai, "gpt-5-nano", batch, 0, "0.025", "0.0025", "0.2", half),
  row(openai, "gpt-5-nano", flex, 0, "0.025", "0.0025", "0.2", flex_list),
  row(openai, "gpt-5-pro", standard, 0, "15", "15", "120", list),
  row(openai, "gpt-5-pro", batch, 0, "7.5", "7.5", "60", list),
  row(openai, "gpt-5-chat-latest", standard, 0, "1.25", "0.125", "10", list),
  row(openai, "gpt-5-codex", standard, 0, "1.25", "0.125", "10", list),
  row(openai, "gpt-5.1", standard, 0, "1.25", "0.125", "10", list),
  row(openai, "gpt-5.1", batch, 0, "0.625", "0.0625", "5", half),
  row(openai, "gpt-5.1", priority, 0, "2.5", "0.25", "20", list),
  row(openai, "gpt-5.1-chat-latest", standard, 0, "1.25", "0.125", "10", list),
  row(openai, "gpt-5.1-chat-latest", priority, 0, "2.5", "0.25", "20", list),
  row(openai, "gpt-5.1-codex", standard, 0, "1.25", "0.125", "10", list),
  row(openai, "gpt-5.1-codex", priority, 0, "2.5", "0.25", "20", list),
  row(openai, "gpt-5.1-codex-max", standard, 0, "1.25", "0.125", "10", list),
  row(openai, "gpt-5.1-codex-mini", standard, 0, "0.25", "0.025", "2", list),
  row(openai, "gpt-5.1-codex-mini", priority, 0, "0.45", "0.045", "3.6", list),
  row(openai, "gpt-5.2", standard, 0, "1.75", "0.175", "14", list),
  row(openai, "gpt-5.2", batch, 0, "0.875", "0.0875", "7", half),
  row(openai, "gpt-5.2", priority, 0, "3.5", "0.35", "28", list),
  row(openai, "gpt-5.2-pro", standard, 0, "21", "21", "168", list),
  row(openai, "gpt-5.2-pro", batch, 0, "10.5", "10.5", "84", half),
  row(openai, "gpt-5.2-chat-latest", standard, 0, "1.75", "0.175", "14", list),
  row(openai, "gpt-5.2-chat-latest", priority, 0, "3.5", "0.35", "28", list),
  row(openai, "gpt-5.2-codex", standard, 0, "1.75", "0.175", "14", list),
  row(openai, "gpt-5.2-codex", priority, 0, "3.5", "0.35", "28", list),
  row(openai, "gpt-5.3-chat-latest", standard, 0, "1.75", "0.175", "14", list),
  row(openai, "gpt-5.3-chat-latest", priority, 0, "3.5", "0.35", "28", list),
  row(openai, "gpt-5.3-codex", standard, 0, "1.75", "0.175", "14", list),
  row(openai, "gpt-5.3-codex", priority, 0, "3.5", "0.35", "28", list),
  row(openai, "gpt-5.4", standard, 0, "2.5", "0.25", "15", list),
  row(openai, "gpt-5.4", standard, 272000, "5", "0.5", "22.5", list),
  row(openai, "gpt-5.4", batch, 0, "1.25", "0.125", "7.5", list),
  row(openai, "gpt-5.4", batch, 272000, "2.5", "0.25", "11.25", list),
  row(openai, "gpt-5.4", flex, 0, "1.25", "0.125", "7.5", flex_list),
  row(openai, "gpt-5.4", flex, 272000, "2.5", "0.25", "11.25", flex_list),
  row(openai, "gpt-5.4", priority, 0, "5", "0.5", "30", list),
  row(openai, "gpt-5.4-mini", standard, 0, "0.75", "0.075", "4.5", list),
  row(openai, "gpt-5.4-mini", batch, 0, "0.375", "0.0375", "2.25", list),
  row(openai, "gpt-5.4-mini", flex, 0, "0.375", "0.0375", "2.25", flex_list),
  row(openai, "gpt-5.4-mini", priority, 0, "1.5", "0.15", "9", list),
  row(openai, "gpt-5.4-nano", standard, 0, "0.2", "0.02", "1.25", list),
  row(openai, "gpt-5.4-nano", batch, 0, "0.1", "0.01", "0.625", list),
  row(openai, "gpt-5.4-nano", flex, 0, "0.1", "0.01", "0.625", flex_list),
  row(openai, "gpt-5.4-pro", standard, 0, "30", "30", "180", list),
  row(openai, "gpt-5.4-pro", standard, 272000, "60", "60", "270", list),
  row(openai, "gpt-5.4-pro", batch, 0, "15", "15", "90", list),
  row(openai, "gpt-5.4-pro", batch, 272000, "30", "30", "135", list),
  row(openai, "gpt-5.4-pro", flex, 0, "15", "15", "90", flex_list),
  row(openai, "gpt-5.4-pro", flex, 272000, "30", "30", "135", flex_list),
  row(openai, "gpt-5.5", standard, 0, "5", "0.5", "30", list),
  row(openai, "gpt-5.5", standard, 272000, "10", "1", "45", list),
  row(openai, "gpt-5.5", batch, 0, "2.5", "0.25", "15", list),
  row(openai, "gpt-5.5", batch, 272000, "5", "0.5", "22.5", list),
  row(openai, "gpt-5.5", flex, 0, "2.5", "0.25", "15", flex_list),
  row(openai, "gpt-5.5", flex, 272000, "5", "0.5", "22.5", flex_list),
  row(openai, "gpt-5.5", priority, 0, "10", "1", "60", list),
  row(openai, "gpt-5.5-pro", standard, 0, "30", "30", "180", list),
  row(openai, "gpt-5.5-pro", standard, 272000, "60", "60", "270", list),
  row(openai, "gpt-5.5-pro", batch, 0, "15", "15", "90", list),
  row(openai, "gpt-5.5-pro", batch, 272000, "30", "30", "135", list),
  row(openai, "gpt-5.5-pro", flex, 0, "15", "15", "90", flex_list),
  row(openai, "gpt-5.5-pro", flex, 272000, "30", "30", "135", flex_list),
  row(openai, "gpt-5.6", standard, 0, "4", "0.4", "5", "5", "20", newer),
  row(openai, "gpt-5.6", standard, 272000, "8", "0.8", "10", "10", "30", newer),
  row(openai, "gpt-5.6", batch, 0, "2", "0.2", "2.5", "2.5", "10", half_newer),
  row(openai, "gpt-5.6", batch, 272000, "4", "0.4", "5", "5", "15", half_newer),
  row(openai, "gpt-5.6", flex, 0, "2", "0.2", "2.5", "2.5", "10", half_flex_new),
  row(openai, "gpt-5.6", flex, 272000, "4", "0.4", "5", "5", "15", half_flex_new),
  row(openai, "gpt-5.6", priority, 0, "8", "0.8", "10", "10", "40", double_new),
  row(openai, "gpt-5.6-sol", standard, 0, "4", "0.4", "5", "5", "20", newer),
  row(openai, "gpt-5.6-sol", standard, 272000, "8", "0.8", "10", "10", "30", newer),
  row(openai, "gpt-5.6-sol", batch, 0, "2", "0.2", "2.5", "2.5", "10", half_newer),
  row(openai, "gpt-5.6-sol", batch, 272000, "4", "0.4", "5", "5", "15", half_newer),
  row(openai, "gpt-5.6-sol", flex, 0, "2", "0.2", "2.5", "2.5", "10", half_flex_new),
  row(openai, "gpt-5.6-sol", flex, 272000, "4", "0.4", "5", "5", "15", half_flex_new),
  row(openai, "gpt-5.6-sol", priority, 0, "8", "0.8", "10", "10", "40", double_new),
  row(openai, "gpt-5.6-terra", standard, 0, "2", "0.2", "2.5", "2.5", "12", list),
  row(openai, "gpt-5.6-terra", standard, 272000, "4", "0.4", "5", "5", "18", list),
  row(openai, "gpt-5.6-terra", batch, 0, "1", "0.1", "1.25", "1.25", "6", list),
  row(openai, "gpt-5.6-terra", batch, 272000, "2", "0.2", "2.5", "2.5", "9", list),
  row(openai, "gpt-5.6-terra", flex, 0, "1", "0.1", "1.25", "1.25", "6", flex_list),
  row(openai, "gpt-5.6-terra", flex, 272000, "2", "0.2", "2.5", "2.5", "9", flex_list),
  row(openai, "gpt-5.6-terra", priority, 0, "4", "0.4", "5", "5", "24", list),
  row(openai, "gpt-5.6-luna", standard, 0, "0.2", "0.02", "0.25", "0.25", "1.2", list),
  row(openai, "gpt-5.6-luna", standard, 272000, "0.4", "0.04", "0.5", "0.5", "1.8", list),
  row(openai, "gpt-5.6-luna", batch, 0, "0.1", "0.01", "0.125", "0.125", "0.6", list),
  row(openai, "gpt-5.6-luna", batch, 272000, "0.2", "0.02", "0.25", "0.25", "0.9", list),
  row(openai, "gpt-5.6-luna", flex, 0, "0.1", "0.01", "0.125", "0.125", "0.6", flex_list),
  row(openai, "gpt-5.6-luna", flex, 272000, "0.2", "0.02", "0.25", "0.25", "0.9", flex_list),
  row(openai, "gpt-5.6-luna", priority, 0, "0.4", "0.04", "0.5", "0.5", "2.4", list),
  row(openai, "o1", standard, 0, "15", "7.5", "60", list),
  row(openai, "o1", batch, 0, "7.5", "7.5", "30", half),
  row(openai, "o1-pro", standard, 0, "150", "150", "600", list),
  row(openai, "o1-pro", batch, 0, "75", "75", "300", list),
  row(openai, "o3", standard, 0, "2", "0.5", "8", list),
  row(openai, "o3", batch, 0, "1", "1", "4", half),
  row(openai, "o3", flex, 0, "1", "0.25", "4", flex_list),
  row(openai, "o3", priority, 0, "3.5", "0.875", "14", list),
  row(openai, "o3-mini", standard, 0, "1.1", "0.55", "4.4", list),
  row(openai, "o3-mini", batch, 0, "0.55", "0.55", "2.2", half),
  row(openai, "o3-pro", standard, 0, "20", "20", "80", list),
  row(openai, "o3-pro", batch, 0, "10", "10", "40", list),
  row(openai, "o4-mini", standard, 0, "1.1", "0.275", "4.4", list),
  row(openai, "o4-mini", batch, 0, "0.55", "0.55", "2.2", half),
  row(openai, "o4-mini", flex, 0, "0.55", "0.1375", "2.2", flex_list),
  row(openai, "o4-mini", priority, 0, "2", "0.5", "8", list),
  row(openai, "text-embedding-3-small", standard, 0, "0.02", "0.02", "0", list),
  row(openai, "text-embedding-3-small", batch, 0, "0.01", "0.01", "0", list),
  row(openai, "text-embedding-3-large", standard, 0, "0.13", "0.13", "0", list),
  row(openai, "text-embedding-3-large", batch, 0, "0.065", "0.065", "0", list),
  row(openai, "text-embedding-ada-002", standard, 0, "0.1", "0.1", "0", list),
  row(openai, "text-embedding-ada-002", batch, 0, "0.05", "0.05", "0", half),
  row(openai, "omni-moderation-latest", standard, 0, "0", "0", "0", list),
  row(openai, "omni-moderation-latest", batch, 0, "0", "0", "0", list),
  row(openai, "omni-moderation-2024-09-26", standard, 0, "0", "0", "0", list),
  row(openai, "omni-moderation-2024-09-26", batch, 0, "0", "0", "0", list),

  row(anthropic, "claude-haiku-4-5", standard, 0, "1", "0.1", "1.25", "2", "5", list),
  row(anthropic, "claude-haiku-4-5", batch, 0, "0.5", "0.05", "0.625", "1", "2.5", half),
  row(anthropic, "claude-sonnet-4-0", standard, 0, "3", "0.3", "3.75", "6", "15", list),
  row(anthropic, "claude-sonnet-4-0", standard, 200000, "6", "0.6", "7.5", "12", "22.5", list),
  row(anthropic, "claude-sonnet-4-0", batch, 0, "1.5", "0.15", "1.875", "3", "7.5", half),
  row(anthropic, "claude-sonnet-4-0", batch, 200000, "3", "0.3", "3.75", "6", "11.25", half),
  row(anthropic, "claude-sonnet-4-20250514", standard, 0, "3", "0.3", "3.75", "6", "15", list),
  row(anthropic, "claude-sonnet-4-20250514", standard, 200000, "6", "0.6", "7.5", "12", "22.5", list),
  row(anthropic, "claude-sonnet-4-20250514", batch, 0, "1.5", "0.15", "1.875", "3", "7.5", half),
  row(anthropic, "claude-sonnet-4-20250514", batch, 200000, "3", "0.3", "3.75", "6", "11.25", half),
  row(anthropic, "claude-sonnet-4-5", standard, 0, "3", "0.3", "3.75", "6", "15", list),
  row(anthropic, "claude-sonnet-4-5", standard, 200000, "6", "0.6", "7.5", "12", "22.5", list),
  row(anthropic, "claude-sonnet-4-5", batch, 0, "1.5", "0.15", "1.875", "3", "7.5", half),
  row(anthropic, "claude-sonnet-4-5", batch, 200000, "3", "0.3", "3.75", "6", "11.25", half),
  row(anthropic, "claude-sonnet-4-6", standard, 0, "3", "0.3", "3.75", "6", "15", list),
  row(anthropic, "claude-sonnet-4-6", batch, 0, "1.5", "0.15", "1.875", "3", "7.5", half),
  row(anthropic, "claude-sonnet-5", standard, 0, "2", "0.2", "2.5", "4", "10", list),
  row(anthropic, "claude-sonnet-5", batch, 0, "1", "0.1", "1.25", "2", "5", half),
  row(anthropic, "claude-opus-4-0", standard, 0, "15", "1.5", "18.75", "30", "75", newer),
  row(anthropic, "claude-opus-4-0", batch, 0, "7.5", "0.75", "9.375", "15", "37.5", half_newer),
  row(anthropic, "claude-opus-4-20250514", standard, 0, "15", "1.5", "18.75", "30", "75", list),
  row(anthropic, "claude-opus-4-20250514", batch, 0, "7.5", "0.75", "9.375", "15", "37.5", half),
  row(anthropic, "claude-opus-4-1", standard, 0, "15", "1.5", "18.75", "30", "75", list),
  row(anthropic, "claude-opus-4-1", batch, 0, "7.5", "0.75", "9.375", "15", "37.5", half),
  row(anthropic, "claude-opus-4-5", standard, 0, "5", "0.5", "6.25", "10", "25", list),
  row(anthropic, "claude-opus-4-5", batch, 0, "2.5", "0.25", "3.125", "5", "12.5", half),
  row(anthropic, "claude-opus-4-6", standard, 0, "5", "0.5", "6.25", "10", "25", list),
  row(anthropic, "claude-opus-4-6", batch, 0, "2.5", "0.25", "3.125", "5", "12.5", half),
  row(anthropic, "claude-opus-4-7", standard, 0, "5", "0.5", "6.25", "10", "25", list),
  row(anthropic, "claude-opus-4-7", batch, 0, "2.5", "0.25", "3.125", "5", "12.5", half),
  row(anthropic, "claude-opus-4-8", standard, 0, "5", "0.5", "6.25", "10", "25", list),
  row(anthropic, "claude-opus-4-8", batch, 0, "2.5", "0.25", "3.125", "5", "12.5", half),
  row(anthropic, "claude-opus-5", standard, 0, "5", "0.5", "6.25", "10", "25", list),
  row(anthropic, "claude-opus-5", batch, 0, "2.5", "0.25", "3.125", "5", "12.5", half),
  row(anthropic, "claude-opus-5-5", standard, 0, "4", "0.2", "5", "8", "20", newer),
  row(anthropic, "claude-opus-5-5", batch, 0, "2", "0.1", "2.5", "4", "10", half_newer),
  row(anthropic, "claude-fable-5", standard, 0, "10", "1", "12.5", "20", "50", list),
  row(anthropic, "claude-fable-5", batch, 0, "5", "0.5", "6.25", "10", "25", half),
  row(anthropic, "claude-fable-5-1", standard, 0, "10", "0.25", "12.5", "20", "50", newer),
  row(anthropic, "claude-fable-5-1", batch, 0, "5", "0.125", "6.25", "10", "25", half_newer),

  row(gemini, "gemini-2.0-flash", standard, 0, "0.1", "0.025", "0.4", list),
  row(gemini, "gemini-2.0-flash", batch, 0, "0.05", "0.025", "0.2", ghalf),
  row(gemini, "gemini-2.0-flash-lite", standard, 0, "0.075", "0.01875", "0.3", list),
  row(gemini, "gemini-2.0-flash-lite", batch, 0, "0.0375", "0.01875", "0.15", ghalf),
  row(gemini, "gemini-2.5-pro", standard, 0, "1.25", "0.125", "10", list),
  row(gemini, "gemini-2.5-pro", standard, 200000, "2.5", "0.25", "15", list),
  row(gemini, "gemini-2.5-pro", batch, 0, "0.625", "0.125", "5", page),
  row(gemini, "gemini-2.5-pro", batch, 200000, "1.25", "0.25", "7.5", page),
  row(gemini, "gemini-2.5-pro", flex, 0, "0.625", "0.0625", "5", gflex),
  row(gemini, "gemini-2.5-pro", flex, 200000, "1.25", "0.125", "7.5", gflex),
  row(gemini, "gemini-2.5-flash", standard, 0, "0.3", "0.03", "2.5", list),
  row(gemini, "gemini-2.5-flash", batch, 0, "0.15", "0.03", "1.25", page),
  row(gemini, "gemini-2.5-flash", flex, 0, "0.15", "0.015", "1.25", gflex),
  row(gemini, "gemini-2.5-flash-lite", standard, 0, "0.1", "0.01", "0.4", list),
  row(gemini, "gemini-2.5-flash-lite", batch, 0, "0.05", "0.01", "0.2", page),
  row(gemini, "gemini-2.5-flash-lite", flex, 0, "0.05", "0.005", "0.2", gflex),
  row(gemini, "gemini-3-pro-preview", standard, 0, "2", "0.2", "12", list),
  row(gemini, "gemini-3-pro-preview", standard, 200000, "4", "0.4", "18", list),
  row(gemini, "gemini-3-pro-preview", batch, 0, "1", "0.2", "6", page),
  row(gemini, "gemini-3-pro-preview", batch, 200000, "2", "0.4", "9", page),
  row(gemini, "gemini-3-pro-preview", flex, 0, "1", "0.1", "6", gflex),
  row(gemini, "gemini-3-pro-preview", flex, 200000, "2", "0.2", "9", gflex),
  row(gemini, "gemini-3-pro-preview", priority, 0, "3.6", "0.36", "21.6", gprio),
  row(gemini, "gemini-3-pro-preview", priority, 200000, "7.2", "0.72", "32.4", gprio),
  row(gemini, "gemini-3.1-pro-preview", standard, 0, "2", "0.2", "12", list),
  row(gemini, "gemini-3.1-pro-preview", standard, 200000, "4", "0.4", "18", list),
  row(gemini, "gemini-3.1-pro-preview", batch, 0, "1", "0.2", "6", page),
  row(gemini, "gemini-3.1-pro-preview", batch, 200000, "2", "0.4", "9", page),
  row(gemini, "gemini-3.1-pro-preview", flex, 0, "1", "0.1", "6", gflex),
  row(gemini, "gemini-3.1-pro-preview", flex, 200000, "2", "0.2", "9", gflex),
  row(gemini, "gemini-3.1-pro-preview", priority, 0, "3.6", "0.36", "21.6", gprio),
  row(gemini, "gemini-3.1-pro-preview", priority, 200000, "7.2", "0.72", "32.4", gprio),
  row(gemini, "gemini-3-flash-preview", standard, 0, "0.5", "0.05", "3", list),
  row(gemini, "gemini-3-flash-preview", batch, 0, "0.25", "0.05", "1.5", page),
  row(gemini, "gemini-3-flash-preview", flex, 0, "0.25", "0.025", "1.5", gflex),
  row(gemini, "gemini-3-flash-preview", priority, 0, "0.9", "0.09", "5.4", gprio),
  row(gemini, "gemini-3.1-flash-lite", standard, 0, "0.25", "0.025", "1.5", list),
  row(gemini, "gemini-3.1-flash-lite", batch, 0, "0.125", "0.0125", "0.75", page),
  row(gemini, "gemini-3.1-flash-lite", flex, 0, "0.125", "0.0125", "0.75", gflex),
  row(gemini, "gemini-3.1-flash-lite", priority, 0, "0.45", "0.045", "2.7", gprio),
  row(gemini, "gemini-3.1-flash-lite-preview", standard, 0, "0.25", "0.025", "1.5", list),
  row(gemini, "gemini-3.1-flash-lite-preview", batch, 0, "0.125", "0.0125", "0.75", page),
  row(gemini, "gemini-3.1-flash-lite-preview", flex, 0, "0.125", "0.0125", "0.75", gflex),
  row(gemini, "gemini-3.5-flash", standard, 0, "1.5", "0.15", "9", list),
  row(gemini, "gemini-3.5-flash", batch, 0, "0.75", "0.15", "4.5", ghalf),
  row(gemini, "gemini-3.5-flash", flex, 0, "0.75", "0.075", "4.5", gflex),
  row(gemini, "gemini-3.5-flash", priority, 0, "2.7", "0.27", "16.2", gprio),
  row(gemini, "gemini-3.5-flash-lite", standard, 0, "0.3", "0.03", "2.5", list),
  row(gemini, "gemini-3.5-flash-lite", batch, 0, "0.15", "0.015", "1.25", ghalf_all),
  row(gemini, "gemini-3.5-flash-lite", flex, 0, "0.15", "0.015", "1.25", gflex),
  row(gemini, "gemini-3.5-flash-lite", priority, 0, "0.54", "0.054", "4.5", gprio),
  row(gemini, "gemini-3.6-flash", standard, 0, "0.75", "0.075", "3.75", promo),
  row(gemini, "gemini-3.6-flash", batch, 0, "0.375", "0.0375", "1.875", promo_batch),
  row(gemini, "gemini-3.6-flash", flex, 0, "0.375", "0.0375", "1.875", gflex),
  row(gemini, "gemini-3.6-flash", priority, 0, "1.35", "0.135", "6.75", gprio),
  row(gemini, "gemini-3.7-flash", standard, 0, "0.75", "0.075", "3.75", promo),
  row(gemini, "gemini-3.7-flash", batch, 0, "0.375", "0.0375", "1.875", promo_batch),
  row(gemini, "gemini-3.7-flash", flex, 0, "0.375", "0.0375", "1.875", gflex),
  row(gemini, "gemini-3.7-flash", priority, 0, "1.35", "0.135", "6.75", gprio),
  row(gemini, "gemini-embedding-001", standard, 0, "0.15", "0.15", "0", list),
  row(gemini, "gemini-embedding-001", batch, 0, "0.075", "0.075", "0", page),
  row(gemini, "gemini-embedding-2", standard, 0, "0.2", "0.2", "0", list),
  row(gemini, "gemini-embedding-2", batch, 0, "0.1", "0.1", "0", ghalf_all),
  row(gemini, "gemini-embedding-2-preview", standard, 0, "0.2", "0.2", "0", list),
  row(gemini, "gemini-embedding-2-preview", batch, 0, "0.1", "0.1", "0", ghalf_all),
};
// clang-format on

}  // namespace

std::span<const Row> rows() { return table; }

}  // namespace twolane::price
