// Opening: settings of the connection, schema, owner or guest.
#include "store/sqlite/sqlite_store.h"

#include <filesystem>

#include "store/sqlite/embedded.h"
#include "store/sqlite/schema.h"

namespace twolane::store {
namespace {

using sqlite::Connection;

// 4 KB pages write least where single calls are settled; bulk work gains little from larger ones.
// The log is checkpointed every 32 MB, since shuffled results change the same pages many times
// over, and keeps no more than 64 MB of disk after a large acceptance.
constexpr const char* owner_settings =
    "PRAGMA page_size=4096;"
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA cache_size=-8192;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA wal_autocheckpoint=8192;"
    "PRAGMA journal_size_limit=67108864;";

constexpr const char* guest_settings =
    "PRAGMA synchronous=FULL;"
    "PRAGMA cache_size=-8192;"
    "PRAGMA temp_store=MEMORY;";

Result<std::unique_ptr<Store>> open_owner(const std::string& path, Disk* disk) {
  auto connection = TRY(Connection::open(path, disk));
  CHECKED(connection->run(owner_settings));
  CHECKED(sqlite::bring_to_current(*connection));
  return std::make_unique<sqlite::SqliteStore>(std::move(connection), false);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path) {
  return open_owner(path, nullptr);
}

Result<std::unique_ptr<Store>> open_sqlite(Disk& disk, const std::string& path) {
  return open_owner(path, &disk);
}

Result<std::unique_ptr<Store>> open_sqlite_beside(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed))
    return fail("store.absent", "there is no store at " + path);
  auto connection = TRY(Connection::open(path, nullptr));
  CHECKED(connection->run(guest_settings));
  CHECKED(sqlite::require_current(*connection));
  return std::make_unique<sqlite::SqliteStore>(std::move(connection), true);
}

}  // namespace twolane::store
