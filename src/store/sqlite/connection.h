// One SQLite connection with its prepared statements, and how its failures become Errors.
//
// Statements are prepared once per SQL text and kept. A Query borrows one for a while; the same
// text must not be borrowed twice at a time. Threads: one.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "store/disk.h"
#include "store/sqlite/vfs.h"

namespace twolane::store::sqlite {

class Connection {
 public:
  // With `disk`, the database lies there and nobody else may open it; `path` is a name on it.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, Disk* disk);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs SQL text without results, one or more statements.
  Status run(const char* sql);
  // The first column of the first row; 0 without a row.
  Result<int64_t> number(const char* sql);
  int64_t changes() const { return sqlite3_changes64(db_); }
  bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

  void roll_back() noexcept { sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr); }

  // What SQLite says went wrong, as an Error. Throws Crash when the disk said so.
  Error trouble(int code);
  // The statement for this text; nullptr (and `error`) when it cannot be prepared.
  sqlite3_stmt* prepared(const char* sql, std::optional<Error>& error);

 private:
  Connection() = default;
  std::unique_ptr<DiskVfs> vfs_;
  std::string path_;
  sqlite3* db_ = nullptr;
  std::unordered_map<std::string_view, sqlite3_stmt*>
      statements_;  // keys point into the statements
};

struct Blob {
  std::string_view bytes;
};
struct Null {};

// A statement at work: bind, step, read. Bound text must live until the statement was stepped.
class Query {
 public:
  Query(Connection& connection, const char* sql)
      : connection_(connection), statement_(connection.prepared(sql, failed_)) {}
  Query(Connection& connection, const std::string& sql) : Query(connection, sql.c_str()) {}
  ~Query() {
    if (statement_) sqlite3_reset(statement_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Starts anew with these values for ?1, ?2, ...
  template <class... Values>
  Query& with(const Values&... values) {
    if (!statement_) return *this;
    sqlite3_reset(statement_);
    place_ = 0;
    (add(values), ...);
    return *this;
  }
  // One value more.
  template <class Value>
  Query& add(const Value& value) {
    if (statement_) bind(++place_, value);
    return *this;
  }

  Result<bool> next() {  // true: a row is there
    if (!statement_) return fail(*failed_);
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return fail(connection_.trouble(code));
  }
  Status done() {  // runs to the end
    while (TRY(next())) {
    }
    return {};
  }

  // Ends before the last row: an open cursor costs those who change the same table.
  void over() {
    if (statement_) sqlite3_reset(statement_);
  }

  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view text(int column) const {  // until the next step
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes ? bytes : "", static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::string string(int column) const { return std::string(text(column)); }

 private:
  void bind(int i, int64_t n) { sqlite3_bind_int64(statement_, i, n); }
  void bind(int i, int32_t n) { sqlite3_bind_int64(statement_, i, n); }
  void bind(int i, uint64_t n) { sqlite3_bind_int64(statement_, i, static_cast<int64_t>(n)); }
  void bind(int i, bool yes) { sqlite3_bind_int64(statement_, i, yes ? 1 : 0); }
  void bind(int i, std::string_view text) {
    sqlite3_bind_text(statement_, i, text.empty() ? "" : text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
  }
  void bind(int i, const std::string& text) { bind(i, std::string_view(text)); }
  void bind(int i, Blob blob) {
    sqlite3_bind_blob(statement_, i, blob.bytes.empty() ? "" : blob.bytes.data(),
                      static_cast<int>(blob.bytes.size()), SQLITE_STATIC);
  }
  void bind(int i, Null) { sqlite3_bind_null(statement_, i); }
  template <class Value>
  void bind(int i, const std::optional<Value>& value) {
    if (value) {
      bind(i, *value);
    } else {
      sqlite3_bind_null(statement_, i);
    }
  }

  Connection& connection_;
  std::optional<Error> failed_;
  sqlite3_stmt* statement_;
  int place_ = 0;
};

// Everything between construction and commit() happens together or not at all.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection) {
    CHECKED(connection.run("BEGIN IMMEDIATE"));
    return Transaction(connection);
  }
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;  // null when over
};

// Several reads of one state of the database. Without it each statement takes and drops SQLite's file
// locks by itself, which costs more than a read by key.
class Snapshot {
 public:
  static Result<Snapshot> take(Connection& connection) {
    if (connection.in_transaction()) return Snapshot(nullptr);
    CHECKED(connection.run("BEGIN"));
    return Snapshot(&connection);
  }
  Snapshot(Snapshot&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (connection_) connection_->roll_back();  // nothing was written
  }

 private:
  explicit Snapshot(Connection* connection) : connection_(connection) {}
  Connection* connection_;  // null when an enclosing transaction does it
};

}  // namespace twolane::store::sqlite
