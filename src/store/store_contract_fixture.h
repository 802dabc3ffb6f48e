// What the tests of every store stand on: where a store lives, sample jobs, totals recomputed from
// rows.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "store/store.h"

namespace twolane::store {

// A place where a store lives, and can be closed and opened again.
class StoreWorld {
 public:
  virtual ~StoreWorld() = default;
  virtual Result<std::unique_ptr<Store>> open() = 0;
};

struct NamedWorld {
  std::string name;
  std::function<std::unique_ptr<StoreWorld>()> make;
};
inline void PrintTo(const NamedWorld& world, std::ostream* out) { *out << world.name; }

#define ASSERT_OK(expression)                                                               \
  do {                                                                                      \
    auto&& ok_ = (expression);                                                              \
    ASSERT_TRUE(ok_.has_value()) << ok_.error().code << ": " << ok_.error().message << ": " \
                                 << ok_.error().why;                                        \
  } while (false)

inline std::string code_of(const auto& result) {
  return result.has_value() ? "ok" : result.error().code;
}

// The value itself: what .value() of a temporary refers to dies before a loop over it begins.
template <class T>
T value_of(Result<T> result) {
  return std::move(result).value();
}

// Totals as the rows say, by the public functions only. `batches` are those of the job.
inline Totals recomputed(Store& store, const Job& job) {
  Totals t;
  for (int64_t from = 0;;) {
    const auto rows = store.outcomes(job.id, from, 7).value();
    if (rows.empty()) break;
    for (const auto& row : rows) ++t.requests[static_cast<size_t>(row.state)];
    from = rows.back().index + 1;
  }
  std::map<BatchId, bool> promotion;
  for (const auto& batch : value_of(store.batches_of(job.id)))
    promotion[batch.id] = batch.promotion;
  for (int64_t from = 0;;) {
    const auto rows = store.ledger(job.id, from, 5).value();
    if (rows.empty()) break;
    from += static_cast<int64_t>(rows.size());
    for (const auto& a : rows) {
      if (a.state == AttemptState::running) t.reserved += a.reserve;
      if (is_unconfirmed(a.state, a.charged, a.reserve)) {
        t.unconfirmed += a.reserve;
        ++t.unconfirmed_attempts;
      }
      if (a.charged) t.cost += a.cost;
      if (a.state != AttemptState::answered) {
        if (a.charged) {
          t.paid_twice += a.cost;
          ++t.paid_twice_attempts;
        }
        continue;
      }
      auto& lane = t.lanes[static_cast<size_t>(a.served)];
      ++lane.requests;
      lane.cost += a.cost;
      lane.list += a.list;
      t.input_tokens += a.usage.input();
      t.cached_tokens += a.usage.cache_read;
      t.output_tokens += a.usage.output;
      if (promotion.at(a.key.batch)) ++t.promoted;
      if (a.at > job.deadline) ++t.late;
    }
  }
  for (const CachedContent& c : value_of(store.contents_of(job.id))) {
    if (!is_final(c.state)) t.reserved += c.reserve;
    if (c.state == ContentState::unconfirmed) {
      t.unconfirmed += c.reserve;
      ++t.unconfirmed_attempts;
    }
    if (c.state != ContentState::billed) continue;
    t.cost += c.cost;
    t.storage += c.cost;
  }
  return t;
}

inline void expect_same(const Totals& a, const Totals& b) {
  EXPECT_EQ(a.requests, b.requests);
  for (size_t i = 0; i < a.lanes.size(); ++i) {
    EXPECT_EQ(a.lanes[i].requests, b.lanes[i].requests) << i;
    EXPECT_TRUE(a.lanes[i] == b.lanes[i]) << i;
  }
  EXPECT_EQ(a.promoted, b.promoted);
  EXPECT_EQ(a.late, b.late);
  EXPECT_EQ(exact_usd(a.cost), exact_usd(b.cost));
  EXPECT_EQ(exact_usd(a.paid_twice), exact_usd(b.paid_twice));
  EXPECT_EQ(a.paid_twice_attempts, b.paid_twice_attempts);
  EXPECT_EQ(exact_usd(a.storage), exact_usd(b.storage));
  EXPECT_EQ(exact_usd(a.reserved), exact_usd(b.reserved));
  EXPECT_EQ(exact_usd(a.unconfirmed), exact_usd(b.unconfirmed));
  EXPECT_EQ(a.unconfirmed_attempts, b.unconfirmed_attempts);
  EXPECT_TRUE(a == b);
}

class StoreContract : public testing::TestWithParam<NamedWorld> {
 protected:
  void SetUp() override {
    world_ = GetParam().make();
    reopen_store();
  }

