#include "plan/deadline_tree.h"

#include <algorithm>

namespace twolane::plan {

DeadlineTree::DeadlineTree(Duration bucket, int levels) : bucket_(bucket), leaves_(int64_t{1} << levels) {}

void DeadlineTree::add(Time due, int64_t need_us) {
  if (need_us == 0) return;
  if (nodes_.empty()) nodes_.resize(static_cast<size_t>(2 * leaves_));
  const int64_t bucket = bucket_of(due);
  if (bucket >= leaves_) {
    int64_t& need = far_[due];
    need += need_us;
    if (need == 0) far_.erase(due);
    return;
  }
  put(bucket, need_us);
}

void DeadlineTree::put(int64_t bucket, int64_t need_us) {
  auto at = static_cast<size_t>(leaves_ + bucket);
  Node& leaf = nodes_[at];
  booked_ -= leaf.need != 0;
  leaf.need += need_us;
  booked_ += leaf.need != 0;
  leaf.start = leaf.need == 0 ? unbooked : bucket * bucket_.ms * 1000 - leaf.need;
  // The path is carried along: only its siblings are read, and they do not wait for one another. Which of the
  // two is left is as good as chance, so it is chosen by a mask and not by a branch.
  Node path = leaf;
  for (; at > 1; at /= 2) {
    const Node other = nodes_[at ^ 1];
    const int64_t right = -static_cast<int64_t>(at & 1);
    const int64_t before = path.need ^ ((path.need ^ other.need) & right);
    const int64_t swapped = (path.start ^ other.start) & right;
    path = {path.need + other.need, std::min(path.start ^ swapped, (other.start ^ swapped) - before)};
    nodes_[at / 2] = path;
  }
}

Time DeadlineTree::latest_start_from(Time due) const {
  const int64_t bucket = bucket_of(due);
  if (nodes_.empty() || bucket >= leaves_) return never;
  // Upwards from the leaf: what lies right of the path is joined behind, what lies left only counts.
  auto at = static_cast<size_t>(leaves_ + bucket);
  Node from = nodes_[at];
  for (; at > 1; at /= 2) {
    if (at % 2 == 0) {
      from = joined(from, nodes_[at + 1]);
    } else {
      const int64_t before = nodes_[at - 1].need;
      from.need += before;
      from.start -= before;
    }
  }
  return start_of(from);
}

std::optional<Time> DeadlineTree::last_starting_by(Time at) const {
  if (latest_start() > at) return std::nullopt;
  int64_t limit = (at - base_).ms * 1000 + 999;
  size_t node = 1;
  while (node < static_cast<size_t>(leaves_)) {
    const Node& l = nodes_[2 * node];
    const Node& r = nodes_[2 * node + 1];
    if (r.start - l.need <= limit) {
      limit += l.need;
      node = 2 * node + 1;
    } else {
      node = 2 * node;
    }
  }
  const auto bucket = static_cast<int64_t>(node) - leaves_;
  return base_ + bucket_ * (bucket + 1);
}

int64_t DeadlineTree::need_by(Time due) const {
  if (nodes_.empty()) return 0;
  const int64_t bucket = std::min(bucket_of(due), leaves_ - 1);
  auto at = static_cast<size_t>(leaves_ + bucket);
  int64_t need = nodes_[at].need;
  for (; at > 1; at /= 2)
    if (at % 2 == 1) need += nodes_[at - 1].need;
  for (auto f = far_.begin(); f != far_.end() && f->first <= due; ++f) need += f->second;
  return need;
}

void DeadlineTree::move_to(Time now) {
  if (booked_ == 0 && far_.empty()) {
    base_ = Time{now.ms - now.ms % bucket_.ms};
    return;
  }
  if (now - base_ < bucket_ * (leaves_ / 2)) return;
  const int64_t shift = (now - base_).ms / bucket_.ms;
  std::vector<int64_t> need(static_cast<size_t>(leaves_));
  for (int64_t b = 0; b < leaves_; ++b)
    need[static_cast<size_t>(std::max<int64_t>(b - shift, 0))] += nodes_[static_cast<size_t>(leaves_ + b)].need;
  base_ = base_ + bucket_ * shift;
  while (!far_.empty() && bucket_of(far_.begin()->first) < leaves_) {
    need[static_cast<size_t>(bucket_of(far_.begin()->first))] += far_.begin()->second;
    far_.erase(far_.begin());
  }
  for (int64_t b = 0; b < leaves_; ++b) nodes_[static_cast<size_t>(leaves_ + b)].need = need[static_cast<size_t>(b)];
  build();
}

void DeadlineTree::build() {
  booked_ = 0;
  for (int64_t b = 0; b < leaves_; ++b) {
    Node& leaf = nodes_[static_cast<size_t>(leaves_ + b)];
    booked_ += leaf.need != 0;
    leaf.start = leaf.need == 0 ? unbooked : b * bucket_.ms * 1000 - leaf.need;
  }
  for (auto at = static_cast<size_t>(leaves_ - 1); at > 0; --at) nodes_[at] = joined(nodes_[2 * at], nodes_[2 * at + 1]);
}

}  // namespace twolane::plan
