// Settling: what became of attempts, and with them of their requests, jobs and batches.
#include "store/sqlite/chains.h"

namespace twolane::store::sqlite {
namespace {

// A batch while one transaction settles attempts of it.
struct BatchAtWork {
  BatchId id;
  std::shared_ptr<const BatchMembers> members;
  bool promotion = false;
  RequestState placed_as = RequestState::batched;  // what place() made of its requests
  std::vector<JobRow*> jobs;                       // by lot_number; nullptr: forgotten
  std::vector<int64_t> stopped;                    // by lot_number: attempts that ran before
  std::vector<SegmentId> segments;                 // by number
  size_t segments_before = 0;                      // so many of them have their row
};

std::unexpected<Error> no_step(const std::string& what, std::string_view from,
                               std::string_view to) {
  return fail("store.step",
              what + " cannot step from " + std::string(from) + " to " + std::string(to));
}

std::string said(const AttemptKey& key) {
  return "attempt " + std::to_string(key.position) + " of batch " + key.batch.hex();
}

// Text that is absent when empty, and numbers that are absent when zero: nothing costs least.
std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

class Settler {
 public:
  Settler(Connection& connection, MemberCache& cache, Time at)
      : connection_(connection),
        cache_(cache),
        jobs_(connection),
        followers_(connection, jobs_),
        at_(at),
        insert_(connection,
                "INSERT INTO attempt(attempt, lot_number, state, response_id, served, usage, cost, "
                "list,"
                " http_status, error, segment, start, length, at) "
                "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
                "ON CONFLICT(attempt) DO NOTHING"),
        finish_request_(connection,
                        "UPDATE request SET state = ?2 "
                        "WHERE request = ?1 AND state = ?3 AND attempt = ?4"),
        finish_run_(connection,
                    "UPDATE request NOT INDEXED SET state = ?3 WHERE request BETWEEN ?1 AND ?2"
                    " AND state = ?4 AND attempt = ?5 + (request - ?1)"),
        select_request_(connection,
                        "SELECT state, tries, shape, attempt FROM request WHERE request = ?1"),
        update_request_(connection,
                        "UPDATE request SET state = ?2, tries = ?3, decider = ?4 "
                        "WHERE request = ?1") {}

  Status settle(const Settlement& s) {
    BatchAtWork& batch = *TRY(turn_to(s.key.batch));
    if (s.key.position < 0 || static_cast<size_t>(s.key.position) >= batch.members->placed.size())
      return fail("store.unknown_request", "there is no " + said(s.key));
    const Placed& placed = batch.members->placed[static_cast<size_t>(s.key.position)];
    JobRow* job = batch.jobs[static_cast<size_t>(placed.lot_number)];
    const AttemptState before = TRY(write_attempt(batch, placed, job != nullptr, s));
    if (before == s.state) return {};  // heard a second time
    if (before == AttemptState::running) ++batch.stopped[static_cast<size_t>(placed.lot_number)];
    if (!job) return {};
    book(job->job, batch, placed, before, s);
    return move_request(batch, *job, placed, s);
  }

  Status write() {
    CHECKED(move_run());
    Query segment(connection_,
                  "INSERT INTO batch_segment(slot, number, segment) VALUES(?1, ?2, ?3)");
    Query lot(connection_,
              "UPDATE batch_lot SET running = running - ?3 WHERE slot = ?1 AND number = ?2");
    for (const auto& [id, batch] : batches_) {
      for (size_t i = batch->segments_before; i < batch->segments.size(); ++i)
        CHECKED(segment.with(batch->members->slot, static_cast<int64_t>(i), batch->segments[i].n)
                    .done());
      for (size_t i = 0; i < batch->stopped.size(); ++i)
        if (batch->stopped[i] != 0)
          CHECKED(
              lot.with(batch->members->slot, static_cast<int64_t>(i), batch->stopped[i]).done());
    }
    TRY(followers_.follow());
    return jobs_.write();
  }

 private:
  Result<BatchAtWork*> turn_to(BatchId id) {
    if (current_ && current_->id == id) return current_;
    auto [at, fresh] = batches_.try_emplace(id);
    if (fresh) at->second = TRY(load(id));
    current_ = at->second.get();
    return current_;
  }

