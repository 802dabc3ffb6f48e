// Which endpoint exists at which provider, on which tier, and each provider's limits: one table.
//
// Sources: the providers' documents as summarised in docs/providers.md; dates are there.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/job.h"

namespace twolane::dialect {

// Limits of a provider's batches. Bytes and requests are what the provider refuses beyond.
struct BatchLimits {
  int64_t requests = 0;
  int64_t bytes = 0;
  int64_t inline_bytes = 0;       // below this the requests travel in the create call (0: never)
  int64_t creates_per_hour = 0;   // 0: not stated
  int64_t concurrent = 0;         // batches not yet ended at a time; 0: not stated
  bool one_model = true;          // a batch holds requests for a single model
  bool silent_end = false;        // ended early it says nothing of its requests, and bills none of them
  bool lists_token = true;        // its list shows our token; otherwise candidates go by request count
  Duration window;                // the provider ends the batch after this
  Duration ceiling;               // longer than this in one state: stuck, cancel it
  Duration cancel_lag;            // a cancel takes effect within this, usually
  Duration settle;                // a batch shows up in the list within this after its creation
  Duration results_kept;          // collect before this, counted from creation
  int64_t enqueued_tokens = 0;    // first assumption per model, 0: unknown; learned from refusals
};

struct ProviderEntry {
  std::string_view name;  // "openai"
  Dialect dialect;
  std::string_view default_base_url;  // what the SDK's *_BASE_URL replaces
  std::string_view base_url_env, key_env;
  BatchLimits batch;
  bool driven = false;  // this build runs its batches; otherwise the entry serves refusals and docs
};

std::span<const ProviderEntry> providers();
const ProviderEntry* find_provider(std::string_view name);

// One row of the table: who has which endpoint on which tiers, and what its requests may hold.
struct Offer {
  enum class Known : uint8_t { no, yes, unstated };
  std::string_view provider;
  Endpoint endpoint;
  uint8_t tiers = 0;  // bit by ServiceTier
  Known images = Known::no, pdf = Known::no;
  bool on(ServiceTier tier) const { return (tiers >> static_cast<int>(tier)) & 1; }
};
std::span<const Offer> offers();

// Whether `provider` sells `endpoint` (called as its own endpoint of that operation) on `tier`.
bool sells(std::string_view provider, Operation operation, ServiceTier tier);
// The endpoint by which `provider` is called for requests written as `written`: the same one where it
// has it, otherwise its own of the same operation. Error provider.no_endpoint names who has it.
Result<Endpoint> endpoint_at(std::string_view provider, Endpoint written, ServiceTier tier);

// A model this build knows. Spellings with dots and dashes are one model; provider prefixes such as
// "models/" are ignored; dated snapshots match their family.
struct ModelEntry {
  std::string_view provider;
  std::string_view name;     // the provider's own spelling
  Operation operation;
  int64_t output_limit = 0;  // tokens; what to assume where the request sets none
  bool reasoning = false;    // refuses temperature and max_tokens (OpenAI), or thinks by default
  bool flex = false;         // sold on the flex tier
};
std::span<const ModelEntry> models();
const ModelEntry* find_model(std::string_view name);                       // any provider
const ModelEntry* find_model(std::string_view provider, std::string_view name);
// "openai/gpt-5.4-mini", or "gpt-5.4-mini" found in the catalogue. A provider given by name takes any
// model. Error: input.model (with the nearest known names in `next`).
Result<Target> parse_target(std::string_view text);

// The visible table, for `twolane config check`, docs and tests: plain text, 80 columns.
std::string endpoint_table();

}  // namespace twolane::dialect
