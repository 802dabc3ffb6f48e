// One byte at a time, with the few states that lie around and inside of an element.
#include "patient/array_elements.h"

#include <algorithm>

#include "wire/json_fault.h"

namespace twolane::patient {

std::optional<ArrayElement> ArrayElements::next() {
  if (carried_given_) {
    std::string().swap(carried_);
    carried_given_ = false;
  }
  if (state_ == State::broken) return std::nullopt;
  for (; at_ < piece_.size(); ++at_) {
    const char c = piece_[at_];
    auto found = state_ == State::in_element ? inside(c, at_) : step(c, at_);
    if (c == '\n') newline(at_);
    if (found) {
      ++at_;
      return found;
    }
  }
  if (state_ == State::in_element && carried_.size() <= limit_)
    carried_.append(piece_.substr(begin_, limit_ + 1 - carried_.size()));
  begin_ = 0;
  piece_offset_ += static_cast<int64_t>(piece_.size());
  piece_ = {};
  at_ = 0;
  return std::nullopt;
}

std::optional<ArrayElement> ArrayElements::finish() {
  if (carried_given_) {
    std::string().swap(carried_);
    carried_given_ = false;
  }
  if (state_ == State::end || state_ == State::broken) return std::nullopt;
  if (state_ != State::in_element) return broken(0, "the text ends before the array does");
  state_ = State::broken;
  // The place is inside of the element: find it there, lines counted from where the element began.
  const auto place = wire::find_json_fault(carried_);
  fault_ = wire::error_at("input.json", "", carried_, place ? place->offset : carried_.size(),
                          std::string(place ? place->expected : "the element never ends"));
  if (fault_.where.line == 1) fault_.where.column += element_.column - 1;
  fault_.where.line += element_.line - 1;
  element_.text = carried_;
  element_.fault = &fault_;
  return element_;
}

std::optional<ArrayElement> ArrayElements::step(char c, size_t at) {
  if (state_ == State::in_key) {
    if (c != '"') {
      if (key_.size() < 16) key_ += c;
      return std::nullopt;
    }
    if (key_ != "requests") return broken(at, "expected \"requests\" and nothing else");
    state_ = State::colon;
    return std::nullopt;
  }
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return std::nullopt;
  const auto token = [&](char wanted, State then, std::string_view expected) {
    if (c != wanted) return broken(at, expected);
    state_ = then;
    return std::optional<ArrayElement>();
  };
  switch (state_) {
    case State::file:
      if (c == '\xEF' || c == '\xBB' || c == '\xBF') return std::nullopt;  // a byte order mark
      return token('{', State::key, "expected {");
    case State::key:
      return token('"', State::in_key, "expected \"requests\"");
    case State::colon:
      return token(':', State::array, "expected a colon");
    case State::array:
      return token('[', State::first_element, "expected an array");
    case State::after_element:
      if (c == ',') {
        state_ = State::next_element;
        return std::nullopt;
      }
      return token(']', State::after_array, "expected a comma or the end of the array");
    case State::after_array:
      return token('}', State::end, "expected } after the array");
    case State::first_element:
      if (c == ']') {
        state_ = State::after_array;
        return std::nullopt;
      }
      [[fallthrough]];
    case State::next_element: {
      if (c != '{') return broken(at, "expected an object");
      state_ = State::in_element;
      element_ = {};
      element_.offset = piece_offset_ + static_cast<int64_t>(at);
      element_.line = line_;
      element_.column = element_.offset - line_begin_ + 1;
      begin_ = at;
      depth_ = 1;
      return std::nullopt;
    }
    default:
      return broken(at, "nothing may follow the value");
  }
}

std::optional<ArrayElement> ArrayElements::inside(char c, size_t at) {
  if (quoted_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      quoted_ = false;
    return std::nullopt;
  }
  if (c == '"') quoted_ = true;
  if (c == '{' || c == '[') ++depth_;
  if ((c != '}' && c != ']') || --depth_ > 0) return std::nullopt;
  state_ = State::after_element;
  const std::string_view here = piece_.substr(begin_, at + 1 - begin_);
  element_.text = here;
  if (!carried_.empty()) {
    if (carried_.size() <= limit_) carried_.append(here.substr(0, limit_ + 1 - carried_.size()));
    carried_given_ = true;
    element_.text = carried_;
  }
  element_.too_long = element_.text.size() > limit_;
  element_.text = element_.text.substr(0, limit_);
  return element_;
}

std::optional<ArrayElement> ArrayElements::broken(size_t at, std::string_view expected) {
  state_ = State::broken;
  fault_ = wire::error_at("input.json", "", piece_, at, std::string(expected));
  fault_.where.line = line_;
  fault_.where.column = piece_offset_ + static_cast<int64_t>(at) - line_begin_ + 1;
  element_ = {};
  element_.line = line_;
  element_.offset = piece_offset_ + static_cast<int64_t>(at);
  element_.text = piece_.substr(std::min(at, piece_.size()), 4096);
  element_.fault = &fault_;
  return element_;
}

}  // namespace twolane::patient
