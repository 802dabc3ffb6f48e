// Accepting, changing and forgetting jobs.
#include "store/sqlite/embedded.h"

namespace twolane::store::sqlite {

Result<Transaction> SqliteStore::change() {
  if (beside_)
    return fail("store.busy", "this process only reads the store beside its owner",
                "changes are left as a word that the owner obeys");
  if (accepting_) return fail("store.busy", "a job is being accepted");
  return Transaction::begin(*connection_);
}

Result<int64_t> SqliteStore::lot_of(JobId job) {
  Query query(*connection_, "SELECT lot FROM job WHERE job = ?1");
  query.with(job.n);
  if (!TRY(query.next())) return unknown_job(job);
  return query.integer(0);
}

Result<std::vector<int64_t>> SqliteStore::all_lots_of(JobId job) {
  Query query(*connection_,
              "SELECT lot FROM job WHERE job = ?1 UNION SELECT lot FROM forgotten WHERE job = ?1");
  query.with(job.n);
  std::vector<int64_t> lots;
  while (TRY(query.next())) lots.push_back(query.integer(0));
  return lots;
}

Result<JobId> SqliteStore::job_of_lot(int64_t lot) {
  Query query(
      *connection_,
      "SELECT job FROM job WHERE lot = ?1 UNION ALL SELECT job FROM forgotten WHERE lot = ?1");
  query.with(lot);
  if (!TRY(query.next()))
    return fail("store.corrupt", "the store is damaged", "a lot without a job");
  return id_at<JobTag>(query, 0);
}

class SqliteAcceptance final : public Acceptance {
 public:
  SqliteAcceptance(SqliteStore& store, Transaction transaction, int64_t lot)
      : store_(store), transaction_(std::move(transaction)), lot_(lot) {
    store_.accepting_ = true;
  }
  ~SqliteAcceptance() override { store_.accepting_ = false; }

  Status add(std::span<const RequestRow> rows) override {
    Query insert(*store_.connection_, insert_request);
    for (const auto& row : rows) CHECKED(write(insert, row, std::nullopt));
    return {};
  }

  Status add(std::span<const Need> needs) override {
    Query insert(*store_.connection_, "INSERT INTO need(request, place, needed) VALUES(?1, ?2, ?3)");
    for (const Need& need : needs) {
      if (need.needed < 0 || need.needed >= need.index || need.index >= index_limit)
        return fail("store.unknown_request", "a request can come after earlier ones of its job only");
      CHECKED(insert.with(request_key(lot_, need.index), need.place, request_key(lot_, need.needed))
                  .done());
    }
    return {};
  }

  Status add_refused(const RequestRow& row, std::string_view error) override {
    if (!is_final(row.state)) return fail("store.step", "a request that is refused must be final");
    Query insert(*store_.connection_, insert_request);
    CHECKED(write(insert, row, reasons_));
    Query reason(*store_.connection_, "INSERT INTO reason(lot, number, error) VALUES(?1, ?2, ?3)");
    return reason.with(lot_, reasons_++, error).done();
  }

