// Requests: reading them, opening them again, closing them without an attempt, their outcomes.
#include "store/sqlite/chains.h"

namespace twolane::store::sqlite {

namespace {

constexpr IndexRange every_place{0, index_limit - 1};

IndexRange place_or_all(std::optional<int64_t> index) {
  return index ? IndexRange{*index, *index} : every_place;
}

// Some of a job's requests (?1 is the key of its first): a condition, narrowed to some places and to
// one shape where it is given.
struct Selection {
  Selection(const char* condition, std::optional<int32_t> only_shape, IndexRange range)
      : where(condition), shape(only_shape), places(range) {
    where += " AND request BETWEEN ?1 + ?3 AND ?1 + ?4";
    if (shape) where += " AND shape = ?2";
  }
  std::string where;
  std::optional<int32_t> shape;
  IndexRange places;
};

// Counts what is about to move to `to`, in the job's totals too.
Result<int64_t> count_moves(Connection& connection, TouchedJobs& jobs, JobRow& row,
                            const Selection& selection, RequestState to) {
  Query query(connection, "SELECT shape, state, count(*) FROM request WHERE " + selection.where +
                              " GROUP BY shape, state");
  query.with(request_key(row.lot, 0), selection.shape, selection.places.from, selection.places.to);
  int64_t moved = 0;
  while (TRY(query.next())) {
    const RequestState from = TRY(request_state_of(query.text(1)));
    jobs.moved(row, static_cast<int32_t>(query.integer(0)), from, to, query.integer(2));
    moved += query.integer(2);
  }
  return moved;
}

}  // namespace

Result<int64_t> add_reason(Connection& connection, int64_t lot, std::string_view error) {
  Query next(connection, "SELECT coalesce(max(number) + 1, 0) FROM reason WHERE lot = ?1");
  next.with(lot);
  TRY(next.next());
  const int64_t number = next.integer(0);
  Query insert(connection, "INSERT INTO reason(lot, number, error) VALUES(?1, ?2, ?3)");
  CHECKED(insert.with(lot, number, error).done());
  return number;
}

Result<int64_t> SqliteStore::reopen(JobId job, std::optional<int64_t> index) {
  static_assert(may_be_retried(RequestState::failed) && may_be_retried(RequestState::expired));
  auto transaction = TRY(change());
  TouchedJobs jobs(*connection_);
  JobRow& row = *TRY(jobs.of(job));
  if (TRY(has_needs(*connection_, row.lot))) {
    Reopening reopening(*connection_, jobs, row);
    const int64_t moved = TRY(index ? reopening.one(*index) : reopening.all());
    CHECKED(jobs.write());
    CHECKED(transaction.commit());
    return moved;
  }
  const Selection selection("state IN ('f', 'e') AND length > 0", std::nullopt, place_or_all(index));
  const int64_t moved = TRY(count_moves(*connection_, jobs, row, selection, RequestState::open));
  if (moved == 0) return moved;
  Query update(*connection_,
               "UPDATE request SET state = 'o', tries = 0, decider = NULL, reason = NULL WHERE " +
                   selection.where);
  const IndexRange& at = selection.places;
  CHECKED(update.with(request_key(row.lot, 0), selection.shape, at.from, at.to).done());
  CHECKED(jobs.write());
  CHECKED(transaction.commit());
  return moved;
}

Result<int64_t> SqliteStore::close_open(JobId job, std::optional<int32_t> shape,
                                        std::optional<int64_t> index, RequestState state,
                                        std::string_view error) {
  const IndexRange places = place_or_all(index);
  return close(job, shape, {&places, 1}, state, error);
}

Result<int64_t> SqliteStore::close_open_among(JobId job, const IndexRanges& places, RequestState state,
                                              std::string_view error) {
  return close(job, std::nullopt, places.all(), state, error);
}

Result<int64_t> SqliteStore::close(JobId job, std::optional<int32_t> shape,
                                   std::span<const IndexRange> places, RequestState state,
                                   std::string_view error) {
  if (!may_step(request_steps, RequestState::open, state) || !is_final(state) ||
      state == RequestState::succeeded)
    return fail("store.step", "an open request cannot be closed as " + std::string(name_of(state)));
  auto transaction = TRY(change());
  TouchedJobs jobs(*connection_);
  JobRow& row = *TRY(jobs.of(job));
  Followers followers(*connection_, jobs);
  int64_t reason = -1, moved = 0;
  for (const IndexRange& range : places) {
    const IndexRange at{range.from, std::min(range.to, every_place.to)};
    const Selection selection("state IN ('o', 'w')", shape, at);
    const int64_t here = TRY(count_moves(*connection_, jobs, row, selection, state));
    if (here == 0) continue;
    moved += here;
    if (row.job.totals.of(RequestState::waiting) > 0) {
      Query closed(*connection_, "SELECT request FROM request WHERE " + selection.where);
      closed.with(request_key(row.lot, 0), shape, at.from, at.to);
      while (TRY(closed.next())) followers.ended(row, closed.integer(0), state);
    }
    if (reason < 0) reason = TRY(add_reason(*connection_, row.lot, error));
    Query update(*connection_, "UPDATE request SET state = ?5, reason = ?6 WHERE " + selection.where);
    CHECKED(update.with(request_key(row.lot, 0), shape, at.from, at.to, letter_of(state), reason).done());
  }
  if (moved == 0) return moved;
  moved += TRY(followers.follow());
  CHECKED(jobs.write());
  CHECKED(transaction.commit());
  return moved;
}

Result<std::vector<RequestRow>> SqliteStore::open_requests(JobId job, int32_t shape, int64_t from,
                                                           int64_t limit) {
  static const std::string sql = std::string("SELECT ") + request_columns +
                                 " FROM request INDEXED BY request_open "
                                 "WHERE shape = ?1 AND state = 'o' AND request BETWEEN ?2 AND ?3 "
                                 "ORDER BY request LIMIT ?4";
  const int64_t lot = TRY(lot_of(job));
  Query query(*connection_, sql);
  query.with(shape, request_key(lot, from), request_key(lot, index_limit - 1), limit);
  std::vector<RequestRow> rows;
  while (TRY(query.next())) rows.push_back(TRY(read_request(query, job)));
  return rows;
}

Result<int64_t> SqliteStore::open_count(JobId job, int32_t shape) {
  const int64_t lot = TRY(lot_of(job));
  Query query(*connection_, "SELECT open FROM shape WHERE lot = ?1 AND number = ?2");
  query.with(lot, shape);
  return TRY(query.next()) ? query.integer(0) : int64_t{0};
}

Result<std::optional<RequestRow>> SqliteStore::request(JobId job, int64_t index) {
  static const std::string sql =
      std::string("SELECT ") + request_columns + " FROM request WHERE request = ?1";
  const int64_t lot = TRY(lot_of(job));
  if (index < 0 || index >= index_limit) return std::optional<RequestRow>();
  Query query(*connection_, sql);
  query.with(request_key(lot, index));
  if (!TRY(query.next())) return std::optional<RequestRow>();
  return std::optional<RequestRow>(TRY(read_request(query, job)));
}

namespace {

// Small tables that outcomes point into, read once per page.
class Lookups {
 public:
  Lookups(Connection& connection, int64_t lot) : connection_(connection), lot_(lot) {}

