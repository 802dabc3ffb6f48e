// A plain recursive descent over JSON that remembers only where it is.
#include "wire/json_fault.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "wire/utf8.h"

namespace twolane::wire {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::optional<JsonFault> run() {
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    if (value(0)) {
      skip_space();
      if (at_ < text_.size()) fault("nothing may follow the value");
    }
    return fault_;
  }

 private:
  // All of these return false once there is a fault.
  bool fault(std::string_view expected) { return fault_at(at_, expected); }
  bool fault_at(size_t offset, std::string_view expected) {
    fault_ = {offset, expected};
    return false;
  }

  bool at_end() const { return at_ >= text_.size(); }
  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool eat(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (!at_end() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  bool value(int depth) {
    skip_space();
    if (at_end()) return fault("expected a value, but the text ends here");
    switch (text_[at_]) {
      case '{':
        return depth < max_json_depth ? object(depth + 1) : fault("nested too deeply");
      case '[':
        return depth < max_json_depth ? array(depth + 1) : fault("nested too deeply");
      case '"':
        return string();
      case 't':
        return word("true", "expected true");
      case 'f':
        return word("false", "expected false");
      case 'n':
        return word("null", "expected null");
      default:
        break;
    }
    if (is_digit(text_[at_]) || text_[at_] == '-') return number();
    return fault("expected a value");
  }

  bool object(int depth) {
    ++at_;
    skip_space();
    if (eat('}')) return true;
    while (true) {
      skip_space();
      if (!next_is('"'))
        return fault(at_end() ? "the text ends inside an object" : "expected a quoted name");
      if (!string()) return false;
      skip_space();
      if (!eat(':'))
        return fault(at_end() ? "the text ends inside an object" : "expected ':' after the name");
      if (!value(depth)) return false;
      skip_space();
      if (eat('}')) return true;
      if (!eat(','))
        return fault(at_end() ? "the text ends inside an object" : "expected ',' or '}'");
    }
  }

  bool array(int depth) {
    ++at_;
    skip_space();
    if (eat(']')) return true;
    while (true) {
      if (!value(depth)) return false;
      skip_space();
      if (eat(']')) return true;
      if (!eat(','))
        return fault(at_end() ? "the text ends inside an array" : "expected ',' or ']'");
    }
  }

  bool word(std::string_view all, std::string_view expected) {
    if (!text_.substr(at_).starts_with(all)) return fault(expected);
    at_ += all.size();
    return true;
  }

  bool number() {
    const size_t start = at_;
    eat('-');
    if (eat('0')) {
      if (!at_end() && is_digit(text_[at_])) return fault("a number does not begin with 0");
    } else if (!digits()) {
      return false;
    }
    if (eat('.') && !digits()) return false;
    if (next_is('e') || next_is('E')) {
      ++at_;
      if (!eat('+')) eat('-');
      if (!digits()) return false;
    }
    const std::string copy(text_.substr(start, at_ - start));
    return std::isinf(std::strtod(copy.c_str(), nullptr))
               ? fault_at(start, "the number is too large")
               : true;
  }

  bool digits() {
    if (at_end() || !is_digit(text_[at_])) return fault("expected a digit");
    while (!at_end() && is_digit(text_[at_])) ++at_;
    return true;
  }

  bool string() {
    ++at_;
    while (true) {
      if (at_end()) return fault("the text ends inside a string");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape()) return false;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        return fault("a control character in a string must be escaped");
      } else if (static_cast<unsigned char>(c) < 0x80) {
        ++at_;
      } else {
        const size_t length = utf8_length_at(text_, at_);
        if (length == 0) return fault("invalid UTF-8");
        at_ += length;
      }
    }
  }

  bool escape() {
    const size_t start = at_++;
    if (at_end()) return fault("the text ends inside a string");
    if (std::string_view("\"\\/bfnrt").find(text_[at_]) != std::string_view::npos) {
      ++at_;
      return true;
    }
    if (!eat('u')) return fault_at(start, "unknown escape");
    int unit = 0;
    if (!four_hex(unit)) return false;
    if (unit < 0xD800 || unit > 0xDFFF) return true;
    constexpr std::string_view half = "half of a surrogate pair";
    if (unit > 0xDBFF || !eat('\\') || !eat('u')) return fault_at(start, half);
    if (!four_hex(unit)) return false;
    return unit >= 0xDC00 && unit <= 0xDFFF ? true : fault_at(start, half);
  }

  bool four_hex(int& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_end() ? '?' : text_[at_];
      const int letter = (c | 0x20) - 'a';
      if (!is_digit(c) && (letter < 0 || letter > 5)) return fault("expected four hex digits");
      unit = unit * 16 + (is_digit(c) ? c - '0' : letter + 10);
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::optional<JsonFault> fault_;
};

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text) { return Walk(text).run(); }

Error error_at(std::string code, std::string message, std::string_view text, size_t offset,
               std::string why) {
  constexpr size_t before = 17, after = 15;  // fits a terminal beside file, line and column
  offset = std::min(offset, text.size());
  const size_t line_break = text.substr(0, offset).rfind('\n');
  const size_t line_start = line_break == text.npos ? 0 : line_break + 1;
  size_t line_end = std::min(text.find('\n', offset), text.size());
  if (line_end < text.size() && line_end > line_start && text[line_end - 1] == '\r' &&
      line_end > offset)
    --line_end;

  size_t from = offset - line_start > before ? offset - before : line_start;
  while (from > line_start && from < offset && is_utf8_continuation(text[from])) ++from;
  size_t to = std::min(line_end, offset + after);
  while (to < line_end && to > offset && is_utf8_continuation(text[to])) --to;

  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.why = std::move(why);
  e.where.line =
      1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(line_start), '\n');
  e.where.column = static_cast<int64_t>(offset - line_start) + 1;
  if (from > line_start) e.excerpt = "...";
  e.excerpt_caret = static_cast<int64_t>(e.excerpt.size() + (offset - from));
  for (size_t i = from; i < to;) {
    const size_t length = utf8_length_at(text, i);
    const bool printable = static_cast<unsigned char>(text[i]) >= 0x20 && text[i] != 0x7f;
    if (length == 0 || !printable)
      e.excerpt +=
          text[i] == '\t' ? ' ' : '?';  // one byte for one: the caret stays where it points
    else
      e.excerpt += text.substr(i, length);
    i += length == 0 ? 1 : length;
  }
  return e;
}

}  // namespace twolane::wire
