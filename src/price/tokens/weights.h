// The weights of estimate.h: tokens per feature of each model family. Generated.
#pragma once

#include "price/tokens/estimate.h"

namespace twolane::price::tokens {

struct Weights {
  std::array<int64_t, feature_count> thousandths;  // of a token
  int64_t ascii_error;  // thousandths, of texts in ASCII words: English, code
  int64_t other_error;  // of texts in other letters
};
const Weights& weights_of(Family family);

}  // namespace twolane::price::tokens
