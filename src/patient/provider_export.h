// What a provider says it served and billed: the usage and cost reports of OpenAI and Anthropic.
//
// Understood: a page as the API answers it, an array of pages, or one page or bucket a line
// (JSONL).
//   OpenAI     GET /v1/organization/usage/completions (and embeddings, ...), GET
//   /v1/organization/costs Anthropic  GET /v1/organizations/usage_report/messages, GET
//   /v1/organizations/cost_report
// Pure. Each provider's own habits are undone here: OpenAI counts cached tokens inside the input,
// Anthropic gives disjoint counts; OpenAI's amounts are USD as a number or text, Anthropic's are
// cents as text; a group that was not asked for is null. Buckets stay buckets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/usage.h"

namespace twolane::patient {

struct ExportLine {
  Time begin, end;    // of the bucket; end is not part of it
  std::string model;  // empty: of all models, or not said
  // On which tiers: batch only, all but batch, one tier, or any (nothing).
  enum class Tiers : uint8_t { any, batch, not_batch, one } tiers = Tiers::any;
  ServiceTier tier = ServiceTier::standard;  // with Tiers::one
  bool has_usage = false, has_cost = false;
  bool splits_cache = true;  // the report tells cached input apart
  Usage usage;
  int64_t requests = -1;  // -1: not reported
  PicoUsd cost;

  bool covers(ServiceTier served) const;
};

struct ProviderExport {
  std::string provider;  // "openai", "anthropic"
  std::vector<ExportLine> lines;
  bool more = false;  // the last page says that others follow
};

// Errors: export.format (neither report), export.mixed (both providers), with where.line for JSONL.
Result<ProviderExport> read_provider_export(std::string_view text);

// "0.06034", "6e-05": an amount of `unit` USD (1 or 1/100), rounded half to even to a PicoUsd.
// Error money.syntax.
Result<PicoUsd> parse_reported_amount(std::string_view text, int unit_decimals);

}  // namespace twolane::patient
