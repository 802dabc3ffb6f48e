// SqliteStore: the Store over one Connection. Functions lie by subject in jobs.cc, requests.cc,
// batches.cc, settle.cc, ledger.cc, contents.cc and words.cc.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "store/sqlite/connection.h"
#include "store/sqlite/rows.h"
#include "store/store.h"

namespace twolane::store::sqlite {

// Who is in a batch: written once by place(), never changed.
struct BatchMembers {
  int64_t slot = 0;
  int64_t epoch = 0;           // what attempt.at counts from
  std::vector<int64_t> lots;   // by lot_number
  std::vector<Placed> placed;  // by position
};

// The members of the batches used last, some 5 MB of them at most (always at least one batch).
class MemberCache {
 public:
  // Error store.unknown_batch.
  Result<std::shared_ptr<const BatchMembers>> get(Connection& connection, BatchId id);

 private:
  using Entry = std::pair<BatchId, std::shared_ptr<const BatchMembers>>;
  std::list<Entry> newest_first_;
  std::unordered_map<BatchId, std::list<Entry>::iterator> by_id_;
  size_t weight_ = 0;
};

// The jobs that one transaction changes: read once each, written once each.
class TouchedJobs {
 public:
  explicit TouchedJobs(Connection& connection) : connection_(connection) {}
  Result<JobRow*> of(JobId id);         // error store.unknown_job
  Result<JobRow*> of_lot(int64_t lot);  // nullptr: the job was forgotten
  // A request of the job moved; counts of the shape's open requests move with it.
  void moved(JobRow& row, int32_t shape, RequestState from, RequestState to, int64_t how_many = 1);
  Status write();

 private:
  struct Touched {
    JobRow row;
    std::map<int32_t, int64_t> opened;  // by shape
  };
  Connection& connection_;
  std::unordered_map<JobId, std::unique_ptr<Touched>> by_job_;
  std::unordered_map<int64_t, JobRow*> by_lot_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<Connection> connection, bool beside)
      : connection_(std::move(connection)), beside_(beside) {}

  Result<std::unique_ptr<Acceptance>> accept(JobId id) override;
  Result<std::optional<Job>> job(JobId id) override;
  Result<std::vector<Job>> jobs() override;
  Result<std::vector<Shape>> shapes(JobId id) override;
  Status amend(const Job& job) override;
  Status set_proof(JobId job, int32_t shape, Shape::Proof proof, std::string_view refusal) override;
  Result<int64_t> reopen(JobId job, std::optional<int64_t> index) override;
  Result<int64_t> close_open(JobId job, std::optional<int32_t> shape, std::optional<int64_t> index,
                             RequestState state, std::string_view error) override;
  Result<int64_t> close_open_among(JobId job, const IndexRanges& places, RequestState state,
                                   std::string_view error) override;
  Result<std::vector<SegmentId>> forget(JobId job) override;

  Result<std::vector<RequestRow>> open_requests(JobId job, int32_t shape, int64_t from,
                                                int64_t limit) override;
  Result<int64_t> open_count(JobId job, int32_t shape) override;
  Result<std::optional<RequestRow>> request(JobId job, int64_t index) override;
  Result<std::vector<OutcomeRow>> outcomes(JobId job, int64_t from, int64_t limit) override;
  Result<std::vector<NeededAnswer>> needs(JobId job, int64_t from, int64_t to) override;

  Status place(const Batch& batch, std::span<const Placement> placements) override;
  Status update(const Batch& batch) override;
  Result<std::optional<Batch>> batch(BatchId id) override;
  Result<std::vector<Batch>> unfinished_batches() override;
  Result<std::vector<Batch>> batches_of(JobId job) override;
  Result<std::vector<Member>> members(BatchId id) override;
  Status settle(std::span<const Settlement> settlements, const Batch* batch, Time at) override;
  Result<std::vector<Attempt>> ledger(JobId job, int64_t from, int64_t limit) override;
  Result<std::vector<JobId>> forgotten_jobs() override;

  Status keep(const CachedContent& content) override;
  Result<std::vector<CachedContent>> unfinished_contents() override;
  Result<std::vector<CachedContent>> contents_of(JobId job) override;

  Status leave_word(const Word& word) override;
  Result<std::vector<Word>> words() override;
  Status drop_word(uint64_t id) override;
  Status remember(std::string_view key, std::string_view value) override;
  Result<std::string> recall(std::string_view key) override;
  Result<std::vector<SegmentId>> live_segments() override;

 private:
  friend class SqliteAcceptance;

  // Refuses changes beside an owner and while a job is being accepted.
  Result<Transaction> change();
  Result<int64_t> close(JobId job, std::optional<int32_t> shape, std::span<const IndexRange> places,
                        RequestState state, std::string_view error);
  Result<int64_t> lot_of(JobId job);                    // error store.unknown_job
  Result<std::vector<int64_t>> all_lots_of(JobId job);  // of its forgotten forerunners as well
  Result<JobId> job_of_lot(int64_t lot);                // forgotten ones too

  // Where the last page of a ledger ended.
  struct LedgerPlace {
    JobId job;
    int64_t from = 0;
    int64_t slot = 0;
    int64_t position = 0;
  };

  std::unique_ptr<Connection> connection_;
  const bool beside_;
  bool accepting_ = false;
  MemberCache members_;
  std::optional<LedgerPlace> ledger_place_;
};

std::unexpected<Error> unknown_job(JobId id);

// Why requests of the lot were closed without an attempt. Returns its number.
Result<int64_t> add_reason(Connection& connection, int64_t lot, std::string_view error);

}  // namespace twolane::store::sqlite
