// Reading community catalogues: three forms, one row for each model, tier and band.
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "app/price_import.h"
#include "wire/json.h"

namespace twolane::app {
namespace {

using price::Kind;
using price::Rates;
using wire::Json;

constexpr uint8_t all_kinds = (1 << price::kind_count) - 1;

void set(Rates& r, Kind kind, PicoUsdPerToken rate) {
  PicoUsdPerToken* const into[] = {&r.fresh, &r.cache_read, &r.cache_write_5m, &r.cache_write_1h,
                                   &r.output};
  *into[static_cast<size_t>(kind)] = rate;
  r.unknown = static_cast<uint8_t>(r.unknown & ~(1 << static_cast<int>(kind)));
}

// A JSON number times 10^scale as whole PicoUsd per token; nothing for other values and for
// negatives.
std::optional<PicoUsdPerToken> rate_of(const Json* value, double scale) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double pico = value->get<double>() * scale;
  if (!(pico >= 0) || pico > 9e15) return std::nullopt;
  return PicoUsdPerToken{static_cast<int64_t>(std::llrint(pico))};
}

// ---- LiteLLM: an object of models, USD per token, one member for each tier, kind and band.

std::string_view provider_of_litellm(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> known = {
      {{"openai", "openai"},
       {"anthropic", "anthropic"},
       {"gemini", "gemini"},
       {"mistral", "mistral"},
       {"together_ai", "together"},
       {"groq", "groq"},
       {"deepseek", "deepseek"},
       {"xai", "xai"},
       {"fireworks_ai", "fireworks"},
       {"azure", "azure"},
       {"bedrock", "bedrock"},
       {"bedrock_converse", "bedrock"},
       {"cerebras", "cerebras"},
       {"cohere_chat", "cohere"},
       {"vertex_ai-language-models", "vertex"},
       {"vertex_ai-anthropic_models", "vertex"}}};
  for (const auto& [theirs, ours] : known)
    if (theirs == name) return ours;
  return {};
}

struct Member {
  std::string_view stem;
  Kind kind;
};
constexpr std::array<Member, 6> members = {
    {{"input_cost_per_token", Kind::fresh},
     {"cache_read_input_token_cost", Kind::cache_read},
     {"input_cost_per_token_cache_hit", Kind::cache_read},
     {"cache_creation_input_token_cost", Kind::cache_write_5m},
     {"cache_creation_input_token_cost_above_1hr", Kind::cache_write_1h},
     {"output_cost_per_token", Kind::output}}};

// "_above_272k_tokens_flex" -> 272,000 and flex; nothing for anything else behind a stem.
std::optional<std::pair<int64_t, ServiceTier>> suffix_of(std::string_view rest) {
  std::pair<int64_t, ServiceTier> found{0, ServiceTier::standard};
  constexpr std::string_view above = "_above_", tokens = "k_tokens";
  if (rest.starts_with(above)) {
    rest.remove_prefix(above.size());
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      found.first = found.first * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
    }
    if (!rest.starts_with(tokens) || found.first == 0) return std::nullopt;
    rest.remove_prefix(tokens.size());
    found.first *= 1000;
  }
  if (rest.empty()) return found;
  if (rest == "_batches")
    found.second = ServiceTier::batch;
  else if (rest == "_flex")
    found.second = ServiceTier::flex;
  else if (rest == "_priority")
    found.second = ServiceTier::priority;
  else
    return std::nullopt;
  return found;
}

void add_litellm(Catalogue& out, const std::string& name, const Json& entry) {
  const std::string_view provider = provider_of_litellm(wire::string_at(entry, "litellm_provider"));
  const std::string_view mode = wire::string_at(entry, "mode");
  const bool tokens = mode == "chat" || mode == "responses" || mode == "embedding";
  if (provider.empty() || !tokens) {
    ++out.skipped;
    return;
  }
  std::map<std::pair<int64_t, ServiceTier>, Rates> places;
  for (const auto& [key, value] : entry.items())
    for (const Member& m : members) {
      if (!key.starts_with(m.stem)) continue;
      auto place = suffix_of(std::string_view(key).substr(m.stem.size()));
      const auto rate = rate_of(&value, 1e12);
      if (!place || !rate) continue;
      const bool write = m.kind == Kind::cache_write_5m || m.kind == Kind::cache_write_1h;
      if (write && rate->n == 0) continue;  // no fee of its own: the tokens are billed as input
      // xAI's "above 200k" includes 200,000 itself.
      if (provider == "xai" && place->first > 0 && place->first % 1000 == 0) --place->first;
      set(places.try_emplace(*place, Rates{.unknown = all_kinds}).first->second, m.kind, *rate);
    }
  std::string model = name;
  const std::string prefix = std::string(wire::string_at(entry, "litellm_provider")) + '/';
  for (const std::string& p :
       {prefix, std::string("vertex_ai/"), std::string("accounts/fireworks/models/")})
    if (model.starts_with(p)) model.erase(0, p.size());
  // "azure/us/gpt-5.4", "bedrock/us-east-1/...": other regions have prices of their own.
  if (places.empty() ||
      (model.find('/') != model.npos && (provider == "azure" || provider == "bedrock"))) {
    ++out.skipped;
    return;
  }
  for (const auto& [place, rates] : places)
    out.rows.push_back({std::string(provider), model, place.second, place.first, {}, rates, name});
}

