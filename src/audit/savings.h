// The same traffic at other prices: exactly, by the price room's rates and rules.
//
// Pure. Every amount is the sum of tokens times rates; nothing is rounded. Only hits of a cache inside a
// batch are an assumption (price::hit_rate), which the range low to high shows. Traffic that is batched
// already, or whose price is not known, stays as it is on every line, so lines differ by what would move.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "audit/profile.h"

namespace twolane::audit {

enum class Line : uint8_t { as_is, caching, flex, batch, batch_cached, cheaper_hours, cheaper_model };
inline constexpr int line_count = 7;
std::string_view name_of(Line line);   // "batch_cached"
std::string_view words_of(Line line);  // "batch, cached by the provider's rule"

// What the traffic would cost on one line. Absent: none of it can go there (`why` says why).
struct Priced {
  std::optional<PicoUsd> cost;
  PicoUsd low, high;     // around `cost`: cache hits, and readings on which sources differ
  PicoUsd moved;         // what is now paid for the part that would go there
  std::string why;       // where it cannot, or what was assumed

  PicoUsd saving(PicoUsd now) const { return cost ? now - *cost : PicoUsd{}; }
};

struct Prices {
  std::array<Priced, line_count> lines;
  const Priced& of(Line line) const { return lines[static_cast<size_t>(line)]; }
  Priced& of(Line line) { return lines[static_cast<size_t>(line)]; }
};

// `unpriced`: what the log itself says for calls without a price.
Prices price_lines(std::span<const PriceCell> cells, PicoUsd unpriced);

// A cheaper model of the same family and provider, or null: claude-opus-4-8 -> claude-sonnet-4-6.
const price::Model* cheaper_sibling(const price::Model& model);

}  // namespace twolane::audit
