// "did you mean": the known word that a misspelt one is closest to.
#include "app/nearest.h"

#include <algorithm>

#include "base/edit_distance.h"

namespace twolane::app {

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const auto candidate : known) {
    if (candidate.size() > word.size() + least || word.size() > candidate.size() + least) continue;
    if (const size_t n = edit_distance(word, candidate); n < least) {
      least = n;
      best = candidate;
    }
  }
  return best;
}

}  // namespace twolane::app
