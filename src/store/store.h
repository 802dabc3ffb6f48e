// The durable truth about jobs, requests, provider batches and the ledger.
//
// Guarantee: when a function that changes something returns ok, the change survives process and
// power loss, whole; when it fails or the process dies inside, either all of it is there or
// nothing. Counts and sums (Job::totals) change in the same transaction as what they count,
// computed by the store from the rows it changes. Threads: one at a time. Time: the store never
// reads a clock, callers pass it. Bytes referred to by a Slice must be durable (Payloads::sync)
// before a row that names them is written. Errors: store.io (disk), store.corrupt, store.newer
// (made by a later version), store.older (not yet migrated, and opened by a process that may not),
// store.busy (locked by another), store.unknown_job, store.unknown_batch, store.unknown_request,
// store.exists, store.step (not in the transition tables), store.range (an amount that no row can
// hold).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/cached_content.h"
#include "model/index_ranges.h"
#include "model/job.h"

namespace twolane::store {

// What became of one attempt, and with it of its request.
struct Settlement {
  AttemptKey key;
  AttemptState state = AttemptState::void_;
  std::string_view response_id;
  ServiceTier served = ServiceTier::batch;
  bool charged = false;
  Usage usage;
  PicoUsd cost;
  PicoUsd list;
  int32_t http_status = 0;
  std::string_view error;
  Slice result;
  // The request: its new state, or nothing when it stays as it is (a surplus answer, a void attempt
  // of a request that has gone elsewhere).
  std::optional<RequestState> request;
  bool counts_as_try = false;
};

// A member of a batch as the settler needs it: attempt and request side by side.
struct Member {
  JobId job;
  int64_t index = 0;
  int32_t position = 0;
  int32_t shape = 0;
  int32_t tries = 0;
  AttemptState attempt = AttemptState::running;
  RequestState request = RequestState::open;
  bool current = false;  // the request's latest attempt is this one
  int64_t input_bound = 0, output_bound = 0;
  int64_t offset = 0, length = 0;
};

struct Placement {
  JobId job;
  int64_t index = 0;
  PicoUsd reserve;
};

// One request comes after another of its job: it waits until that one has succeeded.
struct Need {
  int64_t index = 0;   // who waits
  int32_t place = 0;   // which of those that it comes after, from 0
  int64_t needed = 0;  // earlier in the input than `index`
};

// The same with what became of the one that is needed.
struct NeededAnswer {
  Need need;
  RequestState state = RequestState::open;
  Endpoint endpoint = Endpoint::chat_completions;  // in whose words `result` is
  Slice result;                                    // length 0: no answer, or it is kept no longer
};

// One request's outcome, for output and for `results`.
struct OutcomeRow {
  int64_t index = 0, offset = 0, length = 0, line = 0;
  int32_t shape = 0;
  RequestState state = RequestState::open;
  int32_t tries = 0;
  int32_t http_status = 0;
  std::string response_id;
  std::string error;
  Slice result;
  std::string provider, model;  // of the attempt that decided; empty if there was none
  Endpoint endpoint = Endpoint::chat_completions;
  ServiceTier served = ServiceTier::batch;
  bool charged = false;
  Usage usage;
  PicoUsd cost;
};

// A word left for the process that owns the home.
struct Word {
  uint64_t id = 0;  // 0 when it is left: the store numbers it
  JobId job;
  std::string verb;      // "cancel", "retry", "promote", "pause", "resume", "deadline", "forget"
  std::string argument;  // request index (of cancel: IndexRanges), RFC 3339 time, ...
};

// Rows of a job being accepted. Destroyed without commit(): nothing of it remains.
class Acceptance {
 public:
  virtual ~Acceptance() = default;
  virtual Status add(std::span<const RequestRow> rows) = 0;
  // Whom requests come after. Those rows are added as waiting, the needed ones as open or waiting.
  virtual Status add(std::span<const Need> needs) = 0;
  // A row that is final from the start (failed: a bad line that was set aside), with the reason.
  virtual Status add_refused(const RequestRow& row, std::string_view error) = 0;
  // The job, its shapes and all rows become visible at once. Job::totals is computed here. job.id
  // may differ from the id that accept() was called with, since a job's name is known only when all
  // of its input was read. Error store.exists.
  virtual Status commit(const Job& job, std::span<const Shape> shapes) = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // --- jobs
  // One at a time; until it is committed or destroyed other changes are refused with store.busy.
  // `id` may be provisional (any number that no other job uses).
  virtual Result<std::unique_ptr<Acceptance>> accept(JobId id) = 0;
  virtual Result<std::optional<Job>> job(JobId id) = 0;
  virtual Result<std::vector<Job>> jobs() = 0;  // newest first
  virtual Result<std::vector<Shape>> shapes(JobId id) = 0;
  // Writes everything but id, totals, requests, input and last_answer (which settle() keeps). Where
  // the deadline moves, Totals::late is counted anew. Error store.unknown_job.
  virtual Status amend(const Job& job) = 0;
  virtual Status set_proof(JobId job, int32_t shape, Shape::Proof proof,
                           std::string_view refusal) = 0;
  // Failed and expired requests (all of them, or one) are open again, their tries forgotten. Lines
  // that were set aside as invalid (length 0) stay as they are. What they come after goes before them:
  // with one request all is reopened that it waits for, and that ended because of it; a request whose
  // needs have not succeeded waits, and one that needs a cancelled request stays as it is.
  virtual Result<int64_t> reopen(JobId job, std::optional<int64_t> index) = 0;
  // Open and waiting requests (all of the job, of one shape, or one request) become final without an
  // attempt, with `error` as the reason; those that wait for them end as in settle(). Returns how many.
  virtual Result<int64_t> close_open(JobId job, std::optional<int32_t> shape,
                                     std::optional<int64_t> index, RequestState state,
                                     std::string_view error) = 0;
  // The same of the open requests at these places, in one transaction.
  virtual Result<int64_t> close_open_among(JobId job, const IndexRanges& places, RequestState state,
                                           std::string_view error) = 0;
  // Removes the job's rows. Its ledger lines stay, without results; the caller removes the segments
  // returned. Refused (store.active) while attempts run or contents are kept.
  virtual Result<std::vector<SegmentId>> forget(JobId job) = 0;

