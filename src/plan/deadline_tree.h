// Work by deadline, and the latest moment at which its drain may start.
//
// With need(d) the drain time booked for everything due by d, what is due can still be rescued as long
// as now <= min over d of (d - need(d)), taking the earliest deadline first. The tree keeps that minimum
// while work comes and goes: a segment tree over buckets of deadlines; an update walks one path from a
// leaf to the root, and the root is the answer.
//
// Units: drain time in integer microseconds, so that what is added and taken away again cancels exactly.
// Deadlines are rounded down to their bucket: never late, at most one bucket early.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"

namespace twolane::plan {

class DeadlineTree {
 public:
  static constexpr Time never{std::numeric_limits<int64_t>::max() / 4};

  // 65,536 buckets of 4 s span three days; what is due later waits outside of the tree.
  explicit DeadlineTree(Duration bucket = seconds(4), int levels = 16);

  // Books (or, negative, gives back) drain time for work due at `due`. The first booking needs a move_to
  // before it: without one everything seems far away.
  void add(Time due, int64_t need_us);

  // The latest safe start over everything booked; `never` where nothing is.
  Time latest_start() const { return nodes_.empty() ? never : start_of(nodes_[1]); }
  // The same over deadlines at or after `due`; what is due earlier is in their way and counts.
  Time latest_start_from(Time due) const;
  // The last deadline (as its bucket's end) that must start by `at`.
  std::optional<Time> last_starting_by(Time at) const;
  // Drain time booked for deadlines up to and including `due`.
  int64_t need_by(Time due) const;

  // To be called as time passes: keeps the span ahead of `now`. Work past due stays, due at once.
  // O(1) while nothing is booked, else one rebuild in half the span.
  void move_to(Time now);

 private:
  struct Node {
    int64_t need = 0;                // of all leaves below, us
    int64_t start = unbooked;        // min of deadline - need of the leaves up to it, us from base
  };
  // Far beyond every deadline, and still that when all that can be booked is taken off it.
  static constexpr int64_t unbooked = std::numeric_limits<int64_t>::max() / 2;
  static bool is_booked(int64_t start) { return start < unbooked / 2; }

  static Node joined(const Node& l, const Node& r) { return {l.need + r.need, std::min(l.start, r.start - l.need)}; }
  Time start_of(const Node& n) const {
    return !is_booked(n.start) ? never : Time{base_.ms + (n.start >= 0 ? n.start / 1000 : (n.start - 999) / 1000)};
  }
  int64_t bucket_of(Time due) const {
    const int64_t b = (due - base_).ms / bucket_.ms;
    return b < 0 ? 0 : b;
  }
  void put(int64_t leaf, int64_t need_us);
  void build();

  Duration bucket_;
  int64_t leaves_;
  Time base_;
  int64_t booked_ = 0;              // leaves in use
  std::vector<Node> nodes_;         // heap order, leaves from leaves_; empty until first used
  std::map<Time, int64_t> far_;     // beyond the span
};

}  // namespace twolane::plan
