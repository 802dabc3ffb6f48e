// The tables, their version, and the way from every older version to the current one.
#pragma once

#include "store/sqlite/connection.h"

namespace twolane::store::sqlite {

inline constexpr int schema_version = 3;

// Makes the tables in an empty database, or migrates older ones in a single transaction with all
// their data. Errors: store.newer, store.foreign (tables of something else).
Status bring_to_current(Connection& connection);

// Refuses what is not current: store.older, store.newer, store.absent (nothing there yet).
Status require_current(Connection& connection);

}  // namespace twolane::store::sqlite
