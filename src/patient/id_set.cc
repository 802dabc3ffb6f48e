// Entries are sorted by (hash, index), so that equal ids meet.
#include "patient/id_set.h"

#include <vector>

namespace twolane::patient {

Status IdSet::candidates(const std::function<Status(std::span<const int64_t>)>& group) {
  CHECKED(entries_.seal());
  std::vector<int64_t> same;
  uint64_t hash = 0;
  const auto end_group = [&]() -> Status {
    if (same.size() > 1) CHECKED(group(same));
    same.clear();
    return {};
  };
  for (Walk at = walk(); TRY(at.next());) {
    if (at.entry().hash != hash) CHECKED(end_group());
    hash = at.entry().hash;
    same.push_back(at.entry().index);
  }
  return end_group();
}

}  // namespace twolane::patient
