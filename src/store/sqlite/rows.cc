// Reading and writing whole rows. See rows.h.
#include "store/sqlite/rows.h"

#include <deque>

namespace twolane::store::sqlite {
namespace {

std::unexpected<Error> unknown_letter(std::string_view letter) {
  return fail("store.corrupt", "the store is damaged",
              "\"" + std::string(letter) + "\" is the state of nothing");
}

// "a, b, c" and "?1, ?2, ?3" and "a = ?1, b = ?2" for lists of columns, made once.
std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string question_marks(size_t count) {
  std::vector<std::string> marks;
  for (size_t i = 1; i <= count; ++i) marks.push_back("?" + std::to_string(i));
  return joined(marks);
}

std::string assignments(const std::vector<std::string>& columns) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < columns.size(); ++i)
    parts.push_back(columns[i] + " = ?" + std::to_string(i + 1));
  return joined(parts);
}

// The columns that may change, then those that never do.
const std::vector<std::string>& changing_job_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> all = {"input_name", "world",    "format",      "options",
                                    "accepted",   "deadline", "kept",        "cap",
                                    "state",      "finished", "last_answer", "trouble"};
    Totals totals;
    each_total(totals, [&](std::string name, auto&) { all.push_back(std::move(name)); });
    return all;
  }();
  return columns;
}

const std::vector<std::string>& job_columns() {
  static const std::vector<std::string> columns = [] {
    auto all = changing_job_columns();
    for (const char* name : {"job", "lot", "input", "requests"}) all.emplace_back(name);
    return all;
  }();
  return columns;
}

Result<JobRow> read_job_row(const Query& query) {
  JobRow row;
  Job& job = row.job;
  int column = 0;
  job.input_name = query.string(column++);
  job.world = query.string(column++);
  job.format = enum_at<InputFormat>(query, column++);
  job.options = query.string(column++);
  job.accepted = time_at(query, column++);
  job.deadline = time_at(query, column++);
  job.kept = query.integer(column++) != 0;
  if (!query.null(column)) job.cap = PicoUsd{TRY(from_decimal(query.text(column)))};
  ++column;
  job.state = enum_at<JobState>(query, column++);
  job.finished = time_at(query, column++);
  job.last_answer = time_at(query, column++);
  job.trouble = query.string(column++);
  std::optional<Error> broken;
  each_total(job.totals, [&]<class Value>(const std::string&, Value& value) {
    if constexpr (std::is_same_v<Value, PicoUsd>) {
      if (auto sum = from_decimal(query.text(column))) {
        value.n = *sum;
      } else {
        broken = sum.error();
      }
    } else {
      value = query.integer(column);
    }
    ++column;
  });
  if (broken) return fail(*broken);
  job.id = id_at<JobTag>(query, column++);
  row.lot = query.integer(column++);
  job.input = id_at<SegmentTag>(query, column++);
  job.requests = query.integer(column++);
  return row;
}

// Binds the changing columns; texts of sums are kept in `sums` until the statement was stepped.
void bind_changing(Query& query, const Job& job, std::deque<std::string>& sums) {
  query.with(job.input_name, job.world, static_cast<int>(job.format), job.options, job.accepted.ms,
             job.deadline.ms, job.kept);
  if (job.cap) {
    query.add(sums.emplace_back(decimal(job.cap->n)));
  } else {
    query.add(Null{});
  }
  query.add(static_cast<int>(job.state)).add(job.finished.ms).add(job.last_answer.ms);
  query.add(job.trouble);
  each_total(job.totals, [&]<class Value>(const std::string&, const Value& value) {
    if constexpr (std::is_same_v<Value, PicoUsd>) {
      query.add(sums.emplace_back(decimal(value.n)));
    } else {
      query.add(value);
    }
  });
}

void bind_batch(Query& query, const Batch& b) {
  query.with(b.provider, b.account, b.model, static_cast<int>(b.endpoint), static_cast<int>(b.tier),
             b.promotion, b.probe, static_cast<int>(b.state), b.cancel_asked.ms, b.settled_some,
             b.requests, b.bytes, b.tokens, b.created.ms, b.sent.ms, b.ended.ms, b.upload,
             b.provider_id, b.outputs, b.said, b.said_done, b.looked.ms, b.tries, b.trouble,
             b.id.n);
}

