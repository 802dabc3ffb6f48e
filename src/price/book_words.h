// The words of a price book's lines as values: tiers, kinds, dates, hours, factors.
//
// Pure. Nothing for a word that is none; who reads the line says what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "price/book.h"

namespace twolane::price {

using Words = std::vector<std::string_view>;

// Without the comment behind '#'.
Words words_of(std::string_view line);
// What follows the first `count` words of the line.
std::string rest_of(std::string_view line, std::span<const std::string_view> words, size_t count);

std::optional<int64_t> whole(std::string_view text);  // 0 and more
// "2026-10-15", or with a time of day in UTC: "2026-08-16T16:00".
std::optional<Time> date_of(std::string_view text);
std::optional<ServiceTier> tier_of(std::string_view text);
std::optional<Kind> kind_of(std::string_view text);
std::optional<Step> step_of(std::string_view text);
std::optional<Rank> rank_of(std::string_view text);
// "0.5", "1.1": in parts of 10^6.
std::optional<int64_t> factor_of(std::string_view text);
std::optional<int> minute_of(std::string_view text);        // of the day: "16:30", "24:00"
std::optional<uint8_t> weekdays_of(std::string_view text);  // "daily", "Mon", "Sat-Sun"
std::optional<int> zone_of(std::string_view text);          // minutes east: "UTC", "+08:00"

}  // namespace twolane::price
