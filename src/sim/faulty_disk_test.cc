// The disk that loses things: what it may lose and what not; SQLite and payloads on it, with a
// crash and with a failure at every operation.
#include "sim/faulty_disk.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "store/payloads.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/first_layout.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store_contract.h"

namespace twolane::sim {
namespace {

using store::Disk;

std::string content(FaultyDisk& disk, std::string_view path) {
  auto file = disk.open(path, Disk::Mode::read);
  if (!file) return "<none>";
  std::string bytes(static_cast<size_t>((*file)->size().value()), '\0');
  EXPECT_EQ((*file)->read(0, bytes.data(), bytes.size()).value(), bytes.size());
  return bytes;
}

std::unique_ptr<store::File> made(FaultyDisk& disk, std::string_view path) {
  return std::move(*disk.open(path, Disk::Mode::create));
}

TEST(FaultyDisk, keeps_what_was_synced_and_may_lose_the_rest) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    FaultyDisk disk;
    auto file = made(disk, "a");
    ASSERT_TRUE(file->write(0, "first").has_value());
    ASSERT_TRUE(file->sync().has_value());
    ASSERT_TRUE(disk.sync_directory("").has_value());
    ASSERT_TRUE(file->write(5, " second").has_value());
    ASSERT_TRUE(file->write(0, "FIRST").has_value());
    disk.crash(seed);
    EXPECT_EQ(file->read(0, nullptr, 0).error().code, "store.io");  // of the dead process
    seen.insert(content(disk, "a"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"first", "FIRST", "first second", "FIRST second"}));
}

TEST(FaultyDisk, tears_a_write_at_its_sectors) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    FaultyDisk disk;
    auto file = made(disk, "a");
    ASSERT_TRUE(file->write(0, std::string(1200, 'o')).has_value());
    ASSERT_TRUE(file->sync().has_value());
    ASSERT_TRUE(disk.sync_directory("").has_value());
    ASSERT_TRUE(file->write(300, std::string(600, 'n')).has_value());
    disk.crash(seed);
    seen.insert(content(disk, "a"));
  }
  const auto pieces = [](char first, char second) {
    return std::string(300, 'o') + std::string(212, first) + std::string(388, second) +
           std::string(300, 'o');
  };
  EXPECT_EQ(seen, (std::set<std::string>{pieces('o', 'o'), pieces('n', 'o'), pieces('o', 'n'),
                                         pieces('n', 'n')}));
}

TEST(FaultyDisk, names_vanish_or_return_unless_their_directory_was_synced) {
  std::set<std::string> listings;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    FaultyDisk disk;
    auto kept = made(disk, "kept");
    ASSERT_TRUE(kept->write(0, "k").has_value());
    ASSERT_TRUE(kept->sync().has_value());
    made(disk, "gone");
    ASSERT_TRUE(disk.sync_directory("").has_value());
    ASSERT_TRUE(disk.remove("gone").has_value());
    ASSERT_TRUE(disk.rename("kept", "renamed").has_value());
    EXPECT_EQ(disk.list("").value(), std::vector<std::string>{"renamed"});
    disk.crash(seed);
    std::string listing;
    for (const auto& name : store::value_of(disk.list(""))) listing += name + " ";
    EXPECT_EQ(content(disk, disk.exists("kept").value() ? "kept" : "renamed"), "k");
    listings.insert(listing);
  }
  EXPECT_EQ(listings, (std::set<std::string>{"gone kept ", "gone renamed ", "kept ", "renamed "}));
}

TEST(FaultyDisk, a_file_without_a_durable_directory_is_gone_with_it) {
  bool lost = false, kept = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FaultyDisk disk;
    ASSERT_TRUE(disk.make_directory("d").has_value());
    auto file = made(disk, "d/a");
    ASSERT_TRUE(file->sync().has_value());
    ASSERT_TRUE(disk.sync_directory("d").has_value());
    disk.crash(seed);
    (disk.exists("d/a").value() ? kept : lost) = true;
    EXPECT_EQ(disk.exists("d").value(), disk.exists("d/a").value());
  }
  EXPECT_TRUE(lost);
  EXPECT_TRUE(kept);
}

TEST(FaultyDisk, rolls_back_truncations_and_growth) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    FaultyDisk disk;
    auto file = made(disk, "a");
    ASSERT_TRUE(file->write(0, "abcdef").has_value());
    ASSERT_TRUE(file->sync().has_value());
    ASSERT_TRUE(disk.sync_directory("").has_value());
    ASSERT_TRUE(file->truncate(2).has_value());
    ASSERT_TRUE(file->write(4, "xy").has_value());
    EXPECT_EQ(content(disk, "a"), std::string("ab\0\0xy", 6));
    disk.crash(seed);
    seen.insert(content(disk, "a"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"abcdef", "ab", "abcdxy", std::string("ab\0\0xy", 6)}));
}

