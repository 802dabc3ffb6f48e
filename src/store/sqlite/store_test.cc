// The contract on a real disk; owners and guests; schemas older and newer.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "store/sqlite/connection.h"
#include "store/sqlite/first_layout.h"
#include "store/sqlite/packing.h"
#include "store/sqlite/second_layout.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/third_layout.h"
#include "store/store_contract.h"

namespace twolane::store {
namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "twolane-store-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class RealWorld final : public StoreWorld {
 public:
  Result<std::unique_ptr<Store>> open() override { return open_sqlite(directory_ / "twolane.db"); }

 private:
  TemporaryDirectory directory_;
};

void run_sql(const std::string& path, const std::string& sql) {
  auto connection = sqlite::Connection::open(path, nullptr);
  ASSERT_OK(connection);
  ASSERT_OK((*connection)->run(sql.c_str()));
}

int64_t number_in(const std::string& path, const char* sql) {
  return value_of(sqlite::Connection::open(path, nullptr))->number(sql).value();
}

// A store that began its life in the first layout.
class MigratedWorld final : public StoreWorld {
 public:
  MigratedWorld() { run_sql(directory_ / "twolane.db", first_layout); }
  Result<std::unique_ptr<Store>> open() override { return open_sqlite(directory_ / "twolane.db"); }

 private:
  TemporaryDirectory directory_;
};

const auto real_worlds =
    testing::Values(NamedWorld{"sqlite", [] { return std::make_unique<RealWorld>(); }},
                    NamedWorld{"migrated", [] { return std::make_unique<MigratedWorld>(); }});
const auto name_of_world = [](const auto& world) { return world.param.name; };
INSTANTIATE_TEST_SUITE_P(RealDisk, StoreContract, real_worlds, name_of_world);
INSTANTIATE_TEST_SUITE_P(RealDisk, StoreContractChains, real_worlds, name_of_world);

class SqliteFile : public testing::Test {
 protected:
  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "twolane.db";
};

TEST_F(SqliteFile, an_older_schema_is_migrated_with_its_data) {
  run_sql(path_, std::string(first_layout) + first_layout_rows);
  EXPECT_EQ(code_of(open_sqlite_beside(path_)), "store.older");
  {
    auto store = std::move(*open_sqlite(path_));
    const Job job = store->job({10}).value().value();
    EXPECT_EQ(job.input_name, "old.jsonl");
    EXPECT_EQ(job.last_answer, Time{2500});
    EXPECT_EQ(job.trouble, "");
    EXPECT_EQ(exact_usd(*job.cap), "5.00");
    expect_same(job.totals, recomputed(*store, job));
    EXPECT_EQ(store->open_count({10}, 0).value(), 1);
    EXPECT_EQ(store->open_requests({10}, 0, 0, 9).value().at(0).tries, 1);
    const auto outcomes = store->outcomes({10}, 0, 9).value();
    EXPECT_EQ(outcomes[0].response_id, "chatcmpl-1");
    EXPECT_EQ(outcomes[0].result, (Slice{{12}, 0, 90}));
    EXPECT_EQ(outcomes[2].error, R"({"code":"bad"})");
    const auto members = store->members({11}).value();
    ASSERT_EQ(members.size(), 3u);
    EXPECT_EQ(members[2].index, 3);
    EXPECT_EQ(members[2].attempt, AttemptState::running);
    EXPECT_TRUE(members[2].current);
    EXPECT_FALSE(store->batch({11}).value()->probe);
    EXPECT_EQ(store->words().value().at(0).verb, "promote");
    ASSERT_OK(store->remember("a", "b"));
  }
  EXPECT_EQ(number_in(path_, "PRAGMA user_version"), 3);
  ASSERT_OK(open_sqlite_beside(path_));
}

