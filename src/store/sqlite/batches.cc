// Provider batches: placing requests into them, reading them and their members.
#include "store/sqlite/embedded.h"

namespace twolane::store::sqlite {
namespace {

constexpr size_t members_per_blob = 4096;

// One call of place(): validates every placement while it moves the requests. Placements that
// follow each other in the input are moved together.
class Placer {
 public:
  Placer(Connection& connection, const Batch& batch, int64_t slot)
      : connection_(connection),
        jobs_(connection),
        slot_(slot),
        to_(batch.tier == ServiceTier::batch ? RequestState::batched : RequestState::live) {}

  Status add(const Placement& placement) {
    const auto position = static_cast<int64_t>(placed_.size());
    if (position >= position_limit)
      return fail("store.range", "a batch cannot hold so many requests",
                  std::to_string(position_limit) + " at most");
    const bool same_job = run_.job && run_.job->job.id == placement.job;
    if (!same_job || placement.index != run_.index + run_.count) {
      CHECKED(move_run());
      if (!same_job) CHECKED(turn_to(placement.job));
      run_ = {lots_[lot_number_], placement.index, position, 0};
    }
    ++run_.count;
    run_.job->job.totals.reserved += placement.reserve;
    placed_.push_back(
        {placement.index, TRY(narrow(placement.reserve)), static_cast<int32_t>(lot_number_)});
    ++running_[lot_number_];
    return {};
  }

  Status write() {
    CHECKED(move_run());
    Query lot(connection_,
              "INSERT INTO batch_lot(slot, number, lot, running) VALUES(?1, ?2, ?3, ?4)");
    for (size_t number = 0; number < lots_.size(); ++number)
      CHECKED(lot.with(slot_, static_cast<int64_t>(number), lots_[number]->lot, running_[number])
                  .done());
    Query placement(connection_, "INSERT INTO placement(first, members) VALUES(?1, ?2)");
    for (size_t first = 0; first < placed_.size(); first += members_per_blob) {
      const size_t count = std::min(members_per_blob, placed_.size() - first);
      const std::string blob = packed_members(placed_.data() + first, count);
      CHECKED(placement.with(attempt_key(slot_, static_cast<int64_t>(first)), Blob{blob}).done());
    }
    return jobs_.write();
  }

 private:
  // Requests index, index + 1, ... at position, position + 1, ...
  struct Run {
    JobRow* job = nullptr;
    int64_t index = 0;
    int64_t position = 0;
    int64_t count = 0;
  };

  Status turn_to(JobId job) {
    for (lot_number_ = 0; lot_number_ < lots_.size(); ++lot_number_)
      if (lots_[lot_number_]->job.id == job) return {};
    lots_.push_back(TRY(jobs_.of(job)));
    running_.push_back(0);
    return {};
  }

  Status move_run() {
    const Run run = std::exchange(run_, Run{});
    if (run.count == 0) return {};
    if (run.index < 0 || run.index + run.count > index_limit) return unknown(run, run.index);
    if (run.count > 1 && TRY(move_open(run))) return {};
    for (int64_t i = 0; i < run.count; ++i) CHECKED(move_one(run, i));
    return {};
  }

  // Moves the whole run, if all of it is open and of one shape. Otherwise nothing happens.
  Result<bool> move_open(const Run& run) {
    const int64_t first = request_key(run.job->lot, run.index), last = first + run.count - 1;
    int32_t shape = 0;
    {
      Query look(connection_,
                 "SELECT min(shape), max(shape), count(*) FROM request NOT INDEXED "
                 "WHERE request BETWEEN ?1 AND ?2 AND state = 'o'");
      look.with(first, last);
      TRY(look.next());
      if (look.integer(2) != run.count || look.integer(0) != look.integer(1)) return false;
      shape = static_cast<int32_t>(look.integer(0));
    }
    Query update(connection_,
                 "UPDATE request NOT INDEXED SET state = ?3, attempt = ?4 + (request - ?1) "
                 "WHERE request BETWEEN ?1 AND ?2 AND state = 'o'");
    CHECKED(update.with(first, last, letter_of(to_), attempt_key(slot_, run.position)).done());
    jobs_.moved(*run.job, shape, RequestState::open, to_, run.count);
    return true;
  }

  Status move_one(const Run& run, int64_t i) {
    const int64_t key = request_key(run.job->lot, run.index + i);
    Query select(connection_, "SELECT state, shape FROM request WHERE request = ?1");
    select.with(key);
    if (!TRY(select.next())) return unknown(run, run.index + i);
    const RequestState from = TRY(request_state_of(select.text(0)));
    const auto shape = static_cast<int32_t>(select.integer(1));
    select.over();
    if (!may_step(request_steps, from, to_))
      return fail("store.step", "request " + std::to_string(run.index + i) + " of job " +
                                    run.job->job.id.hex() + " cannot step from " +
                                    std::string(name_of(from)) + " to " +
                                    std::string(name_of(to_)));
    Query update(connection_, "UPDATE request SET state = ?2, attempt = ?3 WHERE request = ?1");
    CHECKED(update.with(key, letter_of(to_), attempt_key(slot_, run.position + i)).done());
    jobs_.moved(*run.job, shape, from, to_);
    return {};
  }

  static std::unexpected<Error> unknown(const Run& run, int64_t index) {
    return fail("store.unknown_request",
                "job " + run.job->job.id.hex() + " has no request " + std::to_string(index));
  }

