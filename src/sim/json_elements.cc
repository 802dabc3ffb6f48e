// A state machine over bytes. It follows strings and brackets; what an element means is not its
// affair.

#include "sim/json_elements.h"

namespace twolane::sim {
namespace {
bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
}  // namespace

Status JsonElements::feed(std::string_view piece) {
  for (size_t i = 0; i < piece.size(); ++i) {
    if (string_ && inside_ && !escaped_) {  // most bytes are the insides of strings of elements
      size_t stop = i;
      while (stop < piece.size() && piece[stop] != '"' && piece[stop] != '\\') ++stop;
      element_.append(piece, i, stop - i);
      i = stop;
      if (i == piece.size()) break;
    }
    CHECKED(take(piece[i]));
  }
  return {};
}

void JsonElements::in_string(char c) {
  if (inside_)
    element_ += c;
  else if (stack_.size() == 1 && c != '"')
    key_ += c;
  if (escaped_)
    escaped_ = false;
  else if (c == '\\')
    escaped_ = true;
  else if (c == '"')
    string_ = false;
}

// A bracket closes. In the array, at its own level, an element may end with it.
Status JsonElements::close(char c) {
  if (stack_.empty() || stack_.back() != (c == '}' ? '{' : '[')) {
    broken_ = true;
    return {};
  }
  stack_.pop_back();
  if (inside_ && stack_.size() == 1) {
    inside_ = false;
    if (!element_.empty()) CHECKED(see_(element_));
    element_.clear();
  } else if (inside_) {
    element_ += c;
  }
  closed_ = stack_.empty();
  return {};
}

Status JsonElements::take(char c) {
  if (string_) {
    in_string(c);
    return {};
  }
  if (closed_ && !is_blank(c)) broken_ = true;
  if (broken_) return {};
  if (c == '}' || c == ']') return close(c);
  if (inside_ && stack_.size() == 2 && c == ',') {
    CHECKED(see_(element_));
    element_.clear();
    return {};
  }
  if (c == '"') {
    string_ = true;
    if (stack_.size() == 1 && !inside_) key_.clear();
  } else if (c == '{' || c == '[') {
    const bool ours = c == '[' && stack_ == "{" && expects_value_ && key_ == member_;
    stack_ += c;
    if (ours) {
      inside_ = found_ = true;
      return {};
    }
  }
  if (stack_.empty() && !is_blank(c)) broken_ = true;
  if (stack_.size() == 1 && !inside_) expects_value_ = c == ':' || (expects_value_ && is_blank(c));
  if (inside_ && !(is_blank(c) && element_.empty())) element_ += is_blank(c) ? ' ' : c;
  return {};
}

Status JsonElements::finish() const {
  if (broken_ || !closed_) return fail("sim.json", "The request body is not valid JSON");
  if (!found_) return fail("sim.json", member_ + ": Field required");
  return {};
}

}  // namespace twolane::sim