const std::vector<std::string>& changing_batch_columns() {
  static const std::vector<std::string> columns = {
      "provider", "account", "model",      "endpoint",     "tier",     "promotion",
      "probe",    "state",   "cancelling", "settled_some", "requests", "bytes",
      "tokens",   "created", "sent",       "ended",        "upload",   "provider_id",
      "outputs",  "said",    "said_done",  "looked",       "tries",    "trouble"};
  return columns;
}

}  // namespace

const char* const batch_columns =
    "batch.provider, batch.account, batch.model, batch.endpoint, batch.tier, batch.promotion, "
    "batch.probe, batch.state, batch.cancelling, batch.settled_some, batch.requests, batch.bytes, "
    "batch.tokens, batch.created, batch.sent, batch.ended, batch.upload, batch.provider_id, "
    "batch.outputs, batch.said, batch.said_done, batch.looked, batch.tries, batch.trouble, "
    "batch.batch";

const char* const request_columns =
    "request.request, request.start, request.length, request.line_after_idx, request.shape, "
    "request.state, request.tries, request.input_bound, request.output_bound";

Result<RequestState> request_state_of(std::string_view letter) {
  const size_t at = request_letters.find(letter);
  if (letter.size() != 1 || at == std::string_view::npos) return unknown_letter(letter);
  return static_cast<RequestState>(at);
}

Result<AttemptState> attempt_state_of(std::string_view letter) {
  const size_t at = attempt_letters.find(letter);
  if (letter.size() != 1 || at == std::string_view::npos) return unknown_letter(letter);
  return static_cast<AttemptState>(at);
}

Result<int64_t> narrow(PicoUsd amount) {
  if (amount.n > std::numeric_limits<int64_t>::max() ||
      amount.n < std::numeric_limits<int64_t>::min())
    return fail("store.range", "an amount of one request is too large to be booked",
                exact_usd(amount) + " USD; an attempt can hold 9,223,372");
  return static_cast<int64_t>(amount.n);
}

Result<std::optional<JobRow>> read_job(Connection& connection, JobId id) {
  static const std::string sql = "SELECT " + joined(job_columns()) + " FROM job WHERE job = ?1";
  Query query(connection, sql);
  query.with(id.n);
  if (!TRY(query.next())) return std::optional<JobRow>();
  return std::optional<JobRow>(TRY(read_job_row(query)));
}

Result<std::vector<Job>> read_jobs(Connection& connection) {
  static const std::string sql =
      "SELECT " + joined(job_columns()) + " FROM job ORDER BY accepted DESC, job";
  Query query(connection, sql);
  query.with();
  std::vector<Job> jobs;
  while (TRY(query.next())) jobs.push_back(TRY(read_job_row(query)).job);
  return jobs;
}

Status insert_job(Connection& connection, const JobRow& row) {
  static const std::string sql = "INSERT INTO job(" + joined(job_columns()) + ") VALUES(" +
                                 question_marks(job_columns().size()) + ")";
  Query query(connection, sql);
  std::deque<std::string> sums;
  bind_changing(query, row.job, sums);
  query.add(row.job.id.n).add(row.lot).add(row.job.input.n).add(row.job.requests);
  return query.done();
}

Status update_job(Connection& connection, const JobRow& row) {
  static const std::string sql = "UPDATE job SET " + assignments(changing_job_columns()) +
                                 " WHERE job = ?" +
                                 std::to_string(changing_job_columns().size() + 1);
  Query query(connection, sql);
  std::deque<std::string> sums;
  bind_changing(query, row.job, sums);
  query.add(row.job.id.n);
  return query.done();
}

std::string targets_text(const std::vector<Target>& targets) {
  std::string text;
  for (const auto& target : targets) text += target.provider + "\t" + target.model + "\n";
  return text;
}

std::vector<Target> targets_of(std::string_view text) {
  std::vector<Target> targets;
  bool in_model = false;
  Target target;
  for (const char c : text) {
    if (c == '\n') {
      targets.push_back(std::exchange(target, Target{}));
      in_model = false;
    } else if (c == '\t' && !in_model) {
      in_model = true;
    } else {
      (in_model ? target.model : target.provider).push_back(c);
    }
  }
  return targets;
}

