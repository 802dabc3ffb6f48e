// Opening a database, preparing statements, translating errors.
#include "store/sqlite/connection.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace twolane::store::sqlite {
namespace {

constexpr int busy_wait_ms = 10'000;  // another process leaves a word, or reads a checkpointed page

// SQLite counts the memory of the whole process behind a lock unless it is told before its first use not to.
void count_no_memory() {
  [[maybe_unused]] static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

// SQLite gives its side files the permissions of the database, so it is made first, for its owner
// only.
Status make_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail("store.io", "cannot open " + path, std::strerror(errno));
  ::close(fd);
  return {};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Disk* disk) {
  count_no_memory();
  std::unique_ptr<Connection> connection(new Connection);
  connection->path_ = path;
  const char* vfs = nullptr;
  if (disk) {
    connection->vfs_ = std::make_unique<DiskVfs>(*disk);
    vfs = connection->vfs_->name();
  } else {
    CHECKED(make_private(path));
  }
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &connection->db_, flags, vfs);
  if (code != SQLITE_OK) return fail(connection->trouble(code));
  sqlite3_busy_timeout(connection->db_, busy_wait_ms);
  if (disk) {
    // A simulated process ends by being destroyed: that must not write anything.
    sqlite3_db_config(connection->db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    // WAL salts come from SQLite's own generator; from here on they repeat.
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 20240229, static_cast<sqlite3*>(nullptr));
    CHECKED(connection->run("PRAGMA locking_mode=EXCLUSIVE"));
  }
  return connection;
}

Connection::~Connection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

Error Connection::trouble(int code) {
  if (vfs_) vfs_->rethrow();
  Error error;
  error.message = "the store at " + path_ + " failed";
  error.why = db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.code = "store.busy";
      error.message = "another process holds the store at " + path_;
      error.retryable = true;
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      error.code = "store.corrupt";
      error.message = "the store at " + path_ + " is damaged";
      break;
    case SQLITE_FULL:
      error.code = "store.io";
      error.message = "the disk under " + path_ + " is full";
      break;
    default:
      error.code = "store.io";
  }
  if (vfs_)
    if (const auto below = vfs_->take_trouble()) error.why += ": " + below->message;
  return error;
}

Status Connection::run(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(trouble(code));
  return {};
}

Result<int64_t> Connection::number(const char* sql) {
  Query query(*this, sql);
  if (!TRY(query.next())) return int64_t{0};
  return query.integer(0);
}

sqlite3_stmt* Connection::prepared(const char* sql, std::optional<Error>& error) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    error = trouble(code);
    return nullptr;
  }
  statements_.emplace(sqlite3_sql(statement), statement);
  return statement;
}

Transaction::~Transaction() {
  // Without IO in WAL mode; whatever it answers, nothing of the transaction remains.
  if (connection_ && connection_->in_transaction()) connection_->roll_back();
}

Status Transaction::commit() {
  CHECKED(connection_->run("COMMIT"));
  connection_ = nullptr;
  return {};
}

}  // namespace twolane::store::sqlite
