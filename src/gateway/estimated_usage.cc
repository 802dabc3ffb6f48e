// Texts to tokens.
#include "gateway/estimated_usage.h"

#include "patient/token_counting.h"

namespace twolane::gateway {

std::optional<Usage> estimated_usage(const Target& target, Endpoint endpoint, std::string_view request,
                                     std::string_view answer) {
  patient::TokenCounting counting({});
  const auto prompt = patient::prompt_text(endpoint, request);
  if (!prompt) return std::nullopt;
  const auto input = counting.count(target, *prompt);
  const bool writes = operation_of(endpoint) == Operation::chat;
  const auto output = counting.count_text(target, writes ? answer : std::string_view());
  if (!input || !output) return std::nullopt;
  Usage usage;
  usage.fresh = *input;
  usage.output = *output;
  return usage;
}

}  // namespace twolane::gateway