  Result<std::unique_ptr<BatchAtWork>> load(BatchId id) {
    auto batch = std::make_unique<BatchAtWork>();
    batch->id = id;
    batch->members = TRY(cache_.get(connection_, id));
    batch->stopped.resize(batch->members->lots.size());
    for (const int64_t lot : batch->members->lots) batch->jobs.push_back(TRY(jobs_.of_lot(lot)));
    Query about(connection_, "SELECT promotion, tier FROM batch WHERE slot = ?1");
    about.with(batch->members->slot);
    TRY(about.next());
    batch->promotion = about.integer(0) != 0;
    if (enum_at<ServiceTier>(about, 1) != ServiceTier::batch) batch->placed_as = RequestState::live;
    Query segments(connection_,
                   "SELECT segment FROM batch_segment WHERE slot = ?1 ORDER BY number");
    segments.with(batch->members->slot);
    while (TRY(segments.next())) batch->segments.push_back(id_at<SegmentTag>(segments, 0));
    batch->segments_before = batch->segments.size();
    return batch;
  }

  // The number of a segment within its batch; a new one gets the next.
  static int64_t segment_number(BatchAtWork& batch, SegmentId segment) {
    for (size_t i = batch.segments.size(); i-- > 0;)
      if (batch.segments[i] == segment) return static_cast<int64_t>(i);
    batch.segments.push_back(segment);
    return static_cast<int64_t>(batch.segments.size()) - 1;
  }

  Status bind_attempt(Query& query, BatchAtWork& batch, const Placed& placed, bool whole,
                      const Settlement& s) {
    query.with(key_of(batch, s), placed.lot_number, letter_of(s.state), unless_empty(s.response_id),
               static_cast<int>(s.served));
    if (s.charged) {
      usage_ = packed_usage(s.usage);
      query.add(Blob{usage_}).add(TRY(narrow(s.cost))).add(TRY(narrow(s.list)));
    } else {
      query.add(Null{}).add(Null{}).add(Null{});
    }
    query.add(s.http_status != 0 ? std::optional(s.http_status) : std::nullopt);
    query.add(whole ? unless_empty(s.error) : std::nullopt);
    if (whole && s.result.segment) {
      query.add(segment_number(batch, s.result.segment)).add(s.result.offset).add(s.result.length);
    } else {
      query.add(Null{}).add(Null{}).add(Null{});
    }
    query.add(at_.ms - batch.members->epoch);
    return {};
  }

  static int64_t key_of(const BatchAtWork& batch, const Settlement& s) {
    return attempt_key(batch.members->slot, s.key.position);
  }

  // Returns the attempt's state before: the new one when it had this very outcome already.
  Result<AttemptState> write_attempt(BatchAtWork& batch, const Placed& placed, bool whole,
                                     const Settlement& s) {
    if (!may_step(attempt_steps, AttemptState::running, s.state))
      return no_step(said(s.key), name_of(AttemptState::running), name_of(s.state));
    CHECKED(bind_attempt(insert_, batch, placed, whole, s));
    CHECKED(insert_.done());
    if (connection_.changes() == 1) return AttemptState::running;
    return step_again(batch, placed, whole, s);
  }

  Result<AttemptState> step_again(BatchAtWork& batch, const Placed& placed, bool whole,
                                  const Settlement& s) {
    Query query(connection_,
                "SELECT state, response_id, served, usage, cost, list, http_status, error "
                "FROM attempt WHERE attempt = ?1");
    query.with(key_of(batch, s));
    if (!TRY(query.next())) return fail("store.corrupt", "the store is damaged", said(s.key));
    const AttemptState before = TRY(attempt_state_of(query.text(0)));
    bool same = before == s.state && query.text(1) == s.response_id &&
                enum_at<ServiceTier>(query, 2) == s.served && !query.null(3) == s.charged &&
                query.integer(6) == s.http_status && (!whole || query.text(7) == s.error);
    if (same && s.charged)
      same = TRY(unpack_usage(query.text(3))) == s.usage && query.integer(4) == s.cost.n &&
             query.integer(5) == s.list.n;
    query.over();
    if (same) return before;
    if (!may_step(attempt_steps, before, s.state))
      return no_step(said(s.key), name_of(before), name_of(s.state));
    Query update(connection_,
                 "UPDATE attempt SET lot_number = ?2, state = ?3, response_id = ?4, served = ?5,"
                 " usage = ?6, cost = ?7, list = ?8, http_status = ?9, error = ?10, segment = ?11,"
                 " start = ?12, length = ?13, at = ?14 WHERE attempt = ?1");
    CHECKED(bind_attempt(update, batch, placed, whole, s));
    CHECKED(update.done());
    return before;
  }

