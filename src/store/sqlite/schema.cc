// The schema as SQL text. See schema.h.
//
// How the rows are laid out:
// - Rows that there are millions of have one integer as their key, see keys.h: a request's is made
// of
//   its job's `lot` and its index, an attempt's of its batch's `slot` and its position.
// - A lot is chosen before the job's name (a hash of its input) can be known. A forgotten job
// leaves
//   its lot and name in `forgotten`, for its lines of the ledger.
// - Who comes after whom is in `need`, by the keys of both requests, for as long as the job is kept.
// - Who is in a batch is written once, in `placement`: blobs of packed (lot_number, idx, reserve),
// see
//   packing.h; their key is that of the first attempt in them. A member without a row in `attempt`
//   is running; its row is written with its outcome.
// - States of requests and attempts are one letter, so that a row keeps its size when its state
// moves
//   and is overwritten in place. For the same reason a request that was never placed names an
//   attempt of full width (see no_attempt in keys.h).
// - Amounts of one attempt fit 64 bits of pico-dollars; sums are 128 bits and lie in decimal text.
// - Numbers of enumerators are those of model/, see rows.h.
// - `cancelling` is when a cancel was asked for, 0 for never; earlier versions wrote 1.
// Nothing here needs more of a database than a distributed PostgreSQL has: ids come from outside.
#include "store/sqlite/schema.h"

#include <string>

