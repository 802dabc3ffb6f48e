// What a transaction keeps at hand: the jobs it changes and the members of batches.
#include "store/sqlite/embedded.h"

namespace twolane::store::sqlite {
namespace {

constexpr size_t cached_members = 200'000;

Result<std::shared_ptr<const BatchMembers>> read_members(Connection& connection, BatchId id) {
  auto members = std::make_shared<BatchMembers>();
  {
    Query batch(connection, "SELECT slot, epoch FROM batch WHERE batch = ?1");
    batch.with(id.n);
    if (!TRY(batch.next())) return fail("store.unknown_batch", "there is no batch " + id.hex());
    members->slot = batch.integer(0);
    members->epoch = batch.integer(1);
  }
  Query lots(connection, "SELECT lot FROM batch_lot WHERE slot = ?1 ORDER BY number");
  lots.with(members->slot);
  while (TRY(lots.next())) members->lots.push_back(lots.integer(0));
  Query placement(connection,
                  "SELECT members FROM placement WHERE first BETWEEN ?1 AND ?2 ORDER BY first");
  placement.with(attempt_key(members->slot, 0), attempt_key(members->slot, position_limit - 1));
  while (TRY(placement.next())) CHECKED(unpack_members(placement.text(0), members->placed));
  return members;
}

}  // namespace

Result<std::shared_ptr<const BatchMembers>> MemberCache::get(Connection& connection, BatchId id) {
  if (const auto known = by_id_.find(id); known != by_id_.end()) {
    newest_first_.splice(newest_first_.begin(), newest_first_, known->second);
    return known->second->second;
  }
  auto members = TRY(read_members(connection, id));
  const auto weight = [](const BatchMembers& m) { return m.placed.size() + 16; };
  weight_ += weight(*members);
  newest_first_.emplace_front(id, members);
  by_id_[id] = newest_first_.begin();
  while (weight_ > cached_members && newest_first_.size() > 1) {
    weight_ -= weight(*newest_first_.back().second);
    by_id_.erase(newest_first_.back().first);
    newest_first_.pop_back();
  }
  return members;
}

std::unexpected<Error> unknown_job(JobId id) {
  return fail("store.unknown_job", "there is no job " + id.hex());
}

Result<JobRow*> TouchedJobs::of(JobId id) {
  if (const auto known = by_job_.find(id); known != by_job_.end()) return &known->second->row;
  auto row = TRY(read_job(connection_, id));
  if (!row) return unknown_job(id);
  auto touched = std::make_unique<Touched>(Touched{std::move(*row), {}});
  JobRow* kept = &touched->row;
  by_lot_[kept->lot] = kept;
  by_job_.emplace(id, std::move(touched));
  return kept;
}

Result<JobRow*> TouchedJobs::of_lot(int64_t lot) {
  if (const auto known = by_lot_.find(lot); known != by_lot_.end()) return known->second;
  JobId id;
  {
    Query query(connection_, "SELECT job FROM job WHERE lot = ?1");
    query.with(lot);
    if (!TRY(query.next())) {
      by_lot_[lot] = nullptr;
      return static_cast<JobRow*>(nullptr);
    }
    id = id_at<JobTag>(query, 0);
  }
  return of(id);
}

void TouchedJobs::moved(JobRow& row, int32_t shape, RequestState from, RequestState to,
                        int64_t how_many) {
  auto& counts = row.job.totals.requests;
  counts[static_cast<size_t>(from)] -= how_many;
  counts[static_cast<size_t>(to)] += how_many;
  if (from != RequestState::open && to != RequestState::open) return;
  by_job_.at(row.job.id)->opened[shape] += to == RequestState::open ? how_many : -how_many;
}

Status TouchedJobs::write() {
  Query shape(connection_, "UPDATE shape SET open = open + ?3 WHERE lot = ?1 AND number = ?2");
  for (const auto& [id, touched] : by_job_) {
    CHECKED(update_job(connection_, touched->row));
    for (const auto& [number, opened] : touched->opened) {
      if (opened == 0) continue;
      CHECKED(shape.with(touched->row.lot, number, opened).done());
    }
  }
  return {};
}

}  // namespace twolane::store::sqlite
