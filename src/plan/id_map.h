// From ids to values, with one cache miss to find and one to read.
//
// Open addressing with linear probing; erasing shifts back, so there are no tombstones. Values keep their
// addresses and lie side by side, in chunks: spread over the heap they would cost an update a miss of the
// address translation as well. A node-based map costs the planner's updates twice their time.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace twolane::plan {

template <class Tag, class T>
class IdMap {
 public:
  T* find(Id<Tag> id) {
    if (slots_.empty()) return nullptr;
    const Slot& s = slots_[place(id)];
    return s.value;
  }
  const T* find(Id<Tag> id) const { return const_cast<IdMap*>(this)->find(id); }
  // Precondition: it is there.
  T& at(Id<Tag> id) { return *find(id); }
  const T& at(Id<Tag> id) const { return *find(id); }
  bool contains(Id<Tag> id) const { return find(id) != nullptr; }
  size_t size() const { return size_; }

  // The value of `id`, made where there is none.
  T& operator[](Id<Tag> id) {
    if (slots_.size() <= size_ * 2) grow();
    Slot& s = slots_[place(id)];
    if (!s.value) {
      s = {id, take()};
      ++size_;
    }
    return *s.value;
  }

  void erase(Id<Tag> id) {
    if (slots_.empty()) return;
    size_t hole = place(id);
    if (!slots_[hole].value) return;
    *slots_[hole].value = T();
    free_.push_back(slots_[hole].value);
    slots_[hole].value = nullptr;
    --size_;
    const size_t mask = slots_.size() - 1;
    for (size_t next = (hole + 1) & mask; slots_[next].value; next = (next + 1) & mask) {
      // Stays where it is if its own place lies behind the hole.
      if (((next - home(slots_[next].id)) & mask) < ((next - hole) & mask)) continue;
      slots_[hole] = std::exchange(slots_[next], Slot{});
      hole = next;
    }
  }

 private:
  struct Slot {
    Id<Tag> id;
    T* value = nullptr;  // none: the slot is free
  };
  static constexpr size_t chunk = 64;
  T* take() {
    if (free_.empty()) {
      chunks_.push_back(std::make_unique<T[]>(chunk));
      for (size_t i = chunk; i > 0; --i) free_.push_back(&chunks_.back()[i - 1]);
    }
    T* const value = free_.back();
    free_.pop_back();
    return value;
  }
  size_t home(Id<Tag> id) const {
    return static_cast<size_t>((id.n * 0x9E3779B97F4A7C15ull) >> 20) & (slots_.size() - 1);
  }
  size_t place(Id<Tag> id) const {
    size_t i = home(id);
    while (slots_[i].value && slots_[i].id != id) i = (i + 1) & (slots_.size() - 1);
    return i;
  }
  void grow() {
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 16 : slots_.size() * 2));
    for (Slot& s : old)
      if (s.value) slots_[place(s.id)] = s;
  }

  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<T*> free_;
  size_t size_ = 0;
};

}  // namespace twolane::plan
