// "did you mean": the known word that a misspelt one is closest to.
#pragma once

#include <span>
#include <string_view>

namespace twolane::app {

// By edit distance, at most a third of the word's length (at least 2). Empty if nothing is that close.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace twolane::app