// ---- genai-prices: a list of providers, USD per million tokens, bands and dates as constraints.

std::string_view provider_of_genai(std::string_view id) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 13> known = {
      {{"openai", "openai"},
       {"anthropic", "anthropic"},
       {"google", "gemini"},
       {"mistral", "mistral"},
       {"together", "together"},
       {"groq", "groq"},
       {"deepseek", "deepseek"},
       {"x-ai", "xai"},
       {"fireworks", "fireworks"},
       {"azure", "azure"},
       {"aws", "bedrock"},
       {"cerebras", "cerebras"},
       {"cohere", "cohere"}}};
  for (const auto& [theirs, ours] : known)
    if (theirs == id) return ours;
  return {};
}

constexpr std::array<Member, 5> units = {{{"input_mtok", Kind::fresh},
                                          {"cache_read_mtok", Kind::cache_read},
                                          {"cache_write_mtok", Kind::cache_write_5m},
                                          {"cache_write_1h_mtok", Kind::cache_write_1h},
                                          {"output_mtok", Kind::output}}};

void add_genai_prices(Catalogue& out, const CatalogueRow& like, const Json& prices) {
  std::map<int64_t, Rates> bands;
  const auto put = [&](int64_t above, Kind kind, std::optional<PicoUsdPerToken> rate) {
    if (rate) set(bands.try_emplace(above, Rates{.unknown = all_kinds}).first->second, kind, *rate);
  };
  for (const Member& unit : units) {
    const Json* price = wire::find(prices, unit.stem);
    if (price == nullptr) continue;
    const bool banded = price->is_object();
    put(0, unit.kind, rate_of(banded ? wire::find(*price, "base") : price, 1e6));
    if (const Json* tiers = banded ? wire::find(*price, "tiers") : nullptr;
        tiers != nullptr && tiers->is_array())
      for (const Json& tier : *tiers) {
        // OpenAI's 272k is written as 271,999 by some rows and as 272,000 by others; both mean
        // "more than 272k".
        const int64_t start = wire::int_at(tier, "start");
        put(start == 271'999 ? 272'000 : start, unit.kind, rate_of(wire::find(tier, "price"), 1e6));
      }
  }
  for (const auto& [above, rates] : bands) {
    CatalogueRow row = like;
    row.above = above;
    row.rates = rates;
    out.rows.push_back(std::move(row));
  }
}

void add_genai_model(Catalogue& out, std::string_view provider, const Json& model) {
  CatalogueRow like;
  like.provider = provider;
  like.model = wire::string_at(model, "id");
  like.name = like.model;
  for (const std::string_view p : {std::string_view("regional."), std::string_view("openai/")})
    if (provider == "bedrock" && like.model.starts_with(p)) {
      ++out.skipped;  // regional profiles are dearer, and named by region in the book
      return;
    }
  const Json* prices = wire::find(model, "prices");
  if (prices == nullptr) return;
  if (prices->is_object()) return add_genai_prices(out, like, *prices);
  if (!prices->is_array()) return;
  for (const Json& dated : *prices) {
    const Json* constraint = wire::find(dated, "constraint");
    CatalogueRow row = like;
    if (constraint != nullptr && !constraint->is_null()) {
      const auto from =
          parse_rfc3339(std::string(wire::string_at(*constraint, "start_date")) + "T00:00:00Z");
      if (!from) {
        ++out.skipped;  // hours of the day: the book says those itself
        continue;
      }
      row.from = *from;
    }
    if (const Json* inner = wire::find(dated, "prices")) add_genai_prices(out, row, *inner);
  }
}

// ---- OpenRouter: an object with the list `data`, USD per token in decimal strings, one price a
// model. Only providers that serve their models themselves; of the others the price is some host's.

std::string_view provider_of_openrouter(std::string_view id) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> known = {
      {{"openai/", "openai"},
       {"anthropic/", "anthropic"},
       {"google/gemini", "gemini"},
       {"mistralai/", "mistral"},
       {"x-ai/", "xai"}}};
  for (const auto& [prefix, ours] : known)
    if (id.starts_with(prefix)) return ours;
  return {};
}