  void reopen_store() {
    store_.reset();
    auto opened = world_->open();
    ASSERT_TRUE(opened.has_value()) << opened.error().message << ": " << opened.error().why;
    store_ = std::move(*opened);
  }

  static Job job_named(uint64_t id, int64_t requests) {
    Job job;
    job.id = {id};
    job.input_name = "tickets.jsonl";
    job.world = "sim:7";
    job.format = InputFormat::anthropic_jsonl;
    job.options = R"({"prompt":"label {text}"})";
    job.input = {id * 1000 + 1};
    job.requests = requests;
    job.accepted = {1'700'000'000'000 + static_cast<int64_t>(id)};
    job.deadline = job.accepted + hours(6);
    job.kept = true;
    job.cap = PicoUsd::from_usd(5);
    return job;
  }

  static Shape shape_of(int32_t number, int64_t requests) {
    Shape shape;
    shape.number = number;
    shape.endpoint = Endpoint::messages;
    shape.targets = {{"anthropic", "claude-haiku-4-5"}, {"openai", "gpt-5.4-mini"}};
    shape.fingerprint = 0xfedcba9876543210u + static_cast<uint64_t>(number);
    shape.requests = requests;
    return shape;
  }

  static RequestRow row_of(int64_t index, int32_t shape) {
    RequestRow row;
    row.index = index;
    row.offset = index * 100;
    row.length = 99;
    row.line = index + 1;
    row.shape = shape;
    row.input_bound = 40 + index;
    row.output_bound = 256;
    return row;
  }

  // A job of two shapes: even requests have shape 0, odd ones shape 1.
  Job accept(uint64_t id, int64_t requests) {
    const Job job = job_named(id, requests);
    auto acceptance = store_->accept(job.id);
    EXPECT_TRUE(acceptance.has_value());
    std::vector<RequestRow> rows;
    for (int64_t i = 0; i < requests; ++i) rows.push_back(row_of(i, static_cast<int32_t>(i % 2)));
    EXPECT_TRUE((*acceptance)->add(rows).has_value());
    const std::vector<Shape> shapes = {shape_of(0, (requests + 1) / 2), shape_of(1, requests / 2)};
    EXPECT_TRUE((*acceptance)->commit(job, shapes).has_value());
    return job;
  }

  static Batch batch_named(uint64_t id, ServiceTier tier = ServiceTier::batch) {
    Batch batch;
    batch.id = {id};
    batch.provider = "anthropic";
    batch.model = "claude-haiku-4-5-20251001";
    batch.endpoint = Endpoint::messages;
    batch.tier = tier;
    batch.created = {1'700'000'100'000};
    return batch;
  }

  void place(const Batch& batch, JobId job, std::vector<int64_t> indexes) {
    std::vector<Placement> placements;
    for (const int64_t index : indexes) placements.push_back({job, index, {1000 + index}});
    ASSERT_OK(store_->place(batch, placements));
  }

  static Settlement answer(BatchId batch, int32_t position) {
    Settlement s;
    s.key = {batch, position};
    s.state = AttemptState::answered;
    s.response_id = "msg_01AbCdEf";
    s.served = ServiceTier::batch;
    s.charged = true;
    s.usage = {.fresh = 30, .cache_read = 1024, .output = 17, .reasoning = 5};
    s.cost = {123'456'789};
    s.list = {246'913'578};
    s.http_status = 200;
    s.result = {{0xabcdefu}, 4000 + position, 321};
    s.request = RequestState::succeeded;
    return s;
  }

  static Settlement outcome(BatchId batch, int32_t position, AttemptState state,
                            std::optional<RequestState> request) {
    Settlement s;
    s.key = {batch, position};
    s.state = state;
    s.request = request;
    return s;
  }

  Status settle(std::vector<Settlement> settlements, Time at = {1'700'000'200'000}) {
    return store_->settle(settlements, nullptr, at);
  }

  Job job(JobId id) { return store_->job(id).value().value(); }
  Totals totals(JobId id) { return job(id).totals; }
  RequestState state(JobId id, int64_t index) { return store_->request(id, index).value()->state; }
  OutcomeRow outcome_of(JobId id, int64_t index) {
    return store_->outcomes(id, index, 1).value().at(0);
  }
  void expect_totals_true(JobId id) { expect_same(totals(id), recomputed(*store_, job(id))); }

  std::unique_ptr<StoreWorld> world_;
  std::unique_ptr<Store> store_;
};

}  // namespace twolane::store
