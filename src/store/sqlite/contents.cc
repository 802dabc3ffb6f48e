// Cached contents, and what they reserve and cost in the totals of their jobs.
#include "store/sqlite/embedded.h"

namespace twolane::store::sqlite {
namespace {

constexpr const char* select_contents =
    "SELECT batch, lot, state, name, account, tokens, created, expires, ends, reserve, cost "
    "FROM cached_content ";

struct ContentRow {
  CachedContent content;  // without its job
  int64_t lot = 0;
};

ContentRow read_content(const Query& query) {
  ContentRow row;
  CachedContent& c = row.content;
  c.batch = id_at<BatchTag>(query, 0);
  row.lot = query.integer(1);
  c.state = enum_at<ContentState>(query, 2);
  c.name = query.string(3);
  c.account = query.string(4);
  c.tokens = query.integer(5);
  c.created = time_at(query, 6);
  c.expires = time_at(query, 7);
  c.ends = time_at(query, 8);
  c.reserve.n = query.integer(9);
  c.cost.n = query.integer(10);
  return row;
}

// Adds (sign 1) or takes away (-1) what the content means for its job.
void book(Totals& t, const CachedContent& c, int sign) {
  const auto moved = [sign](PicoUsd amount) { return PicoUsd{amount.n * sign}; };
  if (!is_final(c.state)) t.reserved += moved(c.reserve);
  if (c.state == ContentState::unconfirmed) {
    t.unconfirmed += moved(c.reserve);
    t.unconfirmed_attempts += sign;
  }
  if (c.state != ContentState::billed) return;
  t.cost += moved(c.cost);
  t.storage += moved(c.cost);
}

}  // namespace

Status SqliteStore::keep(const CachedContent& c) {
  auto transaction = TRY(change());
  std::optional<ContentRow> before;
  {
    Query query(*connection_, std::string(select_contents) + "WHERE batch = ?1");
    query.with(c.batch.n);
    if (TRY(query.next())) before = read_content(query);
  }
  if (before && before->content.state != c.state &&
      !may_step(content_steps, before->content.state, c.state))
    return fail("store.step", "the cached content of batch " + c.batch.hex() + " cannot go on so");
  const int64_t lot = before ? before->lot : TRY(lot_of(c.job));
  const int64_t reserve = TRY(narrow(c.reserve)), cost = TRY(narrow(c.cost));
  CHECKED(Query(*connection_,
                "INSERT INTO cached_content(batch, lot, state, name, account, tokens, created, "
                "expires, ends, reserve, cost) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
                "ON CONFLICT(batch) DO UPDATE SET state = ?3, name = ?4, account = ?5, tokens = ?6, "
                "created = ?7, expires = ?8, ends = ?9, reserve = ?10, cost = ?11")
              .with(c.batch.n, lot, static_cast<int>(c.state), c.name, c.account, c.tokens,
                    c.created.ms, c.expires.ms, c.ends.ms, reserve, cost)
              .done());
  TouchedJobs jobs(*connection_);
  if (JobRow* job = TRY(jobs.of_lot(lot))) {
    if (before) book(job->job.totals, before->content, -1);
    book(job->job.totals, c, 1);
  }
  CHECKED(jobs.write());
  return transaction.commit();
}

Result<std::vector<CachedContent>> SqliteStore::unfinished_contents() {
  std::vector<ContentRow> rows;
  {
    Query query(*connection_, std::string(select_contents) + "WHERE state < 3 ORDER BY batch");
    query.with();
    while (TRY(query.next())) rows.push_back(read_content(query));
  }
  std::vector<CachedContent> contents;
  for (ContentRow& row : rows) {
    row.content.job = TRY(job_of_lot(row.lot));
    contents.push_back(std::move(row.content));
  }
  return contents;
}

Result<std::vector<CachedContent>> SqliteStore::contents_of(JobId job) {
  std::vector<CachedContent> contents;
  for (const int64_t lot : TRY(all_lots_of(job))) {
    Query query(*connection_, std::string(select_contents) + "WHERE lot = ?1 ORDER BY created, batch");
    query.with(lot);
    while (TRY(query.next())) {
      contents.push_back(read_content(query).content);
      contents.back().job = job;
    }
  }
  return contents;
}

}  // namespace twolane::store::sqlite
