// "did you mean": the known word that a misspelt one is closest to.
#include "app/nearest.h"

#include <algorithm>
#include <vector>

namespace twolane::app {
namespace {

size_t edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const auto candidate : known) {
    if (candidate.size() > word.size() + least || word.size() > candidate.size() + least) continue;
    if (const size_t n = edits(word, candidate); n < least) {
      least = n;
      best = candidate;
    }
  }
  return best;
}

}  // namespace twolane::app
