// What a home of version 2 has beyond the second layout, as SQL text: for tests of the migration. This
// text is never changed.
#pragma once

namespace twolane::store {

inline constexpr const char* third_layout_from_second = R"sql(
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
UPDATE job SET storage = '7';
PRAGMA user_version = 2;
)sql";

}  // namespace twolane::store
