// A text cut into the pieces within which a tokenizer merges bytes: each encoding's splitting
// pattern, written as a scanner.
//
// Pure. The patterns (published with OpenAI's tiktoken):
//   cl100k  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
//           | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
//   o200k   [^\r\n\p{L}\p{N}]?U*L+C?|[^\r\n\p{L}\p{N}]?U+L*C?|\p{N}{1,3}
//           | ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
//           with U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], L = [\p{Ll}\p{Lm}\p{Lo}\p{M}]
//           and C the contractions of cl100k
// One forward scan takes the place of the patterns' backtracking: linear in the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "price/tokens/unicode.h"

namespace twolane::price::tokens {

enum class Encoding : uint8_t { cl100k, o200k };

class Pieces {
 public:
  Pieces(Encoding encoding, std::string_view text)
      : classes_(unicode_classes()), encoding_(encoding), text_(text) {}

  // The next piece, empty at the end. All pieces together are the text.
  std::string_view next() {
    if (at_ >= text_.size()) return {};
    const size_t begin = at_;
    at_ = encoding_ == Encoding::o200k ? end_in_o200k(begin) : end_in_cl100k(begin);
    return text_.substr(begin, at_ - begin);
  }

 private:
  size_t end_in_cl100k(size_t begin) const;
  size_t end_in_o200k(size_t begin) const;
  size_t word_in_o200k(size_t begin) const;
  size_t ends_in_lower(size_t begin, size_t& uppers_end) const;
  size_t letters(size_t at) const;
  size_t numbers(size_t at) const;
  size_t signs(size_t at) const;
  size_t blanks(size_t begin) const;
  size_t contraction(size_t at) const;  // its length, 0 where there is none

  bool ended(size_t at) const { return at >= text_.size(); }
  CharClass look(size_t at, size_t& length) const { return classes_.at(text_, at, length); }

  const UnicodeClasses& classes_;
  Encoding encoding_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace twolane::price::tokens