  // --- requests
  // Open requests of a shape in input order, from `from` on.
  virtual Result<std::vector<RequestRow>> open_requests(JobId job, int32_t shape, int64_t from,
                                                        int64_t limit) = 0;
  virtual Result<int64_t> open_count(JobId job, int32_t shape) = 0;
  virtual Result<std::optional<RequestRow>> request(JobId job, int64_t index) = 0;
  virtual Result<std::vector<OutcomeRow>> outcomes(JobId job, int64_t from, int64_t limit) = 0;
  // What the requests from..to come after, by (index, place).
  virtual Result<std::vector<NeededAnswer>> needs(JobId job, int64_t from, int64_t to) = 0;

  // --- batches and attempts
  // The write-ahead of a submission: the batch, one running attempt for each placement (position =
  // place in the span), and the requests' step to batched (or live, for tiers other than batch).
  // The placement becomes each request's latest attempt.
  virtual Status place(const Batch& batch, std::span<const Placement> placements) = 0;
  virtual Status update(const Batch& batch) = 0;  // everything but id
  virtual Result<std::optional<Batch>> batch(BatchId id) = 0;
  virtual Result<std::vector<Batch>> unfinished_batches() = 0;  // not closed, not dead
  virtual Result<std::vector<Batch>> batches_of(JobId job) = 0;
  virtual Result<std::vector<Member>> members(BatchId id) = 0;  // by position
  // All in one transaction, with `batch` (if any) updated in the same one. A settlement whose step
  // is not in the transition tables is a defect: store.step, and nothing is written. So is an
  // answered attempt whose request does not succeed with it, and the reverse. A settlement equal to
  // what the attempt already is (but for its slice: a repeated line) changes nothing.
  // Requests that wait follow: where all that one needs has succeeded it is open; where a needed one
  // has failed or expired it fails (request.after_failed, naming that one's line), where it was
  // cancelled it is cancelled, and so on behind them.
  virtual Status settle(std::span<const Settlement> settlements, const Batch* batch, Time at) = 0;
  // The job's attempts, by (batch, position), those of its forgotten forerunners included: the
  // ledger with everything not billed. `from` counts attempts; reading on where the last call ended
  // is cheap.
  virtual Result<std::vector<Attempt>> ledger(JobId job, int64_t from, int64_t limit) = 0;
  // Jobs that are gone and have lines in the ledger: what jobs() lacks for all of it.
  virtual Result<std::vector<JobId>> forgotten_jobs() = 0;

  // --- cached contents
  // Writes the content of a batch, new or moved by one step of content_steps (or with other times in
  // the same state); what it reserves, cost or may have cost moves in its job's totals in the same
  // transaction. Errors store.step, store.unknown_job.
  virtual Status keep(const CachedContent& content) = 0;
  virtual Result<std::vector<CachedContent>> unfinished_contents() = 0;
  // The job's contents in any state, those of its forgotten forerunners included.
  virtual Result<std::vector<CachedContent>> contents_of(JobId job) = 0;

  // --- the rest
  virtual Status leave_word(const Word& word) = 0;
  virtual Result<std::vector<Word>> words() = 0;  // oldest first
  virtual Status drop_word(uint64_t id) = 0;
  // Facts that outlive a process: learned quotas, the embedded clock.
  virtual Status remember(std::string_view key, std::string_view value) = 0;
  virtual Result<std::string> recall(std::string_view key) = 0;  // empty when never remembered
  // Segments that rows refer to; all other payload files are leftovers of a crash.
  virtual Result<std::vector<SegmentId>> live_segments() = 0;
};

}  // namespace twolane::store