  struct BatchFacts {
    std::string provider, model;
    Endpoint endpoint = Endpoint::chat_completions;
    std::vector<SegmentId> segments;  // by number
  };

  Result<const BatchFacts*> batch(int64_t slot) {
    if (last_ && last_slot_ == slot) return last_;
    auto [at, fresh] = batches_.try_emplace(slot);
    if (fresh) CHECKED(read(slot, at->second));
    last_slot_ = slot;
    last_ = &at->second;
    return last_;
  }

  Result<std::string> reason(int64_t number) {
    if (reason_number_ == number) return reason_;
    Query query(connection_, "SELECT error FROM reason WHERE lot = ?1 AND number = ?2");
    query.with(lot_, number);
    reason_ = TRY(query.next()) ? query.string(0) : std::string();
    reason_number_ = number;
    return reason_;
  }

  // Where one batch mixes models, the model is the one that the request's shape names.
  Result<std::string> model_of(int32_t shape, const std::string& provider) {
    if (!shapes_) shapes_ = TRY(read_shapes(connection_, lot_));
    for (const auto& s : *shapes_)
      if (s.number == shape)
        for (const auto& target : s.targets)
          if (target.provider == provider) return target.model;
    return std::string();
  }

 private:
  Status read(int64_t slot, BatchFacts& facts) {
    Query query(connection_, "SELECT provider, model, endpoint FROM batch WHERE slot = ?1");
    query.with(slot);
    if (TRY(query.next())) {
      facts.provider = query.string(0);
      facts.model = query.string(1);
      facts.endpoint = enum_at<Endpoint>(query, 2);
    }
    Query segments(connection_,
                   "SELECT segment FROM batch_segment WHERE slot = ?1 ORDER BY number");
    segments.with(slot);
    while (TRY(segments.next())) facts.segments.push_back(id_at<SegmentTag>(segments, 0));
    return {};
  }

