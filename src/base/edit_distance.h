// How many letters have to be changed, added or left out to make one word of another.
#pragma once

#include <cstddef>
#include <string_view>

namespace twolane {

// Pure. Time is the product of the two lengths, memory one row: callers cut what strangers wrote.
size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace twolane
