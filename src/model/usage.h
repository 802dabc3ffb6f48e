// Tokens as a provider reported them, folded into one shape for every provider.
//
// The five counts are disjoint except `reasoning`, which is part of `output`. So
//   total input = fresh + cache_read + cache_write_5m + cache_write_1h.
// Extras have rates of their own in the price book: searches are no tokens, the others are parts.
// OpenAI and Gemini report cached tokens inside the prompt count, Anthropic beside it; Gemini counts
// thoughts outside the candidates' tokens. The dialects undo that.
#pragma once

#include <cstdint>

#include "model/endpoint.h"

namespace twolane {

struct Usage {
  int64_t fresh = 0;
  int64_t cache_read = 0;
  int64_t cache_write_5m = 0;
  int64_t cache_write_1h = 0;
  int64_t output = 0;     // reasoning included
  int64_t reasoning = 0;  // part of output

  int64_t audio_input = 0;   // part of fresh
  int64_t image_output = 0;  // part of output
  int64_t searches = 0;      // of the web, which the provider ran

  int64_t input() const { return fresh + cache_read + cache_write_5m + cache_write_1h; }
  bool has_extras() const { return (audio_input | image_output | searches) != 0; }
  bool operator==(const Usage&) const = default;
};

}  // namespace twolane
