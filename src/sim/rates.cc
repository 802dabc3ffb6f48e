// The table, in the decimals of the price lists, and its arithmetic in integers.

#include "sim/rates.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>
#include <vector>

namespace twolane::sim {
namespace {

enum : unsigned {
  reasons = 1,
  may_reason = 2,
  flex = 4,
  no_batch_cache = 8,
  standard_batch_cache = 16,
  writes = 32,
  embeds = 64,
  moderates = 128,
  modern = 256 /* refuses max_tokens */,
  half_or_standard = 512 /* batch reads halved; the guide says standard */,
  standard_or_half = 1024 /* batch reads at the standard rate; others say halved */,
  introduced = 2048 /* half price until the end of 2026 */,
};

struct Row {
  Provider provider;
  std::string_view name, snapshot;
  const char *in, *cached, *out;  // USD per million tokens; "" where nothing is cached
  int64_t context, most_output, band;
  unsigned traits;
  const char *priority_in = "", *priority_cached = "", *priority_out = "";
};

constexpr auto O = Provider::openai;
constexpr auto A = Provider::anthropic;
constexpr auto G = Provider::gemini;
constexpr unsigned old = no_batch_cache;
constexpr unsigned five = standard_or_half;  // OpenAI from GPT-5 on
constexpr unsigned think = reasons | may_reason | modern;
constexpr unsigned asked = may_reason | modern;

// As of 2026-08-01; gpt-5.6 (Sol) since its cut of 2026-08-21. Gemini's priority is 1.8 times
// standard, on cached tokens as well.
// clang-format off
constexpr Row table[] = {
    {O, "gpt-4o", "gpt-4o-2024-08-06", "2.5", "1.25", "10", 128000, 16384, 0, old, "4.25", "2.125", "17"},
    {O, "gpt-4o-2024-11-20", "gpt-4o-2024-11-20", "2.5", "1.25", "10", 128000, 16384, 0, old},
    {O, "gpt-4o-mini", "gpt-4o-mini-2024-07-18", "0.15", "0.075", "0.6", 128000, 16384, 0, old, "0.25", "0.125", "1"},
    {O, "gpt-4.1", "gpt-4.1-2025-04-14", "2", "0.5", "8", 1047576, 32768, 0, old, "3.5", "0.875", "14"},
    {O, "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", "0.4", "0.1", "1.6", 1047576, 32768, 0, old, "0.7", "0.175", "2.8"},
    {O, "gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", "0.1", "0.025", "0.4", 1047576, 32768, 0, old, "0.2", "0.05", "0.8"},
    {O, "o1", "o1-2024-12-17", "15", "7.5", "60", 200000, 100000, 0, old | think},
    {O, "o1-pro", "o1-pro-2025-03-19", "150", "", "600", 200000, 100000, 0, old | think},
    {O, "o3", "o3-2025-04-16", "2", "0.5", "8", 200000, 100000, 0, old | think | flex, "3.5", "0.875", "14"},
    {O, "o3-pro", "o3-pro-2025-06-10", "20", "", "80", 200000, 100000, 0, old | think},
    {O, "o3-mini", "o3-mini-2025-01-31", "1.1", "0.55", "4.4", 200000, 100000, 0, old | think},
    {O, "o4-mini", "o4-mini-2025-04-16", "1.1", "0.275", "4.4", 200000, 100000, 0, old | think | flex, "2", "0.5", "8"},
    {O, "gpt-5", "gpt-5-2025-08-07", "1.25", "0.125", "10", 272000, 128000, 0, think | flex | five, "2.5", "0.25", "20"},
    {O, "gpt-5-mini", "gpt-5-mini-2025-08-07", "0.25", "0.025", "2", 272000, 128000, 0, think | flex | five, "0.45", "0.045", "3.6"},
    {O, "gpt-5-nano", "gpt-5-nano-2025-08-07", "0.05", "0.005", "0.4", 272000, 128000, 0, think | flex | five},
    {O, "gpt-5-pro", "gpt-5-pro-2025-10-06", "15", "", "120", 400000, 128000, 0, think | five},
    {O, "gpt-5.1", "gpt-5.1-2025-11-13", "1.25", "0.125", "10", 272000, 128000, 0, asked | five, "2.5", "0.25", "20"},
    {O, "gpt-5.2", "gpt-5.2-2025-12-11", "1.75", "0.175", "14", 272000, 128000, 0, asked | five, "3.5", "0.35", "28"},
    {O, "gpt-5.2-pro", "gpt-5.2-pro-2025-12-11", "21", "", "168", 272000, 128000, 0, think | five},
    {O, "gpt-5.4", "gpt-5.4-2026-03-05", "2.5", "0.25", "15", 1050000, 128000, 272000, asked | flex | five, "5", "0.5", "30"},
    {O, "gpt-5.4-pro", "gpt-5.4-pro-2026-03-05", "30", "", "180", 1050000, 128000, 272000, think | flex | five},
    {O, "gpt-5.4-mini", "gpt-5.4-mini-2026-03-17", "0.75", "0.075", "4.5", 272000, 128000, 0, asked | flex | five, "1.5", "0.15", "9"},
    {O, "gpt-5.4-nano", "gpt-5.4-nano-2026-03-17", "0.2", "0.02", "1.25", 272000, 128000, 0, asked | flex | five},
    {O, "gpt-5.5", "gpt-5.5-2026-04-23", "5", "0.5", "30", 1050000, 128000, 272000, asked | flex | five, "10", "1", "60"},
    {O, "gpt-5.5-pro", "gpt-5.5-pro-2026-04-23", "30", "", "180", 1050000, 128000, 272000, think | flex | five},
    {O, "gpt-5.6", "gpt-5.6-sol", "4", "0.4", "20", 1050000, 128000, 272000, asked | flex | writes | five, "8", "0.8", "40"},
    {O, "gpt-5.6-terra", "gpt-5.6-terra", "2", "0.2", "12", 1050000, 128000, 272000, asked | flex | writes | five, "4", "0.4", "24"},
    {O, "gpt-5.6-luna", "gpt-5.6-luna", "0.2", "0.02", "1.2", 1050000, 128000, 272000, asked | flex | writes | five, "0.4", "0.04", "2.4"},
    {O, "text-embedding-3-small", "text-embedding-3-small", "0.02", "", "0", 8192, 0, 0, embeds},
    {O, "text-embedding-3-large", "text-embedding-3-large", "0.13", "", "0", 8192, 0, 0, embeds},
    {O, "text-embedding-ada-002", "text-embedding-ada-002-v2", "0.1", "", "0", 8192, 0, 0, embeds},
    {O, "omni-moderation-latest", "omni-moderation-2024-09-26", "0", "", "0", 32768, 0, 0, moderates},

    {A, "claude-haiku-4-5", "claude-haiku-4-5-20251001", "1", "0.1", "5", 200000, 64000, 0, may_reason},
    {A, "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "3", "0.3", "15", 200000, 64000, 0, may_reason},
    {A, "claude-sonnet-4-6", "claude-sonnet-4-6", "3", "0.3", "15", 1000000, 64000, 0, may_reason},
    {A, "claude-sonnet-5", "claude-sonnet-5", "2", "0.2", "10", 1000000, 128000, 0, may_reason},
    {A, "claude-opus-4-1", "claude-opus-4-1-20250805", "15", "1.5", "75", 200000, 32000, 0, may_reason},
    {A, "claude-opus-4-5", "claude-opus-4-5-20251101", "5", "0.5", "25", 200000, 64000, 0, may_reason},
    {A, "claude-opus-4-6", "claude-opus-4-6-20260205", "5", "0.5", "25", 1000000, 128000, 0, may_reason},
    {A, "claude-opus-4-7", "claude-opus-4-7-20260416", "5", "0.5", "25", 1000000, 128000, 0, may_reason},
    {A, "claude-opus-4-8", "claude-opus-4-8", "5", "0.5", "25", 1000000, 128000, 0, may_reason},
    {A, "claude-opus-5", "claude-opus-5", "5", "0.5", "25", 1000000, 128000, 0, may_reason},
    {A, "claude-fable-5", "claude-fable-5", "10", "1", "50", 1000000, 128000, 0, may_reason},

    {G, "gemini-2.5-pro", "gemini-2.5-pro", "1.25", "0.125", "10", 1048576, 65535, 200000, think | flex | standard_batch_cache},
    {G, "gemini-2.5-flash", "gemini-2.5-flash", "0.3", "0.03", "2.5", 1048576, 65535, 0, think | flex | standard_batch_cache},
    {G, "gemini-2.5-flash-lite", "gemini-2.5-flash-lite", "0.1", "0.01", "0.4", 1048576, 65535, 0, may_reason | flex | standard_batch_cache},
    {G, "gemini-3-flash-preview", "gemini-3-flash-preview", "0.5", "0.05", "3", 1048576, 65535, 0, think | flex | standard_batch_cache, "0.9", "0.09", "5.4"},
    {G, "gemini-3.1-pro-preview", "gemini-3.1-pro-preview", "2", "0.2", "12", 1048576, 65536, 200000, think | flex | standard_batch_cache, "3.6", "0.36", "21.6"},
    {G, "gemini-3.1-flash-lite", "gemini-3.1-flash-lite", "0.25", "0.025", "1.5", 1048576, 65536, 0, may_reason | flex | half_or_standard, "0.45", "0.045", "2.7"},
    {G, "gemini-3.5-flash-lite", "gemini-3.5-flash-lite", "0.3", "0.03", "2.5", 1048576, 65536, 0, may_reason | flex | standard_batch_cache, "0.54", "0.054", "4.5"},
    {G, "gemini-3.5-flash", "gemini-3.5-flash", "1.5", "0.15", "9", 1048576, 65535, 0, think | flex | half_or_standard, "2.7", "0.27", "16.2"},
    {G, "gemini-3.6-flash", "gemini-3.6-flash", "1.5", "0.15", "7.5", 1048576, 65536, 0, think | flex | half_or_standard | introduced, "2.7", "0.27", "13.5"},
    {G, "gemini-3.7-flash", "gemini-3.7-flash", "1.5", "0.15", "7.5", 1048576, 65536, 0, think | flex | half_or_standard | introduced, "2.7", "0.27", "13.5"},
    {G, "gemini-embedding-001", "gemini-embedding-001", "0.15", "", "0", 2048, 0, 0, embeds},
    {G, "gemini-embedding-2", "gemini-embedding-2", "0.2", "", "0", 8192, 0, 0, embeds},
};
// clang-format on

// Explicit caches: what a million tokens cost an hour, and the least that one holds.
struct Kept {
  std::string_view name;
  const char* usd;
  int64_t floor;
};
constexpr Kept kept[] = {
    {"gemini-2.5-pro", "4.5", 2048},       {"gemini-2.5-flash", "1", 2048},
    {"gemini-2.5-flash-lite", "1", 2048},  {"gemini-3-flash-preview", "1", 1024},
    {"gemini-3.1-pro-preview", "4.5", 4096}, {"gemini-3.1-flash-lite", "1", 4096},
    {"gemini-3.5-flash-lite", "1", 4096},  {"gemini-3.5-flash", "1", 4096},
    {"gemini-3.6-flash", "1", 4096},       {"gemini-3.7-flash", "1", 4096},
};

int64_t per_token(std::string_view usd_per_million) {
  if (usd_per_million.empty()) return 0;
  auto rate = parse_usd_per_million(usd_per_million);
  if (!rate) std::abort();  // the table above is wrong
  return rate->n;
}

std::pair<Model::BatchCache, Model::BatchCache> batch_caches(unsigned traits) {
  using enum Model::BatchCache;
  if (traits & no_batch_cache) return {none, none};
  if (traits & standard_batch_cache) return {standard, standard};
  if (traits & half_or_standard) return {half, standard};
  if (traits & standard_or_half) return {standard, half};
  return {half, half};
}

Model model_of(const Row& row) {
  Model m{.provider = row.provider, .name = row.name, .snapshot = row.snapshot};
  m.kind = row.traits & embeds      ? Model::Kind::embedding
           : row.traits & moderates ? Model::Kind::moderation
                                    : Model::Kind::chat;
  m.context = row.context;
  m.most_output = row.most_output;
  m.band = row.band;
  m.reasons = row.traits & reasons;
  m.may_reason = row.traits & may_reason;
  m.no_max_tokens = row.provider == O && row.traits & modern;
  m.flex = row.traits & flex;
  m.priority = *row.priority_in != 0;
  m.reports_writes = row.provider == A || row.traits & writes;
  m.caches = *row.cached != 0;
  std::tie(m.batch_cache, m.other_batch_cache) = batch_caches(row.traits);
  if (row.traits & introduced) m.half_until = to_time({.year = 2027});
  m.in = per_token(row.in);
  m.cached = m.caches ? per_token(row.cached) : m.in;
  m.out = per_token(row.out);
  m.write_5m = m.reports_writes ? m.in * 5 / 4 : m.in;
  m.write_1h = m.reports_writes ? m.in * 2 : m.in;
  for (const Kept& k : kept)
    if (k.name == m.name) m.storage = per_token(k.usd), m.cache_floor = k.floor;
  m.priority_in = per_token(row.priority_in);
  m.priority_cached = per_token(row.priority_cached);
  m.priority_out = per_token(row.priority_out);
  return m;
}

}  // namespace

std::string_view name_of(Provider p) {
  switch (p) {
    case Provider::openai:
      return "openai";
    case Provider::anthropic:
      return "anthropic";
    case Provider::gemini:
      return "gemini";
  }
  return "";
}

std::span<const Model> models() {
  static const std::vector<Model> all = [] {
    std::vector<Model> made;
    for (const Row& row : table) made.push_back(model_of(row));
    return made;
  }();
  return all;
}

const Model* find_model(Provider provider, std::string_view name) {
  for (const Model& m : models())
    if (m.provider == provider && (m.name == name || m.snapshot == name)) return &m;
  return nullptr;
}

std::optional<Billing> billing_of(std::string_view name) {
  if (name == "ranked") return Billing::ranked;
  if (name == "other") return Billing::other;
  return std::nullopt;
}

PicoUsd charge_for(const Model& m, ServiceTier tier, const Usage& usage, Time at, Billing billing) {
  int64_t in = m.in, cached = m.cached, out = m.out, w5 = m.write_5m, w1 = m.write_1h;
  if (tier == ServiceTier::priority && m.priority) {
    w5 = m.reports_writes ? m.priority_in * 5 / 4 : m.priority_in;
    w1 = m.reports_writes ? m.priority_in * 2 : m.priority_in;
    in = m.priority_in, cached = m.priority_cached, out = m.priority_out;
  }
  if (m.band > 0 && usage.input() > m.band)
    in *= 2, cached *= 2, w5 *= 2, w1 *= 2, out = out * 3 / 2;
  if (tier == ServiceTier::batch || tier == ServiceTier::flex) {
    const bool printed = m.half_until.ms == 0 || at < m.half_until;  // for the time after: the guide
    const auto reads = billing == Billing::ranked && printed ? m.batch_cache : m.other_batch_cache;
    // Where caching gives no discount at all, a cached token is a plain one.
    const bool full_cache =
        tier == ServiceTier::batch && m.caches && reads == Model::BatchCache::standard;
    in /= 2, out /= 2, w5 /= 2, w1 /= 2;
    if (!full_cache) cached /= 2;
  }
  if (at < m.half_until) in /= 2, cached /= 2, w5 /= 2, w1 /= 2, out /= 2;
  return PicoUsd{
      static_cast<__int128>(in) * usage.fresh + static_cast<__int128>(cached) * usage.cache_read +
      static_cast<__int128>(w5) * usage.cache_write_5m +
      static_cast<__int128>(w1) * usage.cache_write_1h + static_cast<__int128>(out) * usage.output};
}

}  // namespace twolane::sim