  Status commit(const Job& job, std::span<const Shape> shapes) override {
    if (TRY(read_job(*store_.connection_, job.id)))
      return fail("store.exists", "job " + job.id.hex() + " was accepted before");
    Query shape(
        *store_.connection_,
        "INSERT INTO shape(lot, number, endpoint, targets, fingerprint, requests, open, proof,"
        " refusal, steps_after) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    for (const auto& s : shapes)
      CHECKED(shape
                  .with(lot_, s.number, static_cast<int>(s.endpoint), targets_text(s.targets),
                        s.fingerprint, s.requests, open_[s.number], static_cast<int>(s.proof),
                        s.refusal, s.steps_after)
                  .done());
    JobRow row{job, lot_};
    row.job.totals = Totals{};
    row.job.totals.requests = counts_;
    row.job.last_answer = Time{};
    CHECKED(insert_job(*store_.connection_, row));
    return transaction_.commit();
  }

 private:
  static constexpr const char* insert_request =
      "INSERT INTO request(request, start, length, line_after_idx, shape, state, tries, "
      "input_bound,"
      " output_bound, attempt, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

  Status write(Query& insert, const RequestRow& row, std::optional<int64_t> reason) {
    if (row.index < 0 || row.index >= index_limit)
      return fail("store.range", "a job cannot hold so many requests",
                  std::to_string(index_limit) + " at most");
    insert.with(request_key(lot_, row.index), row.offset, row.length, row.line - row.index,
                row.shape, letter_of(row.state), row.tries, row.input_bound, row.output_bound,
                no_attempt, reason);
    CHECKED(insert.done());
    ++counts_[static_cast<size_t>(row.state)];
    if (row.state == RequestState::open) ++open_[row.shape];
    return {};
  }

  SqliteStore& store_;
  Transaction transaction_;
  const int64_t lot_;
  int64_t reasons_ = 0;
  std::array<int64_t, request_state_count> counts_{};
  std::map<int32_t, int64_t> open_;  // by shape
};

Result<std::unique_ptr<Acceptance>> SqliteStore::accept(JobId id) {
  auto transaction = TRY(change());
  // A lot is never used twice: lines of the ledger of a forgotten job may still point at it.
  int64_t lot = first_choice(id.n, lot_limit);
  for (;;) {
    Query used(*connection_,
               "SELECT 1 FROM job WHERE lot = ?1 UNION ALL SELECT 1 FROM forgotten WHERE lot = ?1");
    used.with(lot);
    if (!TRY(used.next())) break;
    lot = next_choice(lot, lot_limit);
  }
  return std::make_unique<SqliteAcceptance>(*this, std::move(transaction), lot);
}

Result<std::optional<Job>> SqliteStore::job(JobId id) {
  auto row = TRY(read_job(*connection_, id));
  if (!row) return std::optional<Job>();
  return std::optional<Job>(std::move(row->job));
}

Result<std::vector<Job>> SqliteStore::jobs() { return read_jobs(*connection_); }

Result<std::vector<Shape>> SqliteStore::shapes(JobId id) {
  return read_shapes(*connection_, TRY(lot_of(id)));
}

Status SqliteStore::amend(const Job& job) {
  auto transaction = TRY(change());
  const auto before = TRY(read_job(*connection_, job.id));
  if (!before) return unknown_job(job.id);
  JobRow row{job, before->lot};
  row.job.totals = before->job.totals;
  row.job.last_answer = before->job.last_answer;
  // Answers up to the earlier of both deadlines are late by neither.
  if (job.deadline != before->job.deadline &&
      row.job.last_answer > std::min(job.deadline, before->job.deadline)) {
    Query late(
        *connection_,
        "SELECT count(*) FROM batch_lot JOIN batch ON batch.slot = batch_lot.slot "
        "JOIN attempt ON attempt.attempt "
        "BETWEEN batch.slot << 22 AND (batch.slot << 22) + 4194303 "
        "AND attempt.lot_number = batch_lot.number "
        "WHERE batch_lot.lot = ?1 AND attempt.state = 'a' AND batch.epoch + attempt.at > ?2");
    late.with(row.lot, job.deadline.ms);
    TRY(late.next());
    row.job.totals.late = late.integer(0);
  }
  CHECKED(update_job(*connection_, row));
  return transaction.commit();
}

Status SqliteStore::set_proof(JobId job, int32_t shape, Shape::Proof proof,
                              std::string_view refusal) {
  auto transaction = TRY(change());
  const int64_t lot = TRY(lot_of(job));
  Query query(*connection_,
              "UPDATE shape SET proof = ?3, refusal = ?4 WHERE lot = ?1 AND number = ?2");
  CHECKED(query.with(lot, shape, static_cast<int>(proof), refusal).done());
  return transaction.commit();
}

namespace {

// Segments that no row names any more, of those in `candidates`.
Result<std::vector<SegmentId>> unused(Connection& connection, std::vector<SegmentId> candidates) {
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  Query named(connection,
              "SELECT 1 FROM batch_segment WHERE segment = ?1 UNION ALL "
              "SELECT 1 FROM job WHERE input = ?1");
  std::vector<SegmentId> free;
  for (const SegmentId segment : candidates)
    if (segment && !TRY(named.with(segment.n).next())) free.push_back(segment);
  return free;
}

// The lot's attempts of one batch lose what only their answers need; returns the batch's segments
// when no other job that is still here has answers in it.
Result<std::vector<SegmentId>> strip_batch(Connection& connection, int64_t lot, int64_t slot,
                                           int64_t number) {
  Query strip(connection,
              "UPDATE attempt SET error = NULL, segment = NULL, start = NULL, length = NULL "
              "WHERE attempt BETWEEN ?1 AND ?2 AND lot_number = ?3");
  CHECKED(strip.with(attempt_key(slot, 0), attempt_key(slot, position_limit - 1), number).done());
  Query shared(connection,
               "SELECT 1 FROM batch_lot JOIN job ON job.lot = batch_lot.lot "
               "WHERE batch_lot.slot = ?1 AND batch_lot.lot <> ?2 LIMIT 1");
  std::vector<SegmentId> segments;
  if (TRY(shared.with(slot, lot).next())) return segments;
  Query named(connection, "SELECT segment FROM batch_segment WHERE slot = ?1");
  named.with(slot);
  while (TRY(named.next())) segments.push_back(id_at<SegmentTag>(named, 0));
  Query remove(connection, "DELETE FROM batch_segment WHERE slot = ?1");
  CHECKED(remove.with(slot).done());
  return segments;
}

}  // namespace

Result<std::vector<SegmentId>> SqliteStore::forget(JobId job) {
  auto transaction = TRY(change());
  const auto row = TRY(read_job(*connection_, job));
  if (!row) return unknown_job(job);
  std::vector<std::pair<int64_t, int64_t>> batches;  // (slot, number of the lot in it)
  {
    Query query(*connection_, "SELECT slot, number, running FROM batch_lot WHERE lot = ?1");
    query.with(row->lot);
    while (TRY(query.next())) {
      if (query.integer(2) > 0)
        return fail("store.active", "job " + job.hex() + " has requests at a provider",
                    "it can be forgotten when their answers are in");
      batches.emplace_back(query.integer(0), query.integer(1));
    }
  }
  Query kept(*connection_, "SELECT 1 FROM cached_content WHERE lot = ?1 AND state < 3");
  if (TRY(kept.with(row->lot).next()))
    return fail("store.active", "a provider keeps a cached content for job " + job.hex(),
                "it can be forgotten when that has ended: run it again until it is done");
  kept.over();
  std::vector<SegmentId> segments = {row->job.input};
  for (const auto& [slot, number] : batches)
    for (const SegmentId segment : TRY(strip_batch(*connection_, row->lot, slot, number)))
      segments.push_back(segment);
  for (const char* sql : {"DELETE FROM request WHERE request BETWEEN ?1 AND ?2",
                          "DELETE FROM need WHERE request BETWEEN ?1 AND ?2"})
    CHECKED(Query(*connection_, sql)
                .with(request_key(row->lot, 0), request_key(row->lot, index_limit - 1))
                .done());
  for (const char* sql : {"DELETE FROM shape WHERE lot = ?1", "DELETE FROM reason WHERE lot = ?1",
                          "DELETE FROM job WHERE lot = ?1"})
    CHECKED(Query(*connection_, sql).with(row->lot).done());
  CHECKED(Query(*connection_, "DELETE FROM word WHERE job = ?1").with(job.n).done());
  CHECKED(Query(*connection_, "INSERT INTO forgotten(lot, job) VALUES(?1, ?2)")
              .with(row->lot, job.n)
              .done());
  auto free = TRY(unused(*connection_, std::move(segments)));
  CHECKED(transaction.commit());
  return free;
}

Result<std::vector<SegmentId>> SqliteStore::live_segments() {
  Query query(*connection_, "SELECT input FROM job UNION SELECT segment FROM batch_segment");
  query.with();
  std::vector<SegmentId> segments;
  while (TRY(query.next()))
    if (const auto id = id_at<SegmentTag>(query, 0)) segments.push_back(id);
  return segments;
}

}  // namespace twolane::store::sqlite