TEST(FaultyDisk, the_same_seed_loses_the_same) {
  const auto run = [](uint64_t seed) {
    FaultyDisk disk;
    auto file = made(disk, "a");
    for (int i = 0; i < 40; ++i)
      EXPECT_TRUE(file->write(i * 700, std::string(700, 'a' + i % 26)).has_value());
    disk.crash(seed);
    return content(disk, "a");
  };
  std::set<std::string> different;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(run(seed), run(seed));
    different.insert(run(seed));
  }
  EXPECT_GT(different.size(), 5u);
}

// --- the store over it

constexpr const char* database = "twolane.db";

// Every reopening is a power loss: what the store said is there must be there.
class FaultyWorld final : public store::StoreWorld {
 public:
  Result<std::unique_ptr<store::Store>> open() override {
    disk_.crash(++seed_);
    return store::open_sqlite(disk_, database);
  }

 private:
  FaultyDisk disk_;
  uint64_t seed_ = 0;
};

}  // namespace
}  // namespace twolane::sim

namespace twolane::store {
INSTANTIATE_TEST_SUITE_P(FaultyDisk, StoreContract,
                         testing::Values(NamedWorld{
                             "sqlite_with_power_losses",
                             [] { return std::make_unique<sim::FaultyWorld>(); }}),
                         [](const auto& world) { return world.param.name; });
INSTANTIATE_TEST_SUITE_P(FaultyDisk, StoreContractChains,
                         testing::Values(NamedWorld{
                             "sqlite_with_power_losses",
                             [] { return std::make_unique<sim::FaultyWorld>(); }}),
                         [](const auto& world) { return world.param.name; });
}  // namespace twolane::store

