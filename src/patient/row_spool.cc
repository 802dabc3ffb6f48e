// Entries are of fixed size, so that any of them can be looked up by its index.
#include "patient/row_spool.h"

#include <algorithm>

namespace twolane::patient {
namespace {

constexpr int64_t read_ahead = 4096;  // entries

int64_t place(int64_t index) { return index * static_cast<int64_t>(sizeof(RowSpool::Entry)); }

}  // namespace

Status RowSpool::add(const Entry& entry) {
  entries_.push_back(entry);
  if (entries_.size() < most_) return {};
  CHECKED(rows_.append(entries_.data(), entries_.size() * sizeof(Entry)));
  spilled_ += static_cast<int64_t>(entries_.size());
  entries_.clear();
  return {};
}

Status RowSpool::set_aside(int64_t offset, int64_t line, std::string_view reason) {
  const uint64_t size = reason.size();
  CHECKED(reasons_.append(&size, sizeof size));
  CHECKED(reasons_.append(reason.data(), reason.size()));
  Entry entry;
  entry.offset = offset;
  entry.line = line;
  entry.shape = -1;
  return add(entry);
}

Result<RowSpool::Entry> RowSpool::at(int64_t index) const {
  if (index >= spilled_) return entries_[static_cast<size_t>(index - spilled_)];
  Entry entry;
  CHECKED(rows_.read(place(index), &entry, sizeof entry));
  return entry;
}

Result<RowSpool::Entry> RowSpool::Reader::next(std::string& reason) {
  const int64_t index = index_++;
  Entry entry;
  if (index >= spool_.spilled_) {
    entry = spool_.entries_[static_cast<size_t>(index - spool_.spilled_)];
  } else {
    if (buffer_.empty() || index == buffer_at_ + static_cast<int64_t>(buffer_.size())) {
      buffer_at_ = index;
      buffer_.resize(static_cast<size_t>(std::min(read_ahead, spool_.spilled_ - index)));
      CHECKED(spool_.rows_.read(place(index), buffer_.data(), buffer_.size() * sizeof(Entry)));
    }
    entry = buffer_[static_cast<size_t>(index - buffer_at_)];
  }
  reason.clear();
  if (entry.shape >= 0) return entry;
  uint64_t size = 0;
  CHECKED(spool_.reasons_.read(reason_at_, &size, sizeof size));
  reason.resize(size);
  CHECKED(
      spool_.reasons_.read(reason_at_ + static_cast<int64_t>(sizeof size), reason.data(), size));
  reason_at_ += static_cast<int64_t>(sizeof size + size);
  return entry;
}

}  // namespace twolane::patient
