// The first layout of the tables (version 0) and a small database in it, as SQL text: for tests of
// the migration. This text is never changed.
#pragma once

namespace twolane::store {

inline constexpr const char* first_layout = R"sql(
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
  open_requests INTEGER NOT NULL,
  batched_requests INTEGER NOT NULL,
  live_requests INTEGER NOT NULL,
  succeeded_requests INTEGER NOT NULL,
  failed_requests INTEGER NOT NULL,
  expired_requests INTEGER NOT NULL,
  cancelled_requests INTEGER NOT NULL,
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

CREATE TABLE word(
  word INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  verb TEXT NOT NULL,
  argument TEXT NOT NULL);
)sql";

// Job 0xA of four requests (lot 5): 0 succeeded, 1 open, 2 failed, 3 in batch 0xB (slot 9), which
// holds 0, 2 and 3 with a reserve of 100 each.
inline constexpr const char* first_layout_rows = R"sql(
INSERT INTO job VALUES(10, 5, 'old.jsonl', 'sim:1', 0, '{}', 11, 4, 1000, 90000, 1, '5000000000000', 0,
  0, 1, 1, 0, 1, 1, 0, 0, 0, '0', '0', 1, '700', '1400', 0, '0', '0', 0, '0', '0', 0, '0', '0',
  0, 0, 10, 0, 3, '700', '0', 0, '100', '0', 0);
INSERT INTO shape VALUES(5, 0, 0, 'openai' || char(9) || 'gpt-5.4-mini' || char(10), 77, 4, 1, '');
INSERT INTO request VALUES(335544320, 0, 50, 1, 0, 's', 0, 20, 30, 37748736, NULL, NULL);
INSERT INTO request VALUES(335544321, 50, 50, 1, 0, 'o', 1, 20, 30, -9223372036854775807, NULL, NULL);
INSERT INTO request VALUES(335544322, 100, 50, 1, 0, 'f', 1, 20, 30, 37748737, NULL, NULL);
INSERT INTO request VALUES(335544323, 150, 50, 1, 0, 'b', 0, 20, 30, 37748738, NULL, NULL);
INSERT INTO batch VALUES(9, 11, 2000, 'openai', 'acct', 'gpt-5.4-mini', 0, 1, 0, 4, 0, 1, 3, 150, 60,
  2000, 2100, 0, 'file_1', 'batch_1', '', 'in_progress', -1, 2200, 0, '');
INSERT INTO batch_lot VALUES(9, 0, 5, 1);
INSERT INTO batch_segment VALUES(9, 0, 12);
INSERT INTO placement VALUES(37748736, x'00C80104C80100C801');
INSERT INTO attempt VALUES(37748736, 0, 'a', 'chatcmpl-1', 1, x'1406', 700, 1400, 200, NULL, 0, 0, 90, 500);
INSERT INTO attempt VALUES(37748737, 0, 'r', NULL, 1, NULL, NULL, NULL, 400, '{"code":"bad"}', 0, 90, 40, 600);
INSERT INTO word VALUES(1, 10, 'promote', '1');
)sql";

}  // namespace twolane::store
