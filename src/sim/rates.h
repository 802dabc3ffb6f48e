// What the simulated providers sell and what they charge: their own table, so that a wrong price in
// the price book shows as a difference to this ledger.
//
// Sources: public list prices as of 2026-08-01 and later, see rates.cc. Batch and flex are half of
// standard; what cached tokens cost in a batch differs by model, and for some the documents disagree:
// Billing chooses which of them these providers follow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/money.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/usage.h"

namespace twolane::sim {

enum class Provider : uint8_t { openai, anthropic, gemini };
std::string_view name_of(Provider p);

// Where two readings of the documents differ: the one that weighs more (a number printed for the model,
// then the provider's own guide, then third parties; among equals the dearer), or the other.
enum class Billing : uint8_t { ranked, other };
std::optional<Billing> billing_of(std::string_view name);  // "ranked", "other"

struct Model {
  enum class Kind : uint8_t { chat, embedding, moderation };
  enum class BatchCache : uint8_t { half, standard, none };

  Provider provider;
  Kind kind = Kind::chat;
  std::string_view name;      // as users say it, and as the ledger names it
  std::string_view snapshot;  // as answers name it
  int64_t context = 0;        // most input tokens
  int64_t most_output = 0;
  bool reasons = false;        // thinks unless told not to
  bool may_reason = false;     // thinks when told to
  bool no_max_tokens = false;  // refuses the old name of the output limit
  bool flex = false;
  bool priority = false;
  bool reports_writes = false;  // cache writes are counted and charged
  bool caches = false;
  BatchCache batch_cache = BatchCache::half;
  BatchCache other_batch_cache = BatchCache::half;  // by the other reading; the same where all agree
  int64_t cache_floor = 0;  // an explicit cache holds so many tokens at least
  int64_t band = 0;  // with more input tokens than this, the whole request is dearer; 0: never

  // 10^-12 USD per token at the standard and the priority tier.
  int64_t in = 0, cached = 0, out = 0, write_5m = 0, write_1h = 0;
  int64_t storage = 0;  // of an explicit cache, per token and hour; 0: there is none
  int64_t priority_in = 0, priority_cached = 0, priority_out = 0;
  Time half_until;  // before this everything costs half; 0: never did
};

std::span<const Model> models();
// By name or snapshot; nullptr when the provider does not sell it.
const Model* find_model(Provider provider, std::string_view name);

PicoUsd charge_for(const Model& model, ServiceTier tier, const Usage& usage, Time at,
                   Billing billing = Billing::ranked);

}  // namespace twolane::sim