  Connection& connection_;
  const int64_t lot_;
  std::unordered_map<int64_t, BatchFacts> batches_;
  int64_t last_slot_ = 0;
  const BatchFacts* last_ = nullptr;
  int64_t reason_number_ = -1;
  std::string reason_;
  std::optional<std::vector<Shape>> shapes_;
};

// The columns of an attempt after those of its request; `first` is its key.
Status read_deciding_attempt(const Query& query, int first, Lookups& lookups, OutcomeRow& row) {
  const auto& batch = *TRY(lookups.batch(slot_of(query.integer(first))));
  row.provider = batch.provider;
  row.model = batch.model.empty() ? TRY(lookups.model_of(row.shape, batch.provider)) : batch.model;
  row.endpoint = batch.endpoint;
  row.response_id = query.string(first + 1);
  row.served = enum_at<ServiceTier>(query, first + 2);
  row.charged = !query.null(first + 3);
  if (row.charged) row.usage = TRY(unpack_usage(query.text(first + 3)));
  row.cost.n = query.integer(first + 4);
  row.http_status = static_cast<int32_t>(query.integer(first + 5));
  row.error = query.string(first + 6);
  const auto segment = static_cast<size_t>(query.integer(first + 7));
  if (!query.null(first + 7) && segment < batch.segments.size())
    row.result = {batch.segments[segment], query.integer(first + 8), query.integer(first + 9)};
  return {};
}

}  // namespace

Result<std::vector<OutcomeRow>> SqliteStore::outcomes(JobId job, int64_t from, int64_t limit) {
  static const std::string sql =
      std::string("SELECT ") + request_columns +
      ", request.reason, attempt.attempt, attempt.response_id, attempt.served, attempt.usage,"
      " attempt.cost, attempt.http_status, attempt.error, attempt.segment, attempt.start,"
      " attempt.length FROM request LEFT JOIN attempt"
      " ON attempt.attempt = CASE WHEN request.reason IS NULL"
      " AND request.state IN ('s', 'f', 'e', 'c')"
      " THEN coalesce(request.decider, request.attempt) END"
      " WHERE request.request BETWEEN ?1 AND ?2 ORDER BY request.request LIMIT ?3";
  constexpr int reason = 9, attempt = 10;
  const int64_t lot = TRY(lot_of(job));
  Lookups lookups(*connection_, lot);
  Query query(*connection_, sql);
  query.with(request_key(lot, from), request_key(lot, index_limit - 1), limit);
  std::vector<OutcomeRow> rows;
  while (TRY(query.next())) {
    const RequestRow request = TRY(read_request(query, job));
    OutcomeRow& row = rows.emplace_back();
    row.index = request.index;
    row.offset = request.offset;
    row.length = request.length;
    row.line = request.line;
    row.shape = request.shape;
    row.state = request.state;
    row.tries = request.tries;
    if (!query.null(reason)) row.error = TRY(lookups.reason(query.integer(reason)));
    if (!query.null(attempt)) CHECKED(read_deciding_attempt(query, attempt, lookups, row));
  }
  return rows;
}

Result<std::vector<NeededAnswer>> SqliteStore::needs(JobId job, int64_t from, int64_t to) {
  const int64_t lot = TRY(lot_of(job));
  Lookups lookups(*connection_, lot);
  Query query(*connection_,
              "SELECT need.request, need.place, need.needed, request.state, attempt.attempt,"
              " attempt.segment, attempt.start, attempt.length "
              "FROM need JOIN request ON request.request = need.needed LEFT JOIN attempt"
              " ON attempt.attempt = CASE WHEN request.state = 's'"
              " THEN coalesce(request.decider, request.attempt) END "
              "WHERE need.request BETWEEN ?1 AND ?2 ORDER BY need.request, need.place");
  query.with(request_key(lot, from), request_key(lot, std::min(to, index_limit - 1)));
  std::vector<NeededAnswer> all;
  while (TRY(query.next())) {
    NeededAnswer& one = all.emplace_back();
    one.need = {index_of(query.integer(0)), static_cast<int32_t>(query.integer(1)),
                index_of(query.integer(2))};
    one.state = TRY(request_state_of(query.text(3)));
    if (query.null(4)) continue;
    const auto& batch = *TRY(lookups.batch(slot_of(query.integer(4))));
    one.endpoint = batch.endpoint;
    const auto segment = static_cast<size_t>(query.integer(5));
    if (!query.null(5) && segment < batch.segments.size())
      one.result = {batch.segments[segment], query.integer(6), query.integer(7)};
  }
  return all;
}

}  // namespace twolane::store::sqlite
