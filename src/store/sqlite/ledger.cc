// The ledger of a job, page by page: members of its batches, each with its attempt's row.
#include "store/sqlite/embedded.h"

namespace twolane::store::sqlite {
namespace {

struct LotInBatch {
  int64_t slot = 0;
  int64_t number = 0;
};

// Where a job's lots are members, from `first_slot` on, in the ledger's order.
Result<std::vector<LotInBatch>> places(Connection& connection, const std::vector<int64_t>& lots,
                                       int64_t first_slot) {
  Query query(connection,
              "SELECT slot, number FROM batch_lot WHERE lot = ?1 AND slot >= ?2 ORDER BY slot");
  std::vector<LotInBatch> found;
  for (const int64_t lot : lots) {
    query.with(lot, first_slot);
    while (TRY(query.next())) found.push_back({query.integer(0), query.integer(1)});
  }
  std::sort(found.begin(), found.end(), [](const LotInBatch& a, const LotInBatch& b) {
    return std::pair(a.slot, a.number) < std::pair(b.slot, b.number);
  });
  return found;
}

Status read_outcome(const Query& query, const std::vector<SegmentId>& segments, int64_t epoch,
                    Attempt& attempt) {
  attempt.state = TRY(attempt_state_of(query.text(1)));
  attempt.response_id = query.string(2);
  attempt.served = enum_at<ServiceTier>(query, 3);
  attempt.charged = !query.null(4);
  if (attempt.charged) attempt.usage = TRY(unpack_usage(query.text(4)));
  attempt.cost.n = query.integer(5);
  attempt.list.n = query.integer(6);
  attempt.http_status = static_cast<int32_t>(query.integer(7));
  attempt.error = query.string(8);
  const auto segment = static_cast<size_t>(query.integer(9));
  if (!query.null(9) && segment < segments.size())
    attempt.result = {segments[segment], query.integer(10), query.integer(11)};
  attempt.at = {epoch + query.integer(12)};
  return {};
}

// Appends the lot's attempts of one batch from `position` on, until `rows` has `limit`. Returns the
// position after the last one.
Result<int64_t> read_batch_lines(Connection& connection, BatchId id, const BatchMembers& members,
                                 const LotInBatch& place, int64_t position, JobId job, size_t limit,
                                 std::vector<Attempt>& rows) {
  std::vector<SegmentId> segments;
  Query named(connection, "SELECT segment FROM batch_segment WHERE slot = ?1 ORDER BY number");
  named.with(place.slot);
  while (TRY(named.next())) segments.push_back(id_at<SegmentTag>(named, 0));

  Query settled(connection,
                "SELECT attempt, state, response_id, served, usage, cost, list, http_status, error,"
                " segment, start, length, at FROM attempt WHERE attempt BETWEEN ?1 AND ?2 "
                "ORDER BY attempt");
  settled.with(attempt_key(place.slot, position), attempt_key(place.slot, position_limit - 1));
  bool row = TRY(settled.next());
  const auto count = static_cast<int64_t>(members.placed.size());
  for (; position < count && rows.size() < limit; ++position) {
    while (row && position_of(settled.integer(0)) < position) row = TRY(settled.next());
    const Placed& placed = members.placed[static_cast<size_t>(position)];
    if (placed.lot_number != place.number) continue;
    Attempt& attempt = rows.emplace_back();
    attempt.key = {id, static_cast<int32_t>(position)};
    attempt.job = job;
    attempt.index = placed.idx;
    attempt.reserve = {placed.reserve};
    if (row && position_of(settled.integer(0)) == position)
      CHECKED(read_outcome(settled, segments, members.epoch, attempt));
  }
  return position;
}

Result<BatchId> batch_at(Connection& connection, int64_t slot) {
  Query query(connection, "SELECT batch FROM batch WHERE slot = ?1");
  query.with(slot);
  if (!TRY(query.next()))
    return fail("store.corrupt", "the store is damaged", "a slot without a batch");
  return id_at<BatchTag>(query, 0);
}

int64_t lines_of(const BatchMembers& members, int64_t lot_number) {
  return std::count_if(members.placed.begin(), members.placed.end(),
                       [&](const Placed& placed) { return placed.lot_number == lot_number; });
}

}  // namespace

Result<std::vector<Attempt>> SqliteStore::ledger(JobId job, int64_t from, int64_t limit) {
  const auto lots = TRY(all_lots_of(job));
  if (lots.empty()) return unknown_job(job);
  LedgerPlace at{job, 0, 0, 0};
  if (ledger_place_ && ledger_place_->job == job && ledger_place_->from == from)
    at = *ledger_place_;

  std::vector<Attempt> rows;
  const auto wanted = static_cast<size_t>(std::max<int64_t>(limit, 0));
  int64_t to_skip = from - at.from;
  for (const LotInBatch& place : TRY(places(*connection_, lots, at.slot))) {
    if (rows.size() == wanted) break;
    const BatchId id = TRY(batch_at(*connection_, place.slot));
    const auto members = TRY(members_.get(*connection_, id));
    int64_t position = place.slot == at.slot ? at.position : 0;
    if (to_skip > 0) {
      if (const int64_t lines = lines_of(*members, place.number); lines <= to_skip) {
        to_skip -= lines;
        continue;
      }
      while (to_skip > 0)
        if (members->placed[static_cast<size_t>(position++)].lot_number == place.number) --to_skip;
    }
    position =
        TRY(read_batch_lines(*connection_, id, *members, place, position, job, wanted, rows));
    at.slot = place.slot;
    at.position = position;
  }
  at.from = from + static_cast<int64_t>(rows.size());
  if (!rows.empty()) ledger_place_ = at;
  return rows;
}

Result<std::vector<JobId>> SqliteStore::forgotten_jobs() {
  Query query(*connection_,
              "SELECT DISTINCT job FROM forgotten "
              "WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.job = forgotten.job) ORDER BY job");
  query.with();
  std::vector<JobId> jobs;
  while (TRY(query.next())) jobs.push_back(id_at<JobTag>(query, 0));
  return jobs;
}

}  // namespace twolane::store::sqlite
