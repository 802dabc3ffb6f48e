// How many tokens a text has where no table of tokens is at hand: an estimate with a stated error.
//
// Pure. A text is described by counts of what tokenizers cut it into (words by script and length,
// numbers, signs, blanks); a model family has a weight for each. The descriptions of several texts
// add up. Weights and errors come from scripts/calibrate_tokens.py, which fits them to exact
// counts; how is said in docs/quotes.md. Real usage improves them: see Correction.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace twolane::price::tokens {

enum class Feature : uint8_t {
  word,           // pieces with ASCII letters only
  long_letter,    // their letters beyond the fifth
  longer_letter,  // beyond the tenth
  glued_word,     // of these words, without a blank or sign before
  capital,        // their capital letters beyond the first
  number,         // pieces of up to three digits
  sign,           // pieces of ASCII punctuation
  more_sign,      // their bytes beyond the first
  blank,          // pieces of blanks
  more_blank,     // their bytes beyond the first
  latin_word,     // words with Latin letters beyond ASCII
  latin_letter,   // their letters, ASCII or not
  cyrillic_word,
  cyrillic_letter,
  greek_letter,
  semitic_letter,  // Hebrew, Arabic and their relatives
  indic_letter,    // Devanagari to Sinhala, with their marks
  thai_letter,     // Thai, Lao, Burmese, Khmer
  han,
  kana,
  hangul,
  other_letter,
  other_sign,  // symbols and emoji beyond ASCII
};
inline constexpr int feature_count = 23;

class Features {
 public:
  void add(std::string_view text);
  void add(const Features& more);
  int64_t of(Feature f) const { return n_[static_cast<size_t>(f)]; }

 private:
  void add_word(std::string_view piece);
  void add_signs(std::string_view piece);
  int64_t& at(Feature f) { return n_[static_cast<size_t>(f)]; }

  std::array<int64_t, feature_count> n_{};
};

// Models whose tokenizers are alike.
enum class Family : uint8_t { o200k, cl100k, claude, gemini, other };
std::string_view name_of(Family family);
// By the model's own name ("gpt-5.4-mini", "claude-haiku-4.5"), whoever sells it.
Family family_of(std::string_view model);

int64_t estimate(Family family, const Features& features);
// The error to state for a whole input, in thousandths: nine in ten of the data sets and languages
// lie within it. Larger the less of the text is ASCII words.
int64_t error_thousandths(Family family, const Features& features);

// What real usage has taught of one model: reported tokens against estimated ones. Sums, so that
// two corrections add up. Old evidence fades: once `estimated` passes a limit both are halved.
struct Correction {
  int64_t requests = 0;
  int64_t estimated = 0, reported = 0;  // tokens
  int64_t deviation = 0;                // the sum of |reported - estimated x factor at the time|

  void learn(int64_t estimated_tokens, int64_t reported_tokens);
  // The estimate with what was learned in it; unchanged with no evidence. Evidence counts by its
  // tokens against a prior of 2,000.
  int64_t corrected(int64_t estimated_tokens) const;
  // The error to state, given the family's: narrower with evidence, never under 5 thousandths.
  int64_t error(int64_t family_thousandths) const;
};

}  // namespace twolane::price::tokens
