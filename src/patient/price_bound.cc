// Size classes are powers of two.
#include "patient/price_bound.h"

#include <algorithm>
#include <bit>

#include "price/price.h"

namespace twolane::patient {

void PriceBound::add(int32_t shape, int64_t input_tokens, int64_t output_tokens) {
  const int64_t key = static_cast<int64_t>(shape) * 64 +
                      std::bit_width(static_cast<uint64_t>(std::max<int64_t>(input_tokens, 0)));
  if (key != last_) last_class_ = &classes_[key], last_ = key;
  last_class_->largest = std::max(last_class_->largest, input_tokens);
  last_class_->input += input_tokens;
  last_class_->output += output_tokens;
}

Result<PicoUsd> PriceBound::sum(const std::vector<Shape>& shapes, ServiceTier tier,
                                Time at) const {
  PicoUsd total;
  for (const auto& [key, c] : classes_) {
    const Target& target = shapes[static_cast<size_t>(key / 64)].targets.front();
    const PicoUsd input = TRY(price::bound(target, tier, c.largest, 0, {.at = at}));
    const PicoUsd one_more = TRY(price::bound(target, tier, c.largest, 1, {.at = at}));
    const __int128 input_rate = c.largest > 0 ? input.n / c.largest : 0;
    total += PicoUsd{input_rate * c.input + (one_more - input).n * c.output};
  }
  return total;
}

}  // namespace twolane::patient
