// The ranges spread out into blocks for a lookup without branches.
#include "price/tokens/unicode.h"

#include <map>
#include <string>

namespace twolane::price::tokens {
namespace {

CharClass class_in(const UnicodeRange& range, uint32_t code) {
  using Kind = UnicodeRange::Kind;
  switch (range.kind) {
    case Kind::upper:
      return CharClass::upper;
    case Kind::lower:
      return CharClass::lower;
    case Kind::other_letter:
      return CharClass::other_letter;
    case Kind::mark:
      return CharClass::mark;
    case Kind::number:
      return CharClass::number;
    case Kind::pairs:
      return (code - range.first) % 2 == 0 ? CharClass::upper : CharClass::lower;
    case Kind::space:
      break;
  }
  return code == '\r' || code == '\n' ? CharClass::newline : CharClass::space;
}

bool continues(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80;
}

}  // namespace

UnicodeClasses::UnicodeClasses() {
  std::map<std::string, uint16_t> known;
  auto range = unicode_ranges().begin();
  const auto end = unicode_ranges().end();
  for (uint32_t block = 0; block < block_.size(); ++block) {
    std::string classes(256, static_cast<char>(CharClass::other));
    for (uint32_t i = 0; i < 256; ++i) {
      const uint32_t code = block << 8 | i;
      while (range != end && range->last < code) ++range;
      if (range != end && range->first <= code)
        classes[i] = static_cast<char>(class_in(*range, code));
    }
    const auto [it, fresh] = known.emplace(classes, static_cast<uint16_t>(known.size()));
    block_[block] = it->second;
    if (!fresh) continue;
    for (const char c : classes) blocks_.push_back(static_cast<CharClass>(c));
  }
}

CharClass UnicodeClasses::beyond_ascii(std::string_view text, size_t at, size_t& length) const {
  const auto byte = static_cast<uint8_t>(text[at]);
  const size_t want = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 0;
  length = 1;
  if (want == 0 || byte > 0xF4) return CharClass::other;
  uint32_t code = byte & (0x7F >> want);
  for (size_t i = 1; i < want; ++i) {
    if (!continues(text, at + i)) return CharClass::other;
    code = code << 6 | (static_cast<uint8_t>(text[at + i]) & 0x3F);
  }
  length = want;
  return of(code);
}

const UnicodeClasses& unicode_classes() {
  static const UnicodeClasses classes;
  return classes;
}

}  // namespace twolane::price::tokens