Result<std::vector<Shape>> read_shapes(Connection& connection, int64_t lot) {
  Query query(connection,
              "SELECT number, endpoint, targets, fingerprint, requests, proof, refusal, steps_after FROM shape "
              "WHERE lot = ?1 ORDER BY number");
  query.with(lot);
  std::vector<Shape> shapes;
  while (TRY(query.next())) {
    Shape& shape = shapes.emplace_back();
    shape.number = static_cast<int32_t>(query.integer(0));
    shape.endpoint = enum_at<Endpoint>(query, 1);
    shape.targets = targets_of(query.text(2));
    shape.fingerprint = static_cast<uint64_t>(query.integer(3));
    shape.requests = query.integer(4);
    shape.proof = enum_at<Shape::Proof>(query, 5);
    shape.refusal = query.string(6);
    shape.steps_after = static_cast<int32_t>(query.integer(7));
  }
  return shapes;
}

Batch read_batch(const Query& query) {
  Batch b;
  int column = 0;
  b.provider = query.string(column++);
  b.account = query.string(column++);
  b.model = query.string(column++);
  b.endpoint = enum_at<Endpoint>(query, column++);
  b.tier = enum_at<ServiceTier>(query, column++);
  b.promotion = query.integer(column++) != 0;
  b.probe = query.integer(column++) != 0;
  b.state = enum_at<BatchState>(query, column++);
  b.cancel_asked.ms = query.integer(column++);
  b.settled_some = query.integer(column++) != 0;
  b.requests = query.integer(column++);
  b.bytes = query.integer(column++);
  b.tokens = query.integer(column++);
  b.created = time_at(query, column++);
  b.sent = time_at(query, column++);
  b.ended = time_at(query, column++);
  b.upload = query.string(column++);
  b.provider_id = query.string(column++);
  b.outputs = query.string(column++);
  b.said = query.string(column++);
  b.said_done = query.integer(column++);
  b.looked = time_at(query, column++);
  b.tries = static_cast<int32_t>(query.integer(column++));
  b.trouble = query.string(column++);
  b.id = id_at<BatchTag>(query, column++);
  return b;
}

Status insert_batch(Connection& connection, const Batch& batch, int64_t slot) {
  static const std::string sql = "INSERT INTO batch(" + joined(changing_batch_columns()) +
                                 ", batch, epoch, slot) VALUES(" +
                                 question_marks(changing_batch_columns().size() + 3) + ")";
  Query query(connection, sql);
  bind_batch(query, batch);
  query.add(batch.created.ms).add(slot);
  return query.done();
}

Status update_batch(Connection& connection, const Batch& batch) {
  static const std::string sql = "UPDATE batch SET " + assignments(changing_batch_columns()) +
                                 " WHERE batch = ?" +
                                 std::to_string(changing_batch_columns().size() + 1);
  {
    Query now(connection, "SELECT state FROM batch WHERE batch = ?1");
    now.with(batch.id.n);
    if (!TRY(now.next())) return fail("store.unknown_batch", "there is no batch " + batch.id.hex());
    const auto state = enum_at<BatchState>(now, 0);
    if (is_final(state) && state != batch.state)
      return fail("store.step", "batch " + batch.id.hex() + " cannot step from " +
                                    std::string(name_of(state)) + " to " +
                                    std::string(name_of(batch.state)));
  }
  Query query(connection, sql);
  bind_batch(query, batch);
  return query.done();
}

Result<RequestRow> read_request(const Query& query, JobId job) {
  RequestRow row;
  row.job = job;
  row.index = index_of(query.integer(0));
  row.offset = query.integer(1);
  row.length = query.integer(2);
  row.line = query.integer(3) + row.index;
  row.shape = static_cast<int32_t>(query.integer(4));
  row.state = TRY(request_state_of(query.text(5)));
  row.tries = static_cast<int32_t>(query.integer(6));
  row.input_bound = query.integer(7);
  row.output_bound = query.integer(8);
  return row;
}

}  // namespace twolane::store::sqlite