namespace twolane::store::sqlite {
namespace {

constexpr const char* current_tables = R"sql(
CREATE TABLE job(
  job INTEGER PRIMARY KEY,
  lot INTEGER NOT NULL UNIQUE,
  input_name TEXT NOT NULL,
  world TEXT NOT NULL,
  format INTEGER NOT NULL,
  options TEXT NOT NULL,
  input INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  cap TEXT,
  state INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  last_answer INTEGER NOT NULL DEFAULT 0,
  trouble TEXT NOT NULL DEFAULT '',
  open_requests INTEGER NOT NULL,
  batched_requests INTEGER NOT NULL,
  live_requests INTEGER NOT NULL,
  succeeded_requests INTEGER NOT NULL,
  failed_requests INTEGER NOT NULL,
  expired_requests INTEGER NOT NULL,
  cancelled_requests INTEGER NOT NULL,
  waiting_requests INTEGER NOT NULL DEFAULT 0,
  standard_answers INTEGER NOT NULL, standard_cost TEXT NOT NULL, standard_list TEXT NOT NULL,
  batch_answers INTEGER NOT NULL, batch_cost TEXT NOT NULL, batch_list TEXT NOT NULL,
  flex_answers INTEGER NOT NULL, flex_cost TEXT NOT NULL, flex_list TEXT NOT NULL,
  priority_answers INTEGER NOT NULL, priority_cost TEXT NOT NULL, priority_list TEXT NOT NULL,
  scale_answers INTEGER NOT NULL, scale_cost TEXT NOT NULL, scale_list TEXT NOT NULL,
  promoted INTEGER NOT NULL,
  late INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost TEXT NOT NULL,
  paid_twice TEXT NOT NULL,
  paid_twice_attempts INTEGER NOT NULL,
  storage TEXT NOT NULL DEFAULT '0',
  reserved TEXT NOT NULL,
  unconfirmed TEXT NOT NULL,
  unconfirmed_attempts INTEGER NOT NULL);

CREATE TABLE forgotten(lot INTEGER PRIMARY KEY, job INTEGER NOT NULL);

CREATE TABLE shape(
  lot INTEGER NOT NULL,
  number INTEGER NOT NULL,
  endpoint INTEGER NOT NULL,
  targets TEXT NOT NULL,
  fingerprint INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  open INTEGER NOT NULL DEFAULT 0,
  steps_after INTEGER NOT NULL DEFAULT 0,
  proof INTEGER NOT NULL,
  refusal TEXT NOT NULL,
  PRIMARY KEY(lot, number)) WITHOUT ROWID;

CREATE TABLE request(
  request INTEGER PRIMARY KEY,
  start INTEGER NOT NULL,
  length INTEGER NOT NULL,
  line_after_idx INTEGER NOT NULL,
  shape INTEGER NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  input_bound INTEGER NOT NULL,
  output_bound INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  decider INTEGER,
  reason INTEGER);
CREATE INDEX request_open ON request(shape) WHERE state = 'o';

CREATE TABLE need(
  request INTEGER NOT NULL,
  place INTEGER NOT NULL,
  needed INTEGER NOT NULL,
  PRIMARY KEY(request, place)) WITHOUT ROWID;
CREATE INDEX need_by_needed ON need(needed);

CREATE TABLE reason(
  lot INTEGER NOT NULL,
  number INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY(lot, number)) WITHOUT ROWID;

CREATE TABLE batch(
  slot INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL UNIQUE,
  epoch INTEGER NOT NULL,
  provider TEXT NOT NULL,
  account TEXT NOT NULL,
  model TEXT NOT NULL,
  endpoint INTEGER NOT NULL,
  tier INTEGER NOT NULL,
  promotion INTEGER NOT NULL,
  probe INTEGER NOT NULL DEFAULT 0,
  state INTEGER NOT NULL,
  cancelling INTEGER NOT NULL,
  settled_some INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  created INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  upload TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  outputs TEXT NOT NULL,
  said TEXT NOT NULL,
  said_done INTEGER NOT NULL,
  looked INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  trouble TEXT NOT NULL);
CREATE INDEX batch_unfinished ON batch(created) WHERE state < 7;

CREATE TABLE batch_lot(
  slot INTEGER NOT NULL,
  number INTEGER NOT NULL,
  lot INTEGER NOT NULL,
  running INTEGER NOT NULL,
  PRIMARY KEY(slot, number)) WITHOUT ROWID;
CREATE INDEX batch_lot_by_lot ON batch_lot(lot, slot);

CREATE TABLE batch_segment(
  slot INTEGER NOT NULL,
  number INTEGER NOT NULL,
  segment INTEGER NOT NULL,
  PRIMARY KEY(slot, number)) WITHOUT ROWID;
CREATE INDEX batch_segment_by_segment ON batch_segment(segment);

CREATE TABLE placement(first INTEGER PRIMARY KEY, members BLOB NOT NULL);

CREATE TABLE attempt(
  attempt INTEGER PRIMARY KEY,
  lot_number INTEGER NOT NULL,
  state TEXT NOT NULL,
  response_id TEXT,
  served INTEGER,
  usage BLOB,
  cost INTEGER,
  list INTEGER,
  http_status INTEGER,
  error TEXT,
  segment INTEGER,
  start INTEGER,
  length INTEGER,
  at INTEGER NOT NULL);

CREATE TABLE cached_content(
  batch INTEGER PRIMARY KEY,
  lot INTEGER NOT NULL,
  state INTEGER NOT NULL,
  name TEXT NOT NULL,
  account TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  ends INTEGER NOT NULL,
  reserve INTEGER NOT NULL,
  cost INTEGER NOT NULL);
CREATE INDEX cached_content_by_lot ON cached_content(lot);
CREATE INDEX cached_content_unfinished ON cached_content(state) WHERE state < 3;

CREATE TABLE word(
  word INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  verb TEXT NOT NULL,
  argument TEXT NOT NULL);

CREATE TABLE fact(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

// Version 0 knew no facts, no probes, no reason for a job to stand still and no time of its last
// answer, and counted a shape's open requests each time it was asked.
constexpr const char* from_0_to_1 = R"sql(
ALTER TABLE job ADD COLUMN last_answer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
UPDATE job SET last_answer = coalesce(
  (SELECT max(batch.epoch + attempt.at)
   FROM batch_lot JOIN batch ON batch.slot = batch_lot.slot
   JOIN attempt ON attempt.attempt BETWEEN batch.slot << 22 AND (batch.slot << 22) + 4194303
     AND attempt.lot_number = batch_lot.number
   WHERE batch_lot.lot = job.lot AND attempt.state = 'a'), 0);
ALTER TABLE shape ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
UPDATE shape SET open =
  (SELECT count(*) FROM request
   WHERE request.request BETWEEN shape.lot << 26 AND (shape.lot << 26) + 67108863
     AND request.shape = shape.number AND request.state = 'o');
ALTER TABLE batch ADD COLUMN probe INTEGER NOT NULL DEFAULT 0;
CREATE TABLE fact(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

// Version 1 knew no cached contents.
constexpr const char* from_1_to_2 = R"sql(
ALTER TABLE job ADD COLUMN storage TEXT NOT NULL DEFAULT '0';
CREATE TABLE cached_content(
  batch INTEGER PRIMARY KEY,
  lot INTEGER NOT NULL,
  state INTEGER NOT NULL,
  name TEXT NOT NULL,
  account TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  ends INTEGER NOT NULL,
  reserve INTEGER NOT NULL,
  cost INTEGER NOT NULL);
CREATE INDEX cached_content_by_lot ON cached_content(lot);
CREATE INDEX cached_content_unfinished ON cached_content(state) WHERE state < 3;
)sql";

// Version 2 knew no request that comes after another.
constexpr const char* from_2_to_3 = R"sql(
ALTER TABLE job ADD COLUMN waiting_requests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shape ADD COLUMN steps_after INTEGER NOT NULL DEFAULT 0;
CREATE TABLE need(
  request INTEGER NOT NULL,
  place INTEGER NOT NULL,
  needed INTEGER NOT NULL,
  PRIMARY KEY(request, place)) WITHOUT ROWID;
CREATE INDEX need_by_needed ON need(needed);
)sql";

constexpr const char* migrations[schema_version] = {from_0_to_1, from_1_to_2, from_2_to_3};  // [n]: from n to n + 1

struct Found {
  int64_t version = 0;
  bool ours = false;   // there are tables, and they are a store's
  bool empty = false;  // there are no tables
};

Result<Found> look(Connection& connection) {
  Found found;
  found.version = TRY(connection.number("PRAGMA user_version"));
  found.empty = TRY(connection.number("SELECT count(*) FROM sqlite_schema")) == 0;
  found.ours =
      TRY(connection.number("SELECT count(*) FROM sqlite_schema "
                            "WHERE type = 'table' AND name IN ('job', 'request', 'batch')")) == 3;
  return found;
}

std::unexpected<Error> newer(int64_t version) {
  Error error;
  error.code = "store.newer";
  error.message = "the store was made by a later version of twolane";
  error.why = "its schema is version " + std::to_string(version) + ", this program knows up to " +
              std::to_string(schema_version);
  error.next = {"use that version of twolane, or another directory: --home DIR"};
  return fail(std::move(error));
}

std::unexpected<Error> foreign() {
  return fail("store.foreign", "the database in this directory is not a store of twolane");
}

}  // namespace

Status bring_to_current(Connection& connection) {
  Found found = TRY(look(connection));
  if (found.version == schema_version && found.ours) return {};
  auto transaction = TRY(Transaction::begin(connection));
  found = TRY(look(connection));  // another process may have been first
  if (found.version > schema_version) return newer(found.version);
  if (!found.empty && !found.ours) return foreign();
  if (found.empty) {
    CHECKED(connection.run(current_tables));
  } else {
    for (int64_t from = found.version; from < schema_version; ++from)
      CHECKED(connection.run(migrations[from]));
  }
  CHECKED(connection.run(("PRAGMA user_version=" + std::to_string(schema_version)).c_str()));
  return transaction.commit();
}

Status require_current(Connection& connection) {
  const Found found = TRY(look(connection));
  if (found.version > schema_version) return newer(found.version);
  if (found.empty) return fail("store.absent", "there is no store yet");
  if (!found.ours) return foreign();
  if (found.version < schema_version)
    return fail("store.older", "the store was made by an earlier version of twolane",
                "it is brought up to date by the next command that owns its directory");
  return {};
}

}  // namespace twolane::store::sqlite