  Connection& connection_;
  TouchedJobs jobs_;
  const int64_t slot_;
  const RequestState to_;
  std::vector<JobRow*> lots_;  // by number within the batch
  std::vector<int64_t> running_;
  size_t lot_number_ = 0;
  std::vector<Placed> placed_;
  Run run_;  // counted, not yet moved
};

Result<int64_t> free_slot(Connection& connection, BatchId id) {
  Query used(connection, "SELECT 1 FROM batch WHERE slot = ?1");
  int64_t slot = first_choice(id.n, slot_limit);
  while (TRY(used.with(slot).next())) slot = next_choice(slot, slot_limit);
  return slot;
}

// How many placed from `first` on follow one another in their job too.
size_t run_at(const std::vector<Placed>& placed, size_t first) {
  size_t end = first + 1;
  while (end < placed.size() && placed[end].lot_number == placed[first].lot_number &&
         placed[end].idx == placed[end - 1].idx + 1)
    ++end;
  return end - first;
}

Result<std::vector<Batch>> read_batches(Query& query) {
  std::vector<Batch> batches;
  while (TRY(query.next())) batches.push_back(read_batch(query));
  return batches;
}

}  // namespace

Status SqliteStore::place(const Batch& batch, std::span<const Placement> placements) {
  auto transaction = TRY(change());
  if (TRY(this->batch(batch.id)))
    return fail("store.exists", "batch " + batch.id.hex() + " was placed before");
  const int64_t slot = TRY(free_slot(*connection_, batch.id));
  CHECKED(insert_batch(*connection_, batch, slot));
  {
    Placer placer(*connection_, batch, slot);
    for (const auto& placement : placements) CHECKED(placer.add(placement));
    CHECKED(placer.write());
  }
  return transaction.commit();
}

Status SqliteStore::update(const Batch& batch) {
  auto transaction = TRY(change());
  CHECKED(update_batch(*connection_, batch));
  return transaction.commit();
}

Result<std::optional<Batch>> SqliteStore::batch(BatchId id) {
  static const std::string sql =
      std::string("SELECT ") + batch_columns + " FROM batch WHERE batch = ?1";
  Query query(*connection_, sql);
  query.with(id.n);
  if (!TRY(query.next())) return std::optional<Batch>();
  return std::optional<Batch>(read_batch(query));
}

Result<std::vector<Batch>> SqliteStore::unfinished_batches() {
  static const std::string sql =
      std::string("SELECT ") + batch_columns +
      " FROM batch INDEXED BY batch_unfinished WHERE state < 7 ORDER BY created, batch";
  Query query(*connection_, sql);
  query.with();
  return read_batches(query);
}

Result<std::vector<Batch>> SqliteStore::batches_of(JobId job) {
  static const std::string sql =
      std::string("SELECT ") + batch_columns +
      " FROM batch_lot JOIN batch ON batch.slot = batch_lot.slot WHERE batch_lot.lot = ?1 "
      "ORDER BY batch.created, batch.batch";
  const int64_t lot = TRY(lot_of(job));
  Query query(*connection_, sql);
  query.with(lot);
  return read_batches(query);
}

Result<std::vector<Member>> SqliteStore::members(BatchId id) {
  static const std::string request_sql = std::string("SELECT ") + request_columns +
                                         ", attempt FROM request WHERE request BETWEEN ?1 AND ?2";
  const Snapshot snapshot = TRY(Snapshot::take(*connection_));
  const auto batch = TRY(members_.get(*connection_, id));
  std::vector<JobId> jobs;
  for (const int64_t lot : batch->lots) jobs.push_back(TRY(job_of_lot(lot)));

  std::vector<Member> members;
  members.reserve(batch->placed.size());
  for (const Placed& placed : batch->placed) {
    Member& member = members.emplace_back();
    member.job = jobs[static_cast<size_t>(placed.lot_number)];
    member.index = placed.idx;
    member.position = static_cast<int32_t>(members.size()) - 1;
    member.request = RequestState::cancelled;  // of a forgotten job: nobody wants its answer
  }
  Query request(*connection_, request_sql);
  for (size_t first = 0; first < members.size();) {
    const size_t count = run_at(batch->placed, first);
    const Placed& placed = batch->placed[first];
    const int64_t key = request_key(batch->lots[static_cast<size_t>(placed.lot_number)], placed.idx);
    request.with(key, key + static_cast<int64_t>(count) - 1);
    while (TRY(request.next())) {
      const RequestRow row = TRY(read_request(request, members[first].job));
      Member& member = members[first + static_cast<size_t>(row.index - placed.idx)];
      member.shape = row.shape;
      member.tries = row.tries;
      member.request = row.state;
      member.input_bound = row.input_bound;
      member.output_bound = row.output_bound;
      member.offset = row.offset;
      member.length = row.length;
      member.current = request.integer(9) == attempt_key(batch->slot, member.position);
    }
    first += count;
  }
  Query attempts(*connection_,
                 "SELECT attempt, state FROM attempt WHERE attempt BETWEEN ?1 AND ?2");
  attempts.with(attempt_key(batch->slot, 0), attempt_key(batch->slot, position_limit - 1));
  while (TRY(attempts.next())) {
    const auto position = static_cast<size_t>(position_of(attempts.integer(0)));
    if (position < members.size())
      members[position].attempt = TRY(attempt_state_of(attempts.text(1)));
  }
  return members;
}

}  // namespace twolane::store::sqlite