  // The totals, but for the requests' states.
  void book(Job& job, const BatchAtWork& batch, const Placed& placed, AttemptState before,
            const Settlement& s) const {
    Totals& t = job.totals;
    const PicoUsd reserve{placed.reserve};
    if (before == AttemptState::running) t.reserved -= reserve;
    if (before == AttemptState::unconfirmed) {
      t.unconfirmed -= reserve;
      --t.unconfirmed_attempts;
    }
    if (is_unconfirmed(s.state, s.charged, reserve)) {
      t.unconfirmed += reserve;
      ++t.unconfirmed_attempts;
    }
    if (s.charged) t.cost += s.cost;
    if (s.state != AttemptState::answered) {
      if (!s.charged) return;
      t.paid_twice += s.cost;
      ++t.paid_twice_attempts;
      return;
    }
    auto& lane = t.lanes[static_cast<size_t>(s.served)];
    ++lane.requests;
    if (s.charged) {
      lane.cost += s.cost;
      lane.list += s.list;
      t.input_tokens += s.usage.input();
      t.cached_tokens += s.usage.cache_read;
      t.output_tokens += s.usage.output;
    }
    if (batch.promotion) ++t.promoted;
    if (at_ > job.deadline) ++t.late;
    job.last_answer = std::max(job.last_answer, at_);
  }

  Status move_request(const BatchAtWork& batch, JobRow& job, const Placed& placed,
                      const Settlement& s) {
    const bool succeeds = s.request == RequestState::succeeded;
    if (succeeds != (s.state == AttemptState::answered))
      return fail("store.step",
                  said(s.key) + " is " + std::string(name_of(s.state)) +
                      ", but its request does not go with it",
                  "a request succeeds with its answered attempt and with no other");
    if (!s.request && !s.counts_as_try) return {};
    if (!ends_with_latest(batch, s)) {
      CHECKED(move_run());
      return move_one(batch, job, placed, s);
    }
    if (!continues_run(batch, job, placed, s)) {
      CHECKED(move_run());
      run_ = {&batch, &job, *s.request, placed.idx, std::move(run_.settlements)};
    }
    run_.settlements.push_back(&s);
    return {};
  }

  // What mostly happens: the latest attempt ends its request.
  static bool ends_with_latest(const BatchAtWork& batch, const Settlement& s) {
    return s.request && is_final(*s.request) && !s.counts_as_try &&
           may_step(request_steps, batch.placed_as, *s.request);
  }

  bool continues_run(const BatchAtWork& batch, const JobRow& job, const Placed& placed,
                     const Settlement& s) const {
    if (run_.settlements.empty()) return false;
    const auto count = static_cast<int64_t>(run_.settlements.size());
    return run_.batch == &batch && run_.job == &job && run_.to == *s.request &&
           s.key.position == run_.settlements.back()->key.position + 1 && placed.idx == run_.first + count;
  }

  Status move_run() {
    if (run_.settlements.size() < 2 || !TRY(finished_together()))
      for (const Settlement* s : run_.settlements) {
        const Placed& placed = run_.batch->members->placed[static_cast<size_t>(s->key.position)];
        if (!TRY(finished_at_once(*run_.batch, *run_.job, placed, *s)))
          CHECKED(move_one(*run_.batch, *run_.job, placed, *s));
      }
    run_.settlements.clear();
    return {};
  }

  // The whole run by one walk. False: some attempt is not its request's latest any more, and nothing
  // happened.
  Result<bool> finished_together() {
    const auto count = static_cast<int64_t>(run_.settlements.size());
    const int64_t first = request_key(run_.job->lot, run_.first);
    CHECKED(connection_.run("SAVEPOINT run"));
    CHECKED(finish_run_
                .with(first, first + count - 1, letter_of(run_.to), letter_of(run_.batch->placed_as),
                      key_of(*run_.batch, *run_.settlements.front()))
                .done());
    if (connection_.changes() != count) {
      CHECKED(connection_.run("ROLLBACK TO run; RELEASE run"));
      return false;
    }
    CHECKED(connection_.run("RELEASE run"));
    jobs_.moved(*run_.job, 0, run_.batch->placed_as, run_.to, count);  // never open: the shape does not matter
    for (int64_t i = 0; i < count; ++i) followers_.ended(*run_.job, first + i, run_.to);
    return true;
  }