TEST_F(SqliteFile, a_home_of_version_1_gets_cached_contents) {
  run_sql(path_, std::string(first_layout) + first_layout_rows + second_layout_from_first);
  auto store = std::move(*open_sqlite(path_));
  const Job before = store->job({10}).value().value();
  EXPECT_EQ(before.last_answer, Time{2500});
  EXPECT_EQ(before.trouble, R"({"code":"money.cap"})");
  EXPECT_EQ(before.totals.storage.n, 0);
  expect_same(before.totals, recomputed(*store, before));
  EXPECT_EQ(store->recall("output.000000000000000a").value(), "old.out.jsonl");
  ASSERT_OK(store->keep(content_of(11, {10})));
  EXPECT_EQ(store->job({10}).value()->totals.reserved.n, before.totals.reserved.n + 5'000);
  EXPECT_EQ(number_in(path_, "PRAGMA user_version"), 3);
}

TEST_F(SqliteFile, a_home_of_version_2_gets_requests_that_wait) {
  run_sql(path_, std::string(first_layout) + first_layout_rows + second_layout_from_first +
                     third_layout_from_second);
  auto store = std::move(*open_sqlite(path_));
  const Job before = store->job({10}).value().value();
  EXPECT_EQ(before.totals.storage.n, 7);
  EXPECT_EQ(before.totals.of(RequestState::waiting), 0);
  EXPECT_EQ(store->shapes({10}).value().at(0).steps_after, 0);
  EXPECT_TRUE(store->needs({10}, 0, 9).value().empty());
  EXPECT_EQ(store->reopen({10}, std::nullopt).value(), 1);
  EXPECT_EQ(number_in(path_, "PRAGMA user_version"), 3);
}

TEST_F(SqliteFile, a_migrated_schema_is_the_same_as_a_new_one) {
  run_sql(path_, first_layout);
  ASSERT_OK(open_sqlite(path_));
  ASSERT_OK(open_sqlite(directory_ / "new.db"));
  const char* columns =
      "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || ' ' || pk, char(10)) FROM "
      "(SELECT m.name || '.' || c.name AS name, c.type, c.\"notnull\", c.pk "
      "FROM sqlite_schema m, pragma_table_info(m.name) c ORDER BY 1)";
  const auto text_in = [&](const std::string& path, const char* sql) {
    auto connection = value_of(sqlite::Connection::open(path, nullptr));
    sqlite::Query query(*connection, sql);
    EXPECT_TRUE(query.next().value());
    return query.string(0);
  };
  EXPECT_EQ(text_in(path_, columns), text_in(directory_ / "new.db", columns));
  const char* indexes =
      "SELECT group_concat(sql, char(10)) FROM "
      "(SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name)";
  EXPECT_EQ(text_in(path_, indexes), text_in(directory_ / "new.db", indexes));
}

TEST_F(SqliteFile, a_newer_schema_is_refused_with_what_to_do) {
  ASSERT_OK(open_sqlite(path_));
  run_sql(path_, "PRAGMA user_version=4");
  for (const auto& opened : {open_sqlite(path_).error(), open_sqlite_beside(path_).error()}) {
    EXPECT_EQ(opened.code, "store.newer");
    ASSERT_EQ(opened.next.size(), 1u);
    EXPECT_NE(opened.next[0].find("--home DIR"), std::string::npos);
  }
  EXPECT_EQ(number_in(path_, "PRAGMA user_version"), 4);
}

TEST_F(SqliteFile, what_is_no_store_is_left_alone) {
  run_sql(path_, "CREATE TABLE notes(text)");
  EXPECT_EQ(code_of(open_sqlite(path_)), "store.foreign");
  EXPECT_EQ(number_in(path_, "SELECT count(*) FROM sqlite_schema"), 1);
  std::filesystem::remove(path_);
  EXPECT_EQ(code_of(open_sqlite_beside(path_)), "store.absent");
  EXPECT_FALSE(std::filesystem::exists(path_));
  {
    std::FILE* file = std::fopen(path_.c_str(), "w");
    std::fputs(std::string(5000, 'x').c_str(), file);
    std::fclose(file);
  }
  EXPECT_EQ(code_of(open_sqlite(path_)), "store.corrupt");
}

TEST_F(SqliteFile, guests_see_what_is_committed_and_change_nothing_but_words) {
  auto owner = std::move(*open_sqlite(path_));
  auto guest = std::move(*open_sqlite_beside(path_));
  ASSERT_OK(owner->remember("a", "1"));
  EXPECT_EQ(guest->recall("a").value(), "1");
  EXPECT_EQ(code_of(guest->remember("a", "2")), "store.busy");
  EXPECT_EQ(code_of(guest->accept({1})), "store.busy");
  EXPECT_EQ(code_of(guest->drop_word(1)), "store.busy");
  ASSERT_OK(guest->leave_word({0, {7}, "pause", ""}));
  EXPECT_EQ(owner->words().value().at(0).verb, "pause");
}

// In SQLite's plan, the work on open requests must not depend on how many requests there are.
TEST_F(SqliteFile, hot_statements_use_their_keys) {
  ASSERT_OK(open_sqlite(path_));
  auto connection = value_of(sqlite::Connection::open(path_, nullptr));
  for (const char* sql :
       {"SELECT request FROM request INDEXED BY request_open WHERE shape = 1 AND state = 'o' "
        "AND request BETWEEN 1 AND 2 ORDER BY request LIMIT 3",
        "UPDATE request NOT INDEXED SET state = 'b' WHERE request BETWEEN 1 AND 2 AND state = 'o'",
        "UPDATE request SET state = 's' WHERE request = 1 AND state = 'b' AND attempt = 2",
        "SELECT count(*) FROM batch_lot WHERE lot = 1", "SELECT 1 FROM batch WHERE batch = 1",
        "SELECT 1 FROM batch_segment WHERE segment = 1",
        "SELECT need.request FROM need JOIN request ON request.request = need.request "
        "WHERE need.needed = 1 AND request.state = 'w'",
        "SELECT 1 FROM need JOIN request AS needed ON needed.request = need.needed "
        "WHERE need.request = 1 AND needed.state <> 's' LIMIT 1"}) {
    sqlite::Query plan(*connection, "EXPLAIN QUERY PLAN " + std::string(sql));
    std::string steps;
    while (plan.next().value()) steps += plan.string(3) + "\n";
    EXPECT_NE(steps.find("SEARCH"), std::string::npos) << sql << "\n" << steps;
    EXPECT_EQ(steps.find("SCAN"), std::string::npos) << sql << "\n" << steps;
    EXPECT_EQ(steps.find("TEMP"), std::string::npos) << sql << "\n" << steps;
  }
}

TEST(Packing, numbers_come_back) {
  using namespace sqlite;
  std::vector<Placed> members;
  for (int64_t i = 0; i < 1000; ++i)
    members.push_back({i * i * (i % 3 == 0 ? 1 : 500) % 5000, i % 7 == 0 ? -i : i << (i % 50),
                       static_cast<int32_t>(i % 4)});
  std::vector<Placed> back;
  ASSERT_OK(unpack_members(packed_members(members.data(), members.size()), back));
  ASSERT_EQ(back.size(), members.size());
  for (size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].idx, members[i].idx);
    EXPECT_EQ(back[i].reserve, members[i].reserve);
    EXPECT_EQ(back[i].lot_number, members[i].lot_number);
  }
  EXPECT_EQ(code_of(unpack_members("\x80", back)), "store.corrupt");
  for (const Usage& usage :
       {Usage{}, Usage{1, 2, 3, 4, 5, 6}, Usage{0, 0, 0, 0, 1, 0}, Usage{-5, 1LL << 62},
                             Usage{1, 2, 3, 4, 5, 6, 7, 8, 9}})
    EXPECT_EQ(unpack_usage(packed_usage(usage)).value(), usage);
  EXPECT_EQ(packed_usage({}), "");
  EXPECT_EQ(code_of(unpack_usage(std::string(10, '\x01'))), "store.corrupt");
  const __int128 large = static_cast<__int128>(1) << 100;
  for (const __int128 n : {__int128{0}, __int128{-7}, large, -large})
    EXPECT_TRUE(from_decimal(decimal(n)).value() == n);
  EXPECT_EQ(decimal(large), "1267650600228229401496703205376");
  for (const char* text : {"", "-", "1a", "1.5"})
    EXPECT_EQ(code_of(from_decimal(text)), "store.corrupt");
}

}  // namespace
}  // namespace twolane::store
