// Names follow the patterns: a word may begin with one sign or blank, numbers come in threes, signs
// take line ends with them, and the last blank before a word belongs to the word.
#include "price/tokens/pieces.h"

namespace twolane::price::tokens {
namespace {

constexpr size_t none = static_cast<size_t>(-1);

constexpr bool is_letter(CharClass c) {
  return c == CharClass::upper || c == CharClass::lower || c == CharClass::other_letter;
}
constexpr bool is_word(CharClass c) { return is_letter(c) || c == CharClass::mark; }
constexpr bool is_blank(CharClass c) { return c == CharClass::space || c == CharClass::newline; }
constexpr bool is_sign(CharClass c) { return c == CharClass::other || c == CharClass::mark; }

constexpr bool is_ascii_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

size_t Pieces::contraction(size_t at) const {
  if (at + 1 >= text_.size() || text_[at] != '\'') return 0;
  const std::string_view rest = text_.substr(at + 1);
  if (rest.starts_with("\u017F")) return 3;  // the long s is an s where case does not count
  const char a = lower(rest[0]);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  const char b = rest.size() > 1 ? lower(rest[1]) : '\0';
  const bool two = ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l');
  return two ? 3 : 0;
}

size_t Pieces::letters(size_t at) const {
  for (size_t n = 0; !ended(at) && is_letter(look(at, n)); at += n) {
  }
  return at;
}

size_t Pieces::numbers(size_t at) const {
  size_t n = 0;
  for (int i = 0; i < 3 && !ended(at) && look(at, n) == CharClass::number; ++i) at += n;
  return at;
}

size_t Pieces::signs(size_t at) const {
  size_t n = 0;
  for (; !ended(at) && is_sign(look(at, n)); at += n) {
  }
  while (!ended(at) && (text_[at] == '\r' || text_[at] == '\n' ||
                        (text_[at] == '/' && encoding_ == Encoding::o200k)))
    ++at;
  return at;
}

// \s*[\r\n]+ | \s+(?!\S) | \s+
size_t Pieces::blanks(size_t begin) const {
  size_t at = begin, last = begin, after_newline = none, n = 0;
  while (!ended(at)) {
    const CharClass c = look(at, n);
    if (!is_blank(c)) break;
    last = at;
    at += n;
    if (c == CharClass::newline) after_newline = at;
  }
  if (after_newline != none) return after_newline;
  return ended(at) || last == begin ? at : last;
}

size_t Pieces::end_in_cl100k(size_t begin) const {
  if (const size_t short_form = contraction(begin)) return begin + short_form;
  size_t n = 0, after = 0;
  const CharClass first = look(begin, n);
  if (is_letter(first)) return letters(begin);
  if (first == CharClass::number) return numbers(begin);
  if (first == CharClass::newline) return blanks(begin);
  const size_t second = begin + n;
  const CharClass then = ended(second) ? CharClass::newline : look(second, after);
  if (is_letter(then)) return letters(second);
  if (is_sign(first)) return signs(begin);
  if (text_[begin] == ' ' && is_sign(then)) return signs(second);
  return blanks(begin);
}

// U*L+ from `begin`: its end, or none. Where it fails `uppers_end` is the end of U*, which then
// holds upper-case letters only.
size_t Pieces::ends_in_lower(size_t begin, size_t& uppers_end) const {
  size_t at = begin, last_of_both = none, n = 0;
  CharClass c = CharClass::newline;
  while (!ended(at)) {
    c = look(at, n);
    if (c != CharClass::upper && c != CharClass::other_letter && c != CharClass::mark) break;
    at += n;
    if (c != CharClass::upper) last_of_both = at;
  }
  uppers_end = at;
  if (ended(at) || c != CharClass::lower) return last_of_both;
  for (; !ended(at); at += n) {
    while (!ended(at) && is_ascii_lower(text_[at])) ++at;  // most words are nothing else
    if (ended(at)) break;
    c = look(at, n);
    if (c != CharClass::lower && c != CharClass::other_letter && c != CharClass::mark) break;
  }
  return at;
}

// The first two alternatives behind their optional sign. Requires a letter or mark at `begin`.
size_t Pieces::word_in_o200k(size_t begin) const {
  size_t uppers_end = begin;
  const size_t end = ends_in_lower(begin, uppers_end);
  return end == none ? uppers_end : end;
}

size_t Pieces::end_in_o200k(size_t begin) const {
  size_t n = 0, after = 0;
  const CharClass first = look(begin, n);
  if (first == CharClass::number) return numbers(begin);
  if (first == CharClass::newline) return blanks(begin);
  const size_t second = begin + n;
  const CharClass then = ended(second) ? CharClass::newline : look(second, after);
  size_t end = none;
  if (is_letter(first)) {
    end = word_in_o200k(begin);
  } else if (first == CharClass::mark) {
    // A mark is a sign before a word, and a letter of one.
    size_t uppers_end = 0;
    if (is_word(then)) end = ends_in_lower(second, uppers_end);
    if (end == none) end = word_in_o200k(begin);
  } else if (is_word(then)) {
    end = word_in_o200k(second);
  }
  if (end != none) return end + contraction(end);
  if (first == CharClass::other) return signs(begin);
  if (text_[begin] == ' ' && is_sign(then)) return signs(second);
  return blanks(begin);
}

}  // namespace twolane::price::tokens