namespace twolane::sim {
namespace {

using store::Placement;
using store::Settlement;
using store::Store;

// A few changes of every kind, one at a time; each is one transaction.
constexpr int step_count = 9;

Status accept_some(Store& store) {
  Job job;
  job.id = {7};
  job.input = {70};
  job.requests = 300;
  job.deadline = {1'000'000};
  auto acceptance = TRY(store.accept(job.id));
  std::vector<RequestRow> rows(300);
  for (int64_t i = 0; i < 300; ++i) {
    rows[static_cast<size_t>(i)].index = i;
    rows[static_cast<size_t>(i)].length = 10;
  }
  CHECKED(acceptance->add(rows));
  Shape shape;
  shape.requests = 300;
  shape.targets = {{"openai", "gpt-5.4-mini"}};
  return acceptance->commit(job, {&shape, 1});
}

Status place_some(Store& store, uint64_t batch_id, int64_t first, int64_t count) {
  Batch batch;
  batch.id = {batch_id};
  batch.provider = "openai";
  std::vector<Placement> placements;
  for (int64_t i = first; i < first + count; ++i) placements.push_back({{7}, i, {100 + i}});
  return store.place(batch, placements);
}

Status settle_some(Store& store, uint64_t batch_id, int32_t count) {
  std::vector<Settlement> settlements;
  for (int32_t i = 0; i < count; ++i) {
    Settlement s;
    s.key = {{batch_id}, i};
    s.state = i % 5 == 4 ? AttemptState::expired : AttemptState::answered;
    s.request = i % 5 == 4 ? RequestState::open : RequestState::succeeded;
    s.response_id = "resp_0123456789";
    s.charged = i % 5 != 4;
    s.usage.fresh = i;
    s.cost = {i * 1000};
    s.result = {{71}, i * 10, 10};
    settlements.push_back(s);
  }
  Batch batch = TRY(store.batch({batch_id})).value();
  batch.state = BatchState::settled;
  return store.settle(settlements, &batch, {500'000});
}

Status step(Store& store, int number) {
  switch (number) {
    case 0:
      return accept_some(store);
    case 1:
      return place_some(store, 900, 0, 200);
    case 2:
      return store.remember("quota", "17");
    case 3:
      return settle_some(store, 900, 200);
    case 4:
      return place_some(store, 901, 200, 50);
    case 5:
      return store.leave_word({0, {7}, "cancel", ""});
    case 6: {
      CHECKED(store.close_open({7}, std::nullopt, std::nullopt, RequestState::cancelled, "word"));
      return {};
    }
    case 7:
      return store.drop_word(1);
    default:
      return settle_some(store, 901, 50);
  }
}

// All that can be read.
std::string digest(Store& store) {
  std::ostringstream out;
  for (const auto& job : store::value_of(store.jobs())) {
    for (const int64_t n : job.totals.requests) out << n << ' ';
    out << exact_usd(job.totals.cost) << ' ' << exact_usd(job.totals.reserved) << ' '
        << (job.totals == store::recomputed(store, job)) << '\n';
    for (const auto& row : store::value_of(store.outcomes(job.id, 0, 1000)))
      out << row.index << name_of(row.state) << row.response_id << row.error << row.result.offset
          << ' ';
    for (const auto& a : store::value_of(store.ledger(job.id, 0, 1000)))
      out << a.key.position << name_of(a.state) << exact_usd(a.cost) << ' ';
    out << store.open_count(job.id, 0).value();
  }
  for (const auto& batch : store::value_of(store.unfinished_batches()))
    out << batch.id.hex() << ' ';
  for (const auto& word : store::value_of(store.words())) out << word.verb << ' ';
  out << store.recall("quota").value();
  for (const auto& segment : store::value_of(store.live_segments())) out << segment.hex() << ' ';
  return out.str();
}

// [n]: after n steps.
const std::vector<std::string>& digests() {
  static const std::vector<std::string> all = [] {
    FaultyDisk disk;
    auto store = std::move(*store::open_sqlite(disk, database));
    std::vector<std::string> found = {digest(*store)};
    for (int i = 0; i < step_count; ++i) {
      EXPECT_TRUE(step(*store, i).has_value()) << i;
      found.push_back(digest(*store));
      EXPECT_NE(found[found.size() - 1], found[found.size() - 2]) << i;
    }
    return found;
  }();
  return all;
}

// Runs the script; returns how many steps were acknowledged before the crash or the first failure.
int run_script(FaultyDisk& disk, std::unique_ptr<Store>& store) {
  int acknowledged = 0;
  auto opened = store::open_sqlite(disk, database);
  if (!opened) return 0;
  store = std::move(*opened);
  for (; acknowledged < step_count; ++acknowledged)
    if (!step(*store, acknowledged)) break;
  return acknowledged;
}

struct Verdict {
  bool died = false;  // the Nth operation came
  std::string fault;  // empty: all is as it should be
};

Verdict judged(FaultyDisk& disk, int acknowledged, bool died) {
  const auto fault = [&](std::string what) { return Verdict{died, std::move(what)}; };
  auto opened = store::open_sqlite(disk, database);
  if (!opened) return fault("it does not open: " + opened.error().why);
  const std::string now = digest(**opened);
  for (int more = 0; more <= 1 && acknowledged + more <= step_count; ++more)
    if (now == digests()[static_cast<size_t>(acknowledged + more)]) return {died, ""};
  return fault("after " + std::to_string(acknowledged) + " steps it holds\n" + now);
}

Verdict crash_at(int64_t operation, bool ignore_sync, uint64_t seed) {
  FaultyDisk disk;
  disk.ignore_sync = ignore_sync;
  bool died = false;
  disk.before = [&](const char*, std::string_view) {
    if (disk.operations() != operation) return;
    died = true;
    throw store::Crash{};
  };
  int acknowledged = 0;
  std::unique_ptr<Store> store;
  try {
    // Counted outside, since a crash leaves through the exception.
    store = store::value_of(store::open_sqlite(disk, database));
    for (; acknowledged < step_count; ++acknowledged)
      EXPECT_TRUE(step(*store, acknowledged).has_value());
  } catch (const store::Crash&) {
  }
  disk.crash(seed);
  store.reset();  // what the dead process would still do must not reach the disk
  disk.before = nullptr;
  disk.ignore_sync = false;
  return judged(disk, acknowledged, died);
}

TEST(SqliteOnFaultyDisk, survives_a_crash_at_every_operation) {
  int64_t operation = 1;
  for (;; ++operation) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const Verdict verdict =
          crash_at(operation, false, static_cast<uint64_t>(operation) * 31 + seed);
      ASSERT_EQ(verdict.fault, "") << "crash at operation " << operation << ", seed " << seed;
      if (!verdict.died) {
        EXPECT_GT(operation, 100);
        return;
      }
    }
  }
}

TEST(SqliteOnFaultyDisk, without_syncs_the_loss_is_seen) {
  int faults = 0, runs = 0;
  for (int64_t operation = 1;; ++operation, ++runs) {
    const Verdict verdict = crash_at(operation, true, static_cast<uint64_t>(operation));
    if (!verdict.fault.empty()) ++faults;
    if (!verdict.died) break;
  }
  EXPECT_GT(faults, runs / 4);
}

TEST(SqliteOnFaultyDisk, a_failed_operation_fails_its_step_and_no_other) {
  for (int64_t operation = 1;; ++operation) {
    FaultyDisk disk;
    bool failed = false;
    disk.failing = [&](const char*, std::string_view) {
      failed = failed || disk.operations() == operation;
      return disk.operations() == operation;
    };
    std::unique_ptr<Store> store;
    const int acknowledged = run_script(disk, store);
    if (!failed) {
      EXPECT_EQ(acknowledged, step_count);
      break;
    }
    store.reset();
    const Verdict verdict = judged(disk, acknowledged, true);
    ASSERT_EQ(verdict.fault, "") << "failure of operation " << operation;
  }
}

TEST(SqliteOnFaultyDisk, a_migration_that_dies_is_done_again) {
  for (int64_t operation = 1;; ++operation) {
    FaultyDisk disk;
    {
      auto old = store::value_of(store::sqlite::Connection::open(database, &disk));
      ASSERT_TRUE(old->run("PRAGMA journal_mode=WAL").has_value());
      ASSERT_TRUE(old->run(store::first_layout).has_value());
      ASSERT_TRUE(old->run(store::first_layout_rows).has_value());
    }
    const int64_t begin = disk.operations();
    bool died = false;
    disk.before = [&](const char*, std::string_view) {
      if (disk.operations() != begin + operation) return;
      died = true;
      throw store::Crash{};
    };
    try {
      ASSERT_TRUE(store::open_sqlite(disk, database).has_value());
    } catch (const store::Crash&) {
    }
    disk.before = nullptr;
    disk.crash(static_cast<uint64_t>(operation));
    auto store = store::open_sqlite(disk, database);
    ASSERT_TRUE(store.has_value()) << operation << store.error().why;
    const Job job = (*store)->job({10}).value().value();
    EXPECT_EQ(job.last_answer, Time{2500});
    EXPECT_TRUE(job.totals == store::recomputed(**store, job));
    if (!died) break;
  }
}

TEST(SqliteOnFaultyDisk, repeats_to_the_operation) {
  const auto log = [] {
    FaultyDisk disk;
    std::string operations;
    disk.before = [&](const char* operation, std::string_view path) {
      operations += operation;
      operations += path;
    };
    std::unique_ptr<Store> store;
    EXPECT_EQ(run_script(disk, store), step_count);
    store.reset();
    disk.before = nullptr;
    return operations + content(disk, "twolane.db") + content(disk, "twolane.db-wal");
  };
  EXPECT_TRUE(log() == log());
}

TEST(SqliteOnFaultyDisk, stores_live_side_by_side) {
  FaultyDisk a, b;
  auto store_a = std::move(*store::open_sqlite(a, database));
  auto store_b = std::move(*store::open_sqlite(b, database));
  ASSERT_TRUE(store_a->remember("who", "a").has_value());
  ASSERT_TRUE(store_b->remember("who", "b").has_value());
  EXPECT_EQ(store_a->recall("who").value(), "a");
  EXPECT_EQ(store_b->recall("who").value(), "b");
}

// --- payloads over it

TEST(PayloadsOnFaultyDisk, synced_slices_survive_a_crash_at_every_operation) {
  for (int64_t operation = 1;; ++operation) {
    FaultyDisk disk;
    bool died = false;
    std::vector<std::pair<Slice, std::string>> durable;
    std::unique_ptr<store::Segment> segment;
    store::Payloads payloads(disk);
    disk.before = [&](const char*, std::string_view) {
      if (disk.operations() != operation) return;
      died = true;
      throw store::Crash{};
    };
    try {
      ASSERT_TRUE(payloads.prepare().has_value());
      for (uint64_t id = 1; id <= 3; ++id) {
        segment = std::move(*(id == 2 ? payloads.reopen({id}) : payloads.create({id})));
        for (int round = 0; round < 3; ++round) {
          std::vector<std::pair<Slice, std::string>> written;
          for (int i = 0; i < 4; ++i) {
            std::string text(static_cast<size_t>(300 * (i + 1) + round),
                             static_cast<char>('a' + i));
            written.emplace_back(segment->append(text).value(), text);
          }
          ASSERT_TRUE(segment->sync().has_value());
          durable.insert(durable.end(), written.begin(), written.end());
          ASSERT_TRUE(segment->append("never synced").has_value());
          ASSERT_TRUE(segment->flush().has_value());
        }
      }
    } catch (const store::Crash&) {
    }
    disk.before = nullptr;
    disk.crash(static_cast<uint64_t>(operation));
    segment.reset();
    store::Payloads after(disk);
    for (const auto& [slice, text] : durable)
      ASSERT_TRUE(after.read(slice).value() == text) << operation;
    if (!died) {
      EXPECT_EQ(durable.size(), 36u);
      break;
    }
  }
}

}  // namespace
}  // namespace twolane::sim
