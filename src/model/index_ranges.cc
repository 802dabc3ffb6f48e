#include "model/index_ranges.h"

#include <algorithm>
#include <charconv>

namespace twolane {
namespace {

// A number at the beginning of `text`, which is taken off it.
std::optional<int64_t> take_number(std::string_view& text) {
  int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || n < 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return n;
}

}  // namespace

void IndexRanges::add(IndexRange range) {
  if (range.from < 0 || range.to < range.from) return;
  const auto begins_after = [](const IndexRange& r, int64_t from) { return r.to < from - 1; };
  const auto first = std::lower_bound(ranges_.begin(), ranges_.end(), range.from, begins_after);
  auto last = first;
  for (; last != ranges_.end() && last->from - 1 <= range.to; ++last) {
    range.from = std::min(range.from, last->from);
    range.to = std::max(range.to, last->to);
  }
  if (first == last) {
    ranges_.insert(first, range);
  } else {
    *first = range;
    ranges_.erase(first + 1, last);
  }
}

void IndexRanges::remove(int64_t index) {
  const auto ends_before = [](const IndexRange& r, int64_t i) { return r.to < i; };
  const auto at = std::lower_bound(ranges_.begin(), ranges_.end(), index, ends_before);
  if (at == ranges_.end() || at->from > index) return;
  const IndexRange behind{index + 1, at->to};
  at->to = index - 1;
  const bool nothing_before = at->to < at->from;
  if (behind.from > behind.to) {
    if (nothing_before) ranges_.erase(at);
  } else if (nothing_before) {
    *at = behind;
  } else {
    ranges_.insert(at + 1, behind);
  }
}

bool IndexRanges::contains(int64_t index) const {
  const auto ends_before = [](const IndexRange& r, int64_t i) { return r.to < i; };
  const auto at = std::lower_bound(ranges_.begin(), ranges_.end(), index, ends_before);
  return at != ranges_.end() && at->from <= index;
}

int64_t IndexRanges::count() const {
  int64_t n = 0;
  for (const IndexRange& r : ranges_) n += r.to - r.from + 1;
  return n;
}

std::string IndexRanges::text() const {
  std::string out;
  for (const IndexRange& r : ranges_) {
    if (!out.empty()) out += ',';
    out += std::to_string(r.from);
    if (r.to > r.from) out += '-' + std::to_string(r.to);
  }
  return out;
}

std::optional<IndexRanges> IndexRanges::parse(std::string_view text) {
  IndexRanges out;
  while (!text.empty()) {
    const auto from = take_number(text);
    if (!from) return std::nullopt;
    auto to = from;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      to = take_number(text);
    }
    if (!to || *to < *from) return std::nullopt;
    out.add({*from, *to});
    if (text.empty()) break;
    if (text.front() != ',' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace twolane
