// One buffer slides over the source and grows only for a line that is longer than it.

#include "sim/lines.h"

#include <cstring>

namespace twolane::sim {
namespace {
constexpr size_t window = 1 << 20;
}

Lines::Lines(std::shared_ptr<const wire::ByteSource> source)
    : source_(std::move(source)),
      buffer_(new char[window + simdjson::SIMDJSON_PADDING]),
      capacity_(window) {
  std::memset(buffer_.get() + capacity_, 0, simdjson::SIMDJSON_PADDING);
}

// Moves the unread rest to the front (into a larger buffer if it fills this one) and reads on.
Status Lines::fill() {
  const size_t rest = end_ - from_;
  if (rest == capacity_) {
    std::unique_ptr<char[]> larger(new char[2 * capacity_ + simdjson::SIMDJSON_PADDING]);
    std::memcpy(larger.get(), buffer_.get() + from_, rest);
    buffer_ = std::move(larger);
    capacity_ *= 2;
    std::memset(buffer_.get() + rest, 0, capacity_ + simdjson::SIMDJSON_PADDING - rest);
  } else if (from_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + from_, rest);
  }
  from_ = 0;
  end_ = rest;
  end_ += TRY(source_->read(read_, buffer_.get() + end_, capacity_ - end_));
  read_ += static_cast<int64_t>(end_ - rest);
  return {};
}

Result<bool> Lines::next(std::string_view& line) {
  size_t looked = 0;
  for (;;) {
    const char* begin = buffer_.get() + from_;
    const size_t have = end_ - from_;
    if (const void* stop = std::memchr(begin + looked, '\n', have - looked)) {
      const auto length = static_cast<size_t>(static_cast<const char*>(stop) - begin);
      line = {begin, length};
      from_ += length + 1;
      return true;
    }
    looked = have;
    const int64_t before = read_;
    CHECKED(fill());
    if (read_ != before) continue;
    if (have == 0) return false;
    line = {buffer_.get() + from_, have};  // the last line has no end
    from_ = end_;
    return true;
  }
}

}  // namespace twolane::sim
