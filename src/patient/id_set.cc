// Runs are sorted by (hash, index), so that equal ids meet when the runs are merged.
#include "patient/id_set.h"

#include <algorithm>
#include <queue>

namespace twolane::patient {
namespace {

// Collects neighbours with equal hashes.
class Groups {
 public:
  explicit Groups(const std::function<Status(std::span<const int64_t>)>& give) : give_(give) {}
  Status take(uint64_t hash, int64_t index) {
    if (!same_.empty() && hash != hash_) CHECKED(end());
    hash_ = hash;
    same_.push_back(index);
    return {};
  }
  Status end() {
    if (same_.size() > 1) CHECKED(give_(same_));
    same_.clear();
    return {};
  }

 private:
  const std::function<Status(std::span<const int64_t>)>& give_;
  std::vector<int64_t> same_;
  uint64_t hash_ = 0;
};

}  // namespace

// Reads one run forward.
class IdSet::Cursor {
 public:
  Cursor(const SpillFile& spill, Run run) : spill_(&spill), run_(run) {}
  // False at the end.
  Result<bool> next() {
    if (++at_ < buffer_.size()) return true;
    const auto n = static_cast<size_t>(std::min<int64_t>(run_.entries, 4096));
    if (n == 0) return false;
    buffer_.resize(n);
    CHECKED(spill_->read(run_.offset, buffer_.data(), n * sizeof(Entry)));
    run_.offset += static_cast<int64_t>(n * sizeof(Entry));
    run_.entries -= static_cast<int64_t>(n);
    at_ = 0;
    return true;
  }
  const Entry& entry() const { return buffer_[at_]; }

 private:
  const SpillFile* spill_;
  Run run_;
  std::vector<Entry> buffer_;
  size_t at_ = 0;
};

Status IdSet::add(std::string_view id, int64_t index) {
  entries_.push_back({std::hash<std::string_view>()(id), index});
  return entries_.size() < run_entries_ ? Status() : end_run();
}

Status IdSet::end_run() {
  std::sort(entries_.begin(), entries_.end());
  const int64_t offset = TRY(spill_.append(entries_.data(), entries_.size() * sizeof(Entry)));
  runs_.push_back({offset, static_cast<int64_t>(entries_.size())});
  entries_.clear();
  return {};
}

Status IdSet::candidates(const std::function<Status(std::span<const int64_t>)>& group) {
  Groups groups(group);
  if (runs_.empty()) {
    std::sort(entries_.begin(), entries_.end());
    for (const Entry& e : entries_) CHECKED(groups.take(e.hash, e.index));
    return groups.end();
  }
  if (!entries_.empty()) CHECKED(end_run());
  std::vector<Entry>().swap(entries_);
  std::vector<Cursor> cursors;
  for (const Run& run : runs_) cursors.emplace_back(spill_, run);
  const auto later = [&](size_t a, size_t b) { return cursors[a].entry() > cursors[b].entry(); };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> front(later);
  for (size_t i = 0; i < cursors.size(); ++i)
    if (TRY(cursors[i].next())) front.push(i);
  while (!front.empty()) {
    const size_t i = front.top();
    front.pop();
    CHECKED(groups.take(cursors[i].entry().hash, cursors[i].entry().index));
    if (TRY(cursors[i].next())) front.push(i);
  }
  return groups.end();
}

}  // namespace twolane::patient
