// Describing texts. The weights are in weights.cc.
#include "price/tokens/estimate.h"

#include <algorithm>
#include <cstdlib>

#include "price/tokens/pieces.h"
#include "price/tokens/weights.h"

namespace twolane::price::tokens {
namespace {

constexpr bool is_ascii_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

// The code point at the beginning of `text`, whose character has `length` bytes.
uint32_t code_point(std::string_view text, size_t length) {
  if (length <= 1) return static_cast<uint8_t>(text[0]);
  uint32_t code = static_cast<uint8_t>(text[0]) & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<uint8_t>(text[i]) & 0x3F);
  return code;
}

struct Script {
  uint32_t first, last;
  Feature feature;
};
// By blocks; what lies between them is `other_letter`.
constexpr Script scripts[] = {
    {0x80, 0x24F, Feature::latin_letter},    {0x300, 0x36F, Feature::latin_letter},
    {0x370, 0x3FF, Feature::greek_letter},   {0x400, 0x52F, Feature::cyrillic_letter},
    {0x590, 0x8FF, Feature::semitic_letter}, {0x900, 0xDFF, Feature::indic_letter},
    {0xE00, 0xEFF, Feature::thai_letter},    {0x1000, 0x109F, Feature::thai_letter},
    {0x1100, 0x11FF, Feature::hangul},       {0x1780, 0x17FF, Feature::thai_letter},
    {0x1E00, 0x1EFF, Feature::latin_letter}, {0x1F00, 0x1FFF, Feature::greek_letter},
    {0x3005, 0x3007, Feature::han},          {0x3040, 0x30FF, Feature::kana},
    {0x3400, 0x9FFF, Feature::han},          {0xAC00, 0xD7AF, Feature::hangul},
    {0xF900, 0xFAFF, Feature::han},          {0xFB1D, 0xFEFC, Feature::semitic_letter},
    {0x20000, 0x3FFFF, Feature::han},
};

Feature script_of(uint32_t code) {
  const auto* found = std::upper_bound(std::begin(scripts), std::end(scripts), code,
                                       [](uint32_t c, const Script& s) { return c <= s.last; });
  return found != std::end(scripts) && code >= found->first ? found->feature
                                                            : Feature::other_letter;
}

}  // namespace

void Features::add(const Features& more) {
  for (size_t i = 0; i < n_.size(); ++i) n_[i] += more.n_[i];
}

// Letters of a word beyond ASCII, and what its ASCII letters then count as.
void Features::add_word(std::string_view piece) {
  const auto& classes = unicode_classes();
  int64_t ascii = 0, capitals = 0, latin = 0, cyrillic = 0;
  size_t n = 0;
  for (size_t i = 0; i < piece.size(); i += n) {
    for (; i < piece.size() && static_cast<uint8_t>(piece[i]) < 0x80; ++i) {
      ascii += is_ascii_letter(piece[i]);
      capitals += piece[i] >= 'A' && piece[i] <= 'Z';
    }
    if (i == piece.size()) break;
    const CharClass c = classes.at(piece, i, n);
    if (n == 1) continue;  // no character at all
    if (c == CharClass::other || c == CharClass::space) continue;  // the sign before a word
    const Feature f = script_of(code_point(piece.substr(i), n));
    ++at(f);
    latin += f == Feature::latin_letter;
    cyrillic += f == Feature::cyrillic_letter;
  }
  if (latin > 0) {
    ++at(Feature::latin_word);
    at(Feature::latin_letter) += ascii;
    return;
  }
  if (cyrillic > 0) ++at(Feature::cyrillic_word);
  if (ascii == 0) return;
  ++at(Feature::word);
  at(Feature::long_letter) += std::max<int64_t>(0, ascii - 5);
  at(Feature::longer_letter) += std::max<int64_t>(0, ascii - 10);
  at(Feature::glued_word) += is_ascii_letter(piece[0]);
  at(Feature::capital) += std::max<int64_t>(0, capitals - 1);
}

