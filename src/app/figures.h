// Counts, money and shares as people read them: 13,083; 0.0042; 49.2 %.
//
// Pure. What is shown is rounded half to even and says so nowhere, so nothing here may be added up
// again; machines get exact_usd() instead.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/money.h"

namespace twolane::app {

std::string grouped(int64_t n);  // 13,083

// "1 request", "13,083 requests".
std::string counted(int64_t n, std::string_view noun);

// Two decimals; a small amount that is not zero gets as many as its first two digits need.
std::string spoken_usd(PicoUsd amount);

// The fewest decimals, from two, with which the parts as shown add up to the total as shown and none of
// them has less than two digits left.
int decimals_that_add_up(std::span<const PicoUsd> parts, PicoUsd total);

// "49.2 %", of nothing: "0.0 %".
std::string share(PicoUsd part, PicoUsd whole);
std::string share(int64_t part, int64_t whole);  // of a count

std::string left(std::string_view text, size_t width);   // padded behind
std::string right(std::string_view text, size_t width);  // padded before

}  // namespace twolane::app
