// The needs of a request lie before it, so fates are told walking forward and lengths walking back.
#include "patient/needs.h"

#include <algorithm>

#include "patient/batch_line.h"
#include "patient/input_again.h"
#include "patient/input_faults.h"

namespace twolane::patient {
namespace {

constexpr size_t at_once = 4096;
constexpr size_t most_faults = 1 << 20;

}  // namespace

Status Needs::add(int64_t index, std::span<const CheckedLine::After> after) {
  int32_t place = 0;
  for (const auto& [id, uses] : after) CHECKED(named_.add({IdSet::hash_of(id), index, place++, uses}));
  return {};
}

Status Needs::resolve(const IdSet& ids, RepeatedIds& repeats, int64_t requests, bool set_aside) {
  if (!any()) return {};
  state_.resize(static_cast<size_t>(requests));
  CHECKED(join(ids));
  CHECKED(judge(repeats, set_aside));
  return count_steps();
}

// ---------------------------------------------------------------- ids to places

Status Needs::join(const IdSet& ids) {
  CHECKED(named_.seal());
  IdSet::Walk id = ids.walk();
  bool more = TRY(id.next());
  std::vector<int64_t> candidates;  // with the hash of the need
  uint64_t hash = 0;
  for (SpilledSort<Named>::Walk at(named_); TRY(at.next());) {
    const Named& named = at.entry();
    if (candidates.empty() || named.hash != hash) {
      candidates.clear();
      hash = named.hash;
      for (; more && id.entry().hash <= hash; more = TRY(id.next()))
        if (id.entry().hash == hash) candidates.push_back(id.entry().index);
    }
    CHECKED(found_.add({named.index, named.place, named.uses, TRY(find(named, candidates))}));
  }
  return found_.seal();
}

// The first line with the id. Where hashes collide, or an id was repeated, the ids themselves decide.
Result<int64_t> Needs::find(const Named& named, std::span<const int64_t> candidates) const {
  if (candidates.empty()) return -1;
  if (candidates.size() == 1) return candidates.front();
  std::string line, other;
  const RequestText waits = TRY(request(named.index, line));
  const std::string& id = waits.after[static_cast<size_t>(named.place)];
  for (const int64_t index : candidates)
    if (TRY(request(index, other)).custom_id == id) return index;
  return -1;
}

Result<RequestText> Needs::request(int64_t index, std::string& line) const {
  const RowSpool::Entry entry = TRY(spool_.at(index));
  line = TRY(read_again(path_, entry.offset, entry.length));
  return request_text(options_, line, index);
}

// ---------------------------------------------------------------- what is good

Status Needs::judge(RepeatedIds& repeats, bool set_aside) {
  std::vector<Found> needs;  // of one request
  const auto end_request = [&]() -> Status {
    if (!needs.empty() && !repeats.has(needs.front().index)) CHECKED(judge_one(needs, set_aside));
    needs.clear();
    return {};
  };
  repeats.rewind();
  for (SpilledSort<Found>::Walk at(found_); TRY(at.next());) {
    if (!needs.empty() && needs.front().index != at.entry().index) CHECKED(end_request());
    needs.push_back(at.entry());
  }
  return end_request();
}

Status Needs::judge_one(std::span<const Found> needs, bool set_aside) {
  const int64_t index = needs.front().index;
  const auto bad = std::ranges::find_if(needs, [&](const Found& n) {
    return n.needed < 0 || n.needed >= index || (state_[static_cast<size_t>(n.needed)] & aside) != 0;
  });
  if (bad != needs.end()) {
    if (faults_.size() < most_faults) faults_.push_back({index, bad->place, bad->needed});
    else if (set_aside) return fail("input.after", "more than a million lines come after no good line");
    if (set_aside) state_[static_cast<size_t>(index)] |= aside;
    return {};
  }
  state_[static_cast<size_t>(index)] |= has_needs;
  for (const Found& need : needs) unwritten_.push_back(need);
  if (unwritten_.size() < at_once) return {};
  TRY(good_.append(unwritten_.data(), unwritten_.size() * sizeof(Found)));
  good_count_ += static_cast<int64_t>(unwritten_.size());
  unwritten_.clear();
  return {};
}

// ---------------------------------------------------------------- how long the chains are

// Backwards, so that a request's own number is known before it counts for what it comes after.
Status Needs::count_steps() {
  const auto count = [&](const Found& need) -> Status {
    uint16_t& needed = state_[static_cast<size_t>(need.needed)];
    const int32_t behind = steps_after(need.index) + 1;
    if (behind > longest_chain) {
      Error e;
      e.code = "input.after";
      e.message = "a chain is longer than " + grouped(longest_chain) + " steps";
      e.why = "each step waits for a batch, or goes live";
      e.next = {"make several jobs of it"};
      e.where.line = TRY(spool_.at(need.needed)).line;
      e.where.field = "after";
      return fail(std::move(e));
    }
    if ((needed & steps) < behind) needed = static_cast<uint16_t>((needed & ~steps) | behind);
    return {};
  };
  for (size_t i = unwritten_.size(); i-- > 0;) CHECKED(count(unwritten_[i]));
  std::vector<Found> some;
  for (int64_t end = good_count_; end > 0; end -= static_cast<int64_t>(some.size())) {
    some.resize(static_cast<size_t>(std::min<int64_t>(end, at_once)));
    const int64_t from = end - static_cast<int64_t>(some.size());
    CHECKED(good_.read(from * static_cast<int64_t>(sizeof(Found)), some.data(), some.size() * sizeof(Found)));
    for (size_t i = some.size(); i-- > 0;) CHECKED(count(some[i]));
  }
  return {};
}

Status Needs::each_found(const std::function<Status(std::span<const Found>)>& take) const {
  std::vector<Found> some;
  for (int64_t from = 0; from < good_count_; from += static_cast<int64_t>(some.size())) {
    some.resize(static_cast<size_t>(std::min<int64_t>(good_count_ - from, at_once)));
    CHECKED(good_.read(from * static_cast<int64_t>(sizeof(Found)), some.data(), some.size() * sizeof(Found)));
    CHECKED(take(some));
  }
  return take(unwritten_);
}

Status Needs::each(const std::function<Status(std::span<const store::Need>)>& take) const {
  std::vector<store::Need> needs;
  return each_found([&](std::span<const Found> some) -> Status {
    needs.clear();
    for (const Found& f : some) needs.push_back({f.index, f.place, f.needed});
    return take(needs);
  });
}

Status Needs::each_use(const std::function<Status(int64_t, int64_t, int32_t)>& take) const {
  return each_found([&](std::span<const Found> some) -> Status {
    for (const Found& f : some)
      if (f.uses > 0) CHECKED(take(f.needed, f.index, f.uses));
    return {};
  });
}

// ---------------------------------------------------------------- faults

Result<int64_t> Needs::first_line() const { return TRY(spool_.at(faults_.front().index)).line; }

Result<Error> Needs::error_of(const Fault& fault) const {
  std::string line;
  const RequestText text = TRY(request(fault.index, line));
  const std::string& id = text.after[static_cast<size_t>(fault.place)];
  Error e;
  e.code = "input.after";
  e.where.line = TRY(spool_.at(fault.index)).line;
  e.where.custom_id = text.custom_id;
  e.where.field = "after";
  e.next = {"name the " + std::string(id_member(options_.format)) + " of an earlier line, or add --skip-invalid"};
  if (fault.needed < 0) {
    e.message = "no line has the " + std::string(id_member(options_.format)) + " " + id + " that this one comes after";
    e.why = "its answer would never come";
  } else if (fault.needed >= fault.index) {
    e.message = "it comes after " + id + ", which is a later line";
    e.why = "a line comes after earlier ones, so that no two wait for each other";
    e.where.note = "and :" + std::to_string(TRY(spool_.at(fault.needed)).line);
  } else {
    e.message = "it comes after " + id + ", which was set aside";
    e.why = "its answer would never come";
  }
  return e;
}

Result<Error> Needs::report() const {
  Error e = TRY(error_of(faults_.front()));
  e.where.file = path_;
  e.count = faults();
  if (e.count > 1) e.where.note += (e.where.note.empty() ? "(" : " (") + grouped(e.count) + " lines in all)";
  return e;
}

Result<std::optional<Error>> Needs::of(int64_t index) {
  while (at_ < faults_.size() && faults_[at_].index < index) ++at_;
  if (at_ == faults_.size() || faults_[at_].index != index) return std::optional<Error>();
  return std::optional<Error>(TRY(error_of(faults_[at_])));
}

}  // namespace twolane::patient