void Features::add(std::string_view text) {
  const auto& classes = unicode_classes();
  Pieces pieces(Encoding::o200k, text);
  for (auto piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
    size_t n = 0, second = 0;
    CharClass c = classes.at(piece, 0, n);
    const bool leads = (c == CharClass::space || c == CharClass::other) && n < piece.size();
    if (leads) c = classes.at(piece, n, second);
    const auto bytes = static_cast<int64_t>(piece.size());
    switch (c) {
      case CharClass::upper:
      case CharClass::lower:
      case CharClass::other_letter:
      case CharClass::mark:
        add_word(piece);
        break;
      case CharClass::number:
        ++at(Feature::number);
        break;
      case CharClass::space:
      case CharClass::newline:
        if (!leads || piece[0] == ' ' || piece[0] == '\t' || n > 1) {
          ++at(Feature::blank);
          at(Feature::more_blank) += bytes - 1;
          break;
        }
        [[fallthrough]];  // a sign that took line ends with it
      case CharClass::other:
        add_signs(piece);
        break;
    }
  }
}

void Features::add_signs(std::string_view piece) {
  const auto beyond = std::count_if(piece.begin(), piece.end(),
                                    [](char c) { return static_cast<uint8_t>(c) >= 0xC0; });
  at(Feature::other_sign) += beyond;
  const auto ascii = std::count_if(piece.begin(), piece.end(), [](char c) { return c > ' '; });
  if (ascii == 0) return;
  ++at(Feature::sign);
  at(Feature::more_sign) += ascii - 1;
}

std::string_view name_of(Family family) {
  switch (family) {
    case Family::o200k:
      return "o200k";
    case Family::cl100k:
      return "cl100k";
    case Family::claude:
      return "claude";
    case Family::gemini:
      return "gemini";
    case Family::other:
      break;
  }
  return "other";
}

Family family_of(std::string_view model) {
  const auto has = [&](std::string_view word) { return model.find(word) != model.npos; };
  if (has("claude")) return Family::claude;
  if (has("gemini") || has("gemma")) return Family::gemini;
  if (has("text-embedding-3") || has("ada-002") || has("gpt-3.5") || has("gpt-4-") ||
      model.ends_with("gpt-4"))
    return Family::cl100k;
  const size_t slash = model.rfind('/');
  const std::string_view name = slash == model.npos ? model : model.substr(slash + 1);
  const bool reasoning = name.size() >= 2 && name[0] == 'o' && name[1] >= '1' && name[1] <= '9';
  return has("gpt-") || reasoning || has("omni-moderation") ? Family::o200k : Family::other;
}

int64_t estimate(Family family, const Features& features) {
  const Weights& w = weights_of(family);
  int64_t sum = 0;
  for (int f = 0; f < feature_count; ++f)
    sum += w.thousandths[static_cast<size_t>(f)] * features.of(static_cast<Feature>(f));
  return (sum + 500) / 1000;
}

int64_t error_thousandths(Family family, const Features& features) {
  const Weights& w = weights_of(family);
  int64_t all = 0, ascii = 0;
  for (int i = 0; i < feature_count; ++i) {
    const auto f = static_cast<Feature>(i);
    const int64_t tokens = w.thousandths[static_cast<size_t>(i)] * features.of(f);
    all += tokens;
    if (f < Feature::latin_word) ascii += tokens;
  }
  if (all == 0) return w.ascii_error;
  const __int128 beyond = static_cast<__int128>(w.other_error - w.ascii_error) * (all - ascii);
  return w.ascii_error + static_cast<int64_t>(beyond / all);
}

void Correction::learn(int64_t estimated_tokens, int64_t reported_tokens) {
  constexpr int64_t enough = 50'000'000;
  if (estimated_tokens <= 0 || reported_tokens < 0) return;
  deviation += std::abs(reported_tokens - corrected(estimated_tokens));
  ++requests;
  estimated += estimated_tokens;
  reported += reported_tokens;
  if (estimated < enough) return;
  requests /= 2, estimated /= 2, reported /= 2, deviation /= 2;
}

int64_t Correction::corrected(int64_t estimated_tokens) const {
  constexpr int64_t prior = 2'000;
  const auto scaled = static_cast<__int128>(estimated_tokens) * (reported + prior);
  return static_cast<int64_t>((scaled + (estimated + prior) / 2) / (estimated + prior));
}

int64_t Correction::error(int64_t family_thousandths) const {
  constexpr int64_t prior = 20'000, least = 5;
  if (reported <= 0) return family_thousandths;
  const __int128 seen = static_cast<__int128>(deviation) * 1000;
  const __int128 weighted = seen + static_cast<__int128>(family_thousandths) * prior;
  return std::max(least, static_cast<int64_t>(weighted / (reported + prior)));
}

}  // namespace twolane::price::tokens
