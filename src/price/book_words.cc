// Reading single words of a price book.
#include "price/book_words.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/money.h"

namespace twolane::price {

Words words_of(std::string_view line) {
  Words words;
  size_t at = 0;
  while (at < line.size()) {
    while (at < line.size() && line[at] == ' ') ++at;
    if (at == line.size() || line[at] == '#') break;
    size_t end = line.find(' ', at);
    if (end == line.npos) end = line.size();
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string rest_of(std::string_view line, std::span<const std::string_view> words, size_t count) {
  if (words.size() <= count) return {};
  return std::string(line.substr(static_cast<size_t>(words[count].data() - line.data())));
}

std::optional<int64_t> whole(std::string_view text) {
  int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size() || n < 0) return std::nullopt;
  return n;
}

std::optional<Time> date_of(std::string_view text) {
  std::string full(text);
  if (full.size() == 10) full += "T00:00";
  const auto t = parse_rfc3339(full + ":00Z");
  return t ? std::optional(*t) : std::nullopt;
}

std::optional<ServiceTier> tier_of(std::string_view text) {
  for (int t = 0; t < tier_count; ++t)
    if (name_of(static_cast<ServiceTier>(t)) == text) return static_cast<ServiceTier>(t);
  return std::nullopt;
}

std::optional<Kind> kind_of(std::string_view text) {
  for (int k = 0; k < kind_count; ++k)
    if (name_of(static_cast<Kind>(k)) == text) return static_cast<Kind>(k);
  return std::nullopt;
}

std::optional<Step> step_of(std::string_view text) {
  for (int s = 0; s < 7; ++s)
    if (name_of(static_cast<Step>(s)) == text) return static_cast<Step>(s);
  return std::nullopt;
}

std::optional<Rank> rank_of(std::string_view text) {
  if (text == "settled") return Rank::settled;
  if (text == "published") return Rank::published;
  if (text == "rule") return Rank::rule;
  if (text == "third") return Rank::third_party;
  return std::nullopt;
}

std::optional<int64_t> factor_of(std::string_view text) {
  const auto n = parse_usd_per_million(text);
  return n ? std::optional(n->n) : std::nullopt;
}

std::optional<int> minute_of(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const auto h = whole(text.substr(0, colon)), m = whole(text.substr(colon + 1));
  if (!h || !m || *h > 24 || *m > 59 || *h * 60 + *m > 1440) return std::nullopt;
  return static_cast<int>(*h * 60 + *m);
}

std::optional<uint8_t> weekdays_of(std::string_view text) {
  static constexpr std::array<std::string_view, 7> names = {"Sun", "Mon", "Tue", "Wed",
                                                            "Thu", "Fri", "Sat"};
  if (text == "daily") return 0x7f;
  const auto day = [](std::string_view name) {
    return static_cast<int>(std::ranges::find(names, name) - names.begin());
  };
  const size_t dash = text.find('-');
  const int first = day(text.substr(0, dash));
  const int last = dash == text.npos ? first : day(text.substr(dash + 1));
  if (first == 7 || last == 7) return std::nullopt;
  uint8_t bits = 0;
  for (int d = first;; d = (d + 1) % 7) {
    bits = static_cast<uint8_t>(bits | 1 << d);
    if (d == last) return bits;
  }
}

std::optional<int> zone_of(std::string_view text) {
  if (text == "UTC") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto m = minute_of(text.substr(1));
  if (!m) return std::nullopt;
  return text[0] == '-' ? -*m : *m;
}

}  // namespace twolane::price
