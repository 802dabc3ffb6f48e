// What a home of version 1 has beyond the first layout, as SQL text: for tests of the migration. This
// text is never changed.
#pragma once

namespace twolane::store {

inline constexpr const char* second_layout_from_first = R"sql(
ALTER TABLE job ADD COLUMN last_answer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE shape ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN probe INTEGER NOT NULL DEFAULT 0;
CREATE TABLE fact(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
UPDATE job SET last_answer = 2500, trouble = '{"code":"money.cap"}';
UPDATE shape SET open = 1;
INSERT INTO fact VALUES('output.000000000000000a', 'old.out.jsonl');
PRAGMA user_version = 1;
)sql";

}  // namespace twolane::store
