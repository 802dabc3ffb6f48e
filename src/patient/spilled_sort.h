// Sorts any number of small records in flat memory: so many at a time, and the sorted runs go to disk,
// where they are merged while they are read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "patient/spill_file.h"

namespace twolane::patient {

template <class Entry>
class SpilledSort {
  static_assert(std::is_trivially_copyable_v<Entry>);
  struct Run {
    int64_t offset, entries;
  };

 public:
  explicit SpilledSort(std::string spill_directory, size_t run_entries = 1 << 17)
      : run_entries_(run_entries), spill_(std::move(spill_directory)) {}

  Status add(const Entry& entry) {
    ++size_;
    entries_.push_back(entry);
    return entries_.size() < run_entries_ ? Status() : end_run();
  }
  int64_t size() const { return size_; }

  // Once, after the last add() and before the first Walk.
  Status seal() {
    if (!runs_.empty()) {
      if (!entries_.empty()) CHECKED(end_run());
      std::vector<Entry>().swap(entries_);
    }
    std::sort(entries_.begin(), entries_.end());
    return {};
  }

  // Reads all of it in ascending order. There may be several, one after another or side by side.
  class Walk {
   public:
    explicit Walk(const SpilledSort& of) : of_(of) {
      for (const Run& run : of.runs_) cursors_.emplace_back(run);
    }
    // False at the end.
    Result<bool> next() {
      if (of_.runs_.empty()) return ++at_ < of_.entries_.size();
      const auto later = [this](size_t a, size_t b) {
        return cursors_[a].entry() > cursors_[b].entry();
      };
      const auto push = [&](size_t run) -> Status {
        if (!TRY(cursors_[run].next(of_.spill_))) return {};
        front_.push_back(run);
        std::push_heap(front_.begin(), front_.end(), later);
        return {};
      };
      if (!begun_) {
        begun_ = true;
        for (size_t run = 0; run < cursors_.size(); ++run) CHECKED(push(run));
      } else if (!front_.empty()) {
        std::pop_heap(front_.begin(), front_.end(), later);
        const size_t run = front_.back();
        front_.pop_back();
        CHECKED(push(run));
      }
      return !front_.empty();
    }
    const Entry& entry() const {
      return of_.runs_.empty() ? of_.entries_[at_] : cursors_[front_.front()].entry();
    }

   private:
    // Reads one run forward.
    class Cursor {
     public:
      explicit Cursor(Run run) : run_(run) {}
      Result<bool> next(const SpillFile& spill) {
        if (++at_ < buffer_.size()) return true;
        const auto n = static_cast<size_t>(std::min<int64_t>(run_.entries, 4096));
        if (n == 0) return false;
        buffer_.resize(n);
        CHECKED(spill.read(run_.offset, buffer_.data(), n * sizeof(Entry)));
        run_.offset += static_cast<int64_t>(n * sizeof(Entry));
        run_.entries -= static_cast<int64_t>(n);
        at_ = 0;
        return true;
      }
      const Entry& entry() const { return buffer_[at_]; }

     private:
      Run run_;
      std::vector<Entry> buffer_;
      size_t at_ = 0;
    };

    const SpilledSort& of_;
    size_t at_ = SIZE_MAX;  // among entries that never were on disk
    bool begun_ = false;
    std::vector<Cursor> cursors_;
    std::vector<size_t> front_;  // a heap of runs, the least entry first
  };

 private:
  Status end_run() {
    std::sort(entries_.begin(), entries_.end());
    const int64_t offset = TRY(spill_.append(entries_.data(), entries_.size() * sizeof(Entry)));
    runs_.push_back({offset, static_cast<int64_t>(entries_.size())});
    entries_.clear();
    return {};
  }

  size_t run_entries_;
  int64_t size_ = 0;
  std::vector<Entry> entries_;
  std::vector<Run> runs_;
  SpillFile spill_;
};

}  // namespace twolane::patient
