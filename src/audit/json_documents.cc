// Records out of JSON by brackets and quotes.
#include "audit/json_documents.h"

#include <algorithm>
#include <array>

namespace twolane::audit {

bool is_envelope(std::string_view member) {
  constexpr std::array names = {std::string_view("data"),    std::string_view("resourceSpans"),
                                std::string_view("resource_spans"), std::string_view("logEvents"),
                                std::string_view("records"), std::string_view("rows"),
                                std::string_view("logs"),    std::string_view("requests"),
                                std::string_view("observations"), std::string_view("items")};
  return std::find(names.begin(), names.end(), member) != names.end();
}

void JsonDocuments::carry(size_t end) {
  const auto bytes = piece_.substr(begin_, end - begin_);
  const size_t room = limit_ - std::min(limit_, carried_.size());
  if (bytes.size() > room) too_long_ = true;
  carried_.append(bytes.substr(0, room));
}

void JsonDocuments::begin_record() {
  state_ = State::record;
  begin_ = at_;
  record_line_ = line_;
  depth_ = 1;
  quoted_ = escaped_ = naming_ = named_ = too_long_ = false;
  name_.clear();
  carried_.clear();
}

std::optional<JsonDocument> JsonDocuments::end_record(size_t end) {
  JsonDocument d;
  d.line = record_line_;
  if (carried_.empty() && end - begin_ <= limit_) {
    d.text = piece_.substr(begin_, end - begin_);
  } else {
    carry(end);
    d.text = carried_;
    d.too_long = too_long_;
    carried_given_ = true;
  }
  state_ = State::between;
  return d;
}

// The record turned out to be the envelope of a list: forget it.
void JsonDocuments::leave_for_list() {
  carried_.clear();
  list_ = wrapped_ = true;
  state_ = State::between;
}

std::optional<JsonDocument> JsonDocuments::lose() {
  JsonDocument d;
  d.line = line_;
  d.cut = true;
  d.text = piece_.substr(at_, std::min<size_t>(80, piece_.size() - at_));
  state_ = State::lost;
  return d;
}

// To the byte after the closing quote; false where the piece ends first.
bool JsonDocuments::skip_string() {
  const bool keep = naming_;
  for (; at_ < piece_.size(); ++at_) {
    const char c = piece_[at_];
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      quoted_ = false;
      if (keep) naming_ = false, named_ = true;
      ++at_;
      return true;
    }
    if (keep && name_.size() < 64) name_ += c;
    if (c == '\n') ++line_;
  }
  return false;
}

std::optional<JsonDocument> JsonDocuments::next() {
  if (carried_given_) carried_.clear(), carried_given_ = false;
  while (at_ < piece_.size()) {
    if (quoted_) {
      if (!skip_string()) break;
      continue;
    }
    const char c = piece_[at_];
    if (c == '\n') ++line_;
    switch (state_) {
      case State::lost:
        if (c == '\n') state_ = State::between;
        break;
      case State::between:
        if (c == '{') begin_record();
        else if (c == '[' && !list_) list_ = true;
        else if (c == ']' && list_) {
          list_ = false;
          if (wrapped_) state_ = State::envelope, depth_ = 1;
          wrapped_ = false;
        } else if (static_cast<unsigned char>(c) > ' ' && c != ',' && c != '\x1e') {
          return lose();
        }
        break;
      case State::record:
      case State::envelope:
        if (c == '"') {
          quoted_ = true;
          if (depth_ == 1 && !list_ && state_ == State::record) naming_ = true, name_.clear();
        } else if (c == '{' || c == '[') {
          if (c == '[' && depth_ == 1 && named_ && !list_ && is_envelope(name_)) leave_for_list();
          else ++depth_;
        } else if ((c == '}' || c == ']') && --depth_ == 0) {
          ++at_;
          if (state_ == State::record) return end_record(at_);
          state_ = State::between;
          continue;
        } else if (c == ',') {
          named_ = false;
        }
        break;
    }
    ++at_;
  }
  if (state_ == State::record) carry(piece_.size());
  begin_ = 0;
  piece_ = {};
  at_ = 0;
  return std::nullopt;
}

std::optional<JsonDocument> JsonDocuments::finish() {
  if (state_ != State::record) return std::nullopt;
  state_ = State::between;
  JsonDocument d;
  d.text = carried_;
  d.line = record_line_;
  d.cut = true;
  return d;
}

}  // namespace twolane::audit
