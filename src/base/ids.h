// Names of things that no process has to hand out: they are hashes or random numbers.
//
// Ids are distinct types, so that one cannot be passed for another.
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace twolane {

template <class Tag>
struct Id {
  uint64_t n = 0;

  auto operator<=>(const Id&) const = default;
  explicit operator bool() const { return n != 0; }

  std::string hex() const {  // 16 lower-case digits
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(n));
    return text;
  }
  static std::optional<Id> from_hex(std::string_view text) {
    Id id;
    if (text.size() != 16) return std::nullopt;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), id.n, 16);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return id;
  }
};

using JobId = Id<struct JobTag>;      // first 64 bits of a SHA-256, see model/job.h
using BatchId = Id<struct BatchTag>;  // random; also the token by which a provider's list is searched
using SegmentId = Id<struct SegmentTag>;  // random; names a payload file

}  // namespace twolane

template <class Tag>
struct std::hash<twolane::Id<Tag>> {
  size_t operator()(twolane::Id<Tag> id) const noexcept { return static_cast<size_t>(id.n * 0x9E3779B97F4A7C15ull); }
};