  Status move_one(const BatchAtWork& batch, JobRow& job, const Placed& placed, const Settlement& s) {
    const int64_t key = request_key(job.lot, placed.idx);
    select_request_.with(key);
    if (!TRY(select_request_.next()))
      return fail("store.corrupt", "the store is damaged", said(s.key) + " has no request");
    const RequestState from = TRY(request_state_of(select_request_.text(0)));
    const int64_t tries = select_request_.integer(1) + (s.counts_as_try ? 1 : 0);
    const auto shape = static_cast<int32_t>(select_request_.integer(2));
    const bool latest = select_request_.integer(3) == key_of(batch, s);
    select_request_.over();
    if (!s.request && is_final(from)) return {};
    const RequestState to = s.request.value_or(from);
    if (s.request && !may_step(request_steps, from, to))
      return no_step("request " + std::to_string(placed.idx) + " of job " + job.job.id.hex(),
                     name_of(from), name_of(to));
    const bool other_decides = is_final(to) && !latest;
    CHECKED(update_request_
                .with(key, letter_of(to), tries,
                      other_decides ? std::optional(key_of(batch, s)) : std::nullopt)
                .done());
    if (s.request) jobs_.moved(job, shape, from, to);
    if (is_final(to)) followers_.ended(job, key, to);
    return {};
  }

  // With one access. False: the attempt is not the latest any more, or the request ended before.
  Result<bool> finished_at_once(const BatchAtWork& batch, JobRow& job, const Placed& placed,
                                const Settlement& s) {
    CHECKED(finish_request_
                .with(request_key(job.lot, placed.idx), letter_of(*s.request),
                      letter_of(batch.placed_as), key_of(batch, s))
                .done());
    if (connection_.changes() != 1) return false;
    jobs_.moved(job, 0, batch.placed_as, *s.request);  // never open: the shape does not matter
    followers_.ended(job, request_key(job.lot, placed.idx), *s.request);
    return true;
  }

  Connection& connection_;
  MemberCache& cache_;
  TouchedJobs jobs_;
  Followers followers_;
  const Time at_;
  Query insert_, finish_request_, finish_run_, select_request_, update_request_;
  std::unordered_map<BatchId, std::unique_ptr<BatchAtWork>> batches_;
  BatchAtWork* current_ = nullptr;
  std::string usage_;
  // Requests that follow one another in batch and job and end alike: counted, not yet moved.
  struct {
    const BatchAtWork* batch = nullptr;
    JobRow* job = nullptr;
    RequestState to = RequestState::open;
    int64_t first = 0;  // its index
    std::vector<const Settlement*> settlements;
  } run_;
};

// Lines come shuffled; rows that lie side by side are written side by side. Within one batch no two
// positions are the same request, so that the order does not matter; of several batches it is kept.
std::vector<const Settlement*> in_order(std::span<const Settlement> settlements) {
  std::vector<const Settlement*> order;
  order.reserve(settlements.size());
  bool one_batch = true;
  for (const auto& settlement : settlements) {
    order.push_back(&settlement);
    one_batch = one_batch && settlement.key.batch == settlements.front().key.batch;
  }
  if (one_batch)
    std::stable_sort(order.begin(), order.end(), [](const Settlement* a, const Settlement* b) {
      return a->key.position < b->key.position;
    });
  return order;
}

}  // namespace

Status SqliteStore::settle(std::span<const Settlement> settlements, const Batch* batch, Time at) {
  auto transaction = TRY(change());
  {
    Settler settler(*connection_, members_, at);
    for (const Settlement* settlement : in_order(settlements)) CHECKED(settler.settle(*settlement));
    CHECKED(settler.write());
  }
  if (batch) CHECKED(update_batch(*connection_, *batch));
  return transaction.commit();
}

}  // namespace twolane::store::sqlite
