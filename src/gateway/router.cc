// Names of models, and the providers behind them.
#include "gateway/router.h"

#include "dialect/catalogue.h"
#include "model/model_name.h"

namespace twolane::gateway {
namespace {

std::string_view home_of(Dialect door) {
  switch (door) {
    case Dialect::anthropic: return "anthropic";
    case Dialect::gemini: return "gemini";
    case Dialect::openai: break;
  }
  return "openai";
}

std::unexpected<Error> nobody(std::string_view model, std::string_view provider) {
  Error e;
  e.code = "gateway.model";
  e.message = "The model '" + std::string(model.substr(0, 100)) + "' does not exist or cannot be reached here";
  if (!provider.empty()) e.why = "there is no key for " + std::string(provider);
  return fail(std::move(e));
}

// How a server with OpenAI's interface is called for what was written for `door`.
Endpoint openai_endpoint(Endpoint door) {
  if (dialect_of(door) == Dialect::openai) return door;
  return operation_of(door) == Operation::embedding ? Endpoint::embeddings : Endpoint::chat_completions;
}

// Without our own part of it and without a key.
std::string kept_query(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (!pair.empty() && !pair.starts_with("key="))
      kept.append(kept.empty() ? "?" : "&").append(pair);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return kept;
}

}  // namespace

Result<Provider> make_provider(std::string name, const std::string& base_url, std::string key) {
  Provider p;
  p.url = TRY(wire::parse_url(base_url));
  while (p.url.target.ends_with('/')) p.url.target.pop_back();
  const auto* entry = dialect::find_provider(name);
  p.dialect = entry ? entry->dialect : Dialect::openai;
  p.own = !entry;
  if (!key.empty()) switch (p.dialect) {
    case Dialect::openai: p.auth = "Authorization: Bearer " + key + "\r\n"; break;
    case Dialect::anthropic: p.auth = "x-api-key: " + key + "\r\n"; break;
    case Dialect::gemini: p.auth = "x-goog-api-key: " + key + "\r\n"; break;
  }
  p.name = std::move(name);
  p.key = std::move(key);
  return p;
}

const Provider* Router::provider(std::string_view name) const {
  for (const Provider& p : providers_)
    if (p.name == name) return &p;
  return nullptr;
}

// "name/model" of a server of the user's own.
const Provider* Router::own_server(std::string_view model) const {
  const size_t slash = model.find('/');
  if (slash == model.npos || slash + 1 == model.size()) return nullptr;
  const Provider* p = provider(model.substr(0, slash));
  return p && p->own ? p : nullptr;
}

Result<Choice> Router::choose(const Door& door, std::string_view model) const {
  Choice choice;
  if (const Provider* own = own_server(model)) {
    choice.provider = own;
    choice.target = {own->name, std::string(model.substr(own->name.size() + 1))};
    choice.endpoint = openai_endpoint(door.endpoint);
    choice.translated = choice.endpoint != door.endpoint;
    choice.renamed = true;
    return choice;
  }
  const auto known = dialect::parse_target(model);
  choice.target = known ? *known : Target{std::string(home_of(door.dialect)), std::string(model)};
  choice.provider = provider(choice.target.provider);
  if (!choice.provider) return nobody(model, choice.target.provider);
  choice.endpoint = TRY(dialect::endpoint_at(choice.target.provider, door.endpoint, ServiceTier::standard));
  choice.translated = choice.endpoint != door.endpoint;
  choice.renamed = choice.target.model != model;
  return choice;
}

// Anthropic has no word for priority: "auto" takes it where it was bought.
TierWords tier_words(Dialect dialect, ServiceTier tier) {
  const bool named = tier == ServiceTier::flex || tier == ServiceTier::priority;
  switch (dialect) {
    case Dialect::anthropic: return {"service_tier", named ? "auto" : "standard_only"};
    case Dialect::gemini: return {"serviceTier", named ? name_of(tier) : "standard"};
    case Dialect::openai: break;
  }
  return {"service_tier", named ? name_of(tier) : "default"};
}

std::string target_at(const Choice& choice, const Door& door, bool streams) {
  std::string target = choice.provider->url.target;
  const bool same = !choice.translated;
  switch (choice.provider->dialect) {
    case Dialect::openai:
      target += same ? door.path.substr(3) : wire_name(choice.endpoint).substr(3);
      break;
    case Dialect::anthropic:
      target += same ? door.path : wire_name(choice.endpoint);
      break;
    case Dialect::gemini: {
      target += same && door.path.starts_with("/v1/") ? "/v1/models/" : "/v1beta/models/";
      target += wire::percent_encoded(bare_model_name(choice.target.model));
      const size_t colon = same ? door.path.rfind(':') : door.path.npos;
      if (colon != door.path.npos) {
        target += door.path.substr(colon);
      } else {
        target += ':';
        target += streams ? "streamGenerateContent?alt=sse" : wire_name(choice.endpoint);
      }
      break;
    }
  }
  if (same) target += kept_query(door.query);
  return target;
}

}  // namespace twolane::gateway
