// Lines that lie whole in one piece are views of it; only those that cross pieces are copied.
#include "wire/jsonl.h"

#include <algorithm>
#include <cstring>

namespace twolane::wire {

namespace {
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
}

std::optional<Line> LineSplitter::next() {
  if (carried_given_) {
    carried_.clear();
    carried_given_ = false;
  }
  if (piece_.empty()) return std::nullopt;
  const void* found = std::memchr(piece_.data(), '\n', piece_.size());
  if (!found) {
    carry(piece_);
    piece_ = {};
    return std::nullopt;
  }
  const auto n = static_cast<size_t>(static_cast<const char*>(found) - piece_.data());
  const std::string_view rest = piece_.substr(0, n);
  piece_.remove_prefix(n + 1);
  if (carried_length_ == 0) return make_line(rest, static_cast<int64_t>(rest.size()), true);
  carry(rest);
  return make_line(carried_, carried_length_, true);
}

std::optional<Line> LineSplitter::finish() {
  if (carried_given_ || carried_length_ == 0) return std::nullopt;
  if (lines_ == 0 && carried_ == byte_order_mark) return std::nullopt;
  return make_line(carried_, carried_length_, false);
}

void LineSplitter::carry(std::string_view bytes) {
  if (bytes.empty()) return;
  // One byte more than the limit may be a \r that belongs to the end, three may be a byte order
  // mark.
  const size_t room = limit_ + 1 + byte_order_mark.size() - carried_.size();
  carried_.append(bytes.substr(0, room));
  carried_length_ += static_cast<int64_t>(bytes.size());
  carried_last_ = bytes.back();
}

Line LineSplitter::make_line(std::string_view text, int64_t length, bool ended) {
  Line line;
  line.number = ++lines_;
  line.offset = offset_;
  line.ended = ended;
  offset_ += length + (ended ? 1 : 0);
  const bool crossed = carried_length_ > 0;
  const char last = crossed ? carried_last_ : (text.empty() ? '\0' : text.back());
  if (last == '\r') {
    --length;
    text = text.substr(
        0, static_cast<size_t>(std::min<int64_t>(length, static_cast<int64_t>(text.size()))));
  }
  if (line.number == 1 && text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
    line.offset += static_cast<int64_t>(byte_order_mark.size());
    length -= static_cast<int64_t>(byte_order_mark.size());
  }
  line.length = length;
  line.too_long = length > static_cast<int64_t>(limit_);
  line.text = text.substr(0, limit_);
  carried_given_ = crossed;
  carried_length_ = 0;
  return line;
}

}  // namespace twolane::wire