// "0.0000025" USD a token is a number with at most twelve decimals, so nothing is rounded.
std::optional<PicoUsdPerToken> rate_in(const Json& pricing, std::string_view key) {
  const auto usd = parse_usd(wire::string_at(pricing, key));
  if (!usd || usd->n < 0 || usd->n > INT64_MAX) return std::nullopt;
  return PicoUsdPerToken{static_cast<int64_t>(usd->n)};
}

Rates openrouter_rates(const Json& pricing, bool writes) {
  static constexpr std::array<Member, 5> keys = {{{"prompt", Kind::fresh},
                                                  {"input_cache_read", Kind::cache_read},
                                                  {"input_cache_write", Kind::cache_write_5m},
                                                  {"input_cache_write_1h", Kind::cache_write_1h},
                                                  {"completion", Kind::output}}};
  Rates rates{.unknown = all_kinds};
  for (const Member& m : keys) {
    const bool write = m.kind == Kind::cache_write_5m || m.kind == Kind::cache_write_1h;
    const auto rate = rate_in(pricing, m.stem);
    if (rate && (!write || writes)) set(rates, m.kind, *rate);
  }
  return rates;
}

void add_openrouter(Catalogue& out, const Json& model) {
  const std::string_view id = wire::string_at(model, "id");
  const std::string_view provider = provider_of_openrouter(id);
  const Json* pricing = wire::find(model, "pricing");
  if (provider.empty() || pricing == nullptr || id.find(':') != id.npos) {
    ++out.skipped;  // ":free" and such are no offers of the provider
    return;
  }
  const bool writes = provider != "gemini";  // there it is the hour of storage that is printed
  CatalogueRow row;
  row.provider = provider;
  row.model = row.name = id.substr(id.find('/') + 1);
  row.rates = openrouter_rates(*pricing, writes);
  out.rows.push_back(row);
  const Json* overrides = wire::find(*pricing, "overrides");
  if (overrides == nullptr || !overrides->is_array()) return;
  for (const Json& band : *overrides) {
    row.above = wire::int_at(band, "min_prompt_tokens");
    if (provider == "xai" && row.above > 0) --row.above;  // 200,000 itself is a long prompt there
    row.rates = openrouter_rates(band, writes);
    if (row.above > 0) out.rows.push_back(row);
  }
}

// Of several dated rows for one place, those that a later one has replaced by `at` go.
void drop_replaced(Catalogue& c, Time at) {
  std::map<std::pair<std::string, std::string>, Time> newest_of_model;
  for (const auto& r : c.rows)
    if (r.from <= at) {
      auto& t = newest_of_model[{r.provider, r.model}];
      t = std::max(t, r.from);
    }
  std::erase_if(c.rows, [&](const CatalogueRow& r) {
    return r.from <= at && r.from < newest_of_model[{r.provider, r.model}];
  });
}

}  // namespace

Result<Catalogue> read_catalogue(std::string_view text, std::string_view file, Time at) {
  auto parsed = wire::parse_json(text);
  if (!parsed) {
    Error e = std::move(parsed).error();
    e.where.file = file;
    return fail(std::move(e));
  }
  Catalogue out;
  if (parsed->is_array()) {
    out.format = "genai-prices";
    for (const Json& provider : *parsed) {
      const std::string_view name = provider_of_genai(wire::string_at(provider, "id"));
      const Json* models = wire::find(provider, "models");
      if (models == nullptr || !models->is_array()) continue;
      if (name.empty())
        out.skipped += static_cast<int64_t>(models->size());
      else
        for (const Json& model : *models) add_genai_model(out, name, model);
    }
  } else if (const Json* data = wire::find(*parsed, "data"); data != nullptr && data->is_array()) {
    out.format = "openrouter";
    for (const Json& model : *data) add_openrouter(out, model);
  } else if (parsed->is_object()) {
    out.format = "litellm";
    for (const auto& [name, entry] : parsed->items())
      if (entry.is_object() && name != "sample_spec") add_litellm(out, name, entry);
  }
  if (!out.rows.empty()) {
    drop_replaced(out, at);
    return out;
  }
  Error e;
  e.code = "price.catalogue";
  e.message = "the file is no price catalogue that is understood";
  e.where.file = file;
  e.why = "it holds no model in the form of LiteLLM, genai-prices or OpenRouter";
  e.next = {
      "give LiteLLM's model_prices_and_context_window.json, genai-prices' data.json or "
      "OpenRouter's list of models"};
  return fail(std::move(e));
}

}  // namespace twolane::app
