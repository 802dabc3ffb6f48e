// Equal hashes are compared by the ids themselves, which are read again from the file.
#include "patient/repeated_ids.h"

#include <algorithm>

#include "patient/batch_line.h"
#include "patient/input_again.h"
#include "patient/input_faults.h"

namespace twolane::patient {
namespace {

constexpr size_t compared_groups = 1000;  // where there are more, it is no accident of hashing
constexpr size_t compared_at_once = 100;
constexpr size_t most_repeats = 1 << 20;

constexpr const char* why = "answers return in any order and are matched by custom_id";

}  // namespace

Status RepeatedIds::find(IdSet& ids, bool set_aside) {
  size_t groups = 0;
  const auto compare = [&](std::span<const int64_t> indexes) -> Status {
    std::vector<std::string> names;
    if (++groups <= compared_groups && indexes.size() <= compared_at_once)
      names = TRY(ids_of(indexes));
    return add(indexes, names, set_aside);
  };
  CHECKED(ids.candidates(compare));
  std::sort(repeats_.begin(), repeats_.end());
  return {};
}

Result<std::vector<std::string>> RepeatedIds::ids_of(std::span<const int64_t> indexes) const {
  std::vector<std::string> ids;
  for (const int64_t index : indexes) {
    const RowSpool::Entry entry = TRY(spool_.at(index));
    const std::string line = TRY(read_again(path_, entry.offset, entry.length));
    ids.emplace_back(TRY(request_text(options_, line, index)).custom_id);
  }
  return ids;
}

Status RepeatedIds::add(std::span<const int64_t> indexes, const std::vector<std::string>& ids,
                        bool set_aside) {
  const auto same = [&](size_t a, size_t b) { return ids.empty() || ids[a] == ids[b]; };
  for (size_t i = 0; i < indexes.size(); ++i) {
    bool seen = false, repeated = false;  // where hashes collided, there is more than one id here
    for (size_t j = 0; j < i && !seen; ++j) seen = same(j, i);
    if (seen) continue;
    for (size_t j = i + 1; j < indexes.size(); ++j) {
      if (!same(i, j)) continue;
      repeated = true;
      if (repeats_.size() < most_repeats) {
        repeats_.push_back({indexes[j], indexes[i]});
      } else if (set_aside) {
        return fail("input.duplicate_id", "more than a million lines repeat a custom_id", why);
      }
    }
    ids_ += repeated;
    if (ids.empty()) break;
  }
  return {};
}

Result<int64_t> RepeatedIds::first_line() const {
  return TRY(spool_.at(repeats_.front().index)).line;
}

Result<Error> RepeatedIds::report() const {
  const Repeat& repeat = repeats_.front();
  const int64_t pair[] = {repeat.first, repeat.index};
  const std::string id = TRY(ids_of(pair)).front();
  Error e;
  e.code = "input.duplicate_id";
  e.message = std::string(id_member(options_.format)) + " " + id + " is used twice";
  if (ids_ > 1) e.message += " (" + grouped(ids_) + " ids in all)";
  e.why = why;
  e.next = {"rename, or add --skip-invalid to set the later ones aside"};
  e.where.file = path_;
  e.where.line = TRY(spool_.at(repeat.first)).line;
  e.where.custom_id = id;
  e.where.note = "and :" + std::to_string(TRY(first_line()));
  e.count = ids_;
  return e;
}

bool RepeatedIds::has(int64_t index) {
  while (at_ < repeats_.size() && repeats_[at_].index < index) ++at_;
  return at_ < repeats_.size() && repeats_[at_].index == index;
}

Result<std::optional<Error>> RepeatedIds::of(int64_t index) {
  if (!has(index)) return std::optional<Error>();
  const int64_t one[] = {index};
  Error e;
  e.code = "input.duplicate_id";
  e.message = "the custom_id was used before";
  e.why = "first in line " + grouped(TRY(spool_.at(repeats_[at_].first)).line);
  e.where.line = TRY(spool_.at(index)).line;
  e.where.custom_id = TRY(ids_of(one)).front();
  return std::optional<Error>(std::move(e));
}

}  // namespace twolane::patient
