// Counts of tokens as a log writes them, brought to the disjoint counts of model/usage.h.
//
// Pure. Whether cached tokens stand inside the input (OpenAI, Gemini, LiteLLM, OpenTelemetry) or beside it
// (Anthropic, Bedrock) is a rule of the format or of the usage object; counts that contradict the rule
// decide for themselves: more cached tokens than input cannot stand inside it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "audit/fields.h"
#include "model/usage.h"

namespace twolane::audit {

enum class Cached : uint8_t {
  inside,
  beside,
  by_total,  // beside where the total says so or is absent, inside where it is input plus output
};

class TokenCounts {
 public:
  void clear() { known_ = 0; }
  // `slot` is one of the counts. The first value of a slot counts.
  void set(Slot slot, int64_t n);
  // The larger value counts: for streams, whose usage grows from chunk to chunk.
  void raise(Slot slot, int64_t n);
  bool has(Slot slot) const { return (known_ >> bit(slot)) & 1; }
  int64_t of(Slot slot) const { return has(slot) ? n_[bit(slot)] : 0; }
  bool any() const { return has(Slot::input) || has(Slot::output) || has(Slot::total); }

  // Nothing when neither input nor output is known.
  std::optional<Usage> usage(Cached rule) const;
  bool cache_known() const { return has(Slot::cache_read); }

 private:
  static size_t bit(Slot s) { return static_cast<size_t>(s) - static_cast<size_t>(Slot::text_slots); }
  bool inside(Cached rule, int64_t input, int64_t cached) const;

  uint32_t known_ = 0;
  std::array<int64_t, static_cast<size_t>(Slot::count_slots) - static_cast<size_t>(Slot::text_slots)> n_{};
};

}  // namespace twolane::audit
