// What every store must do, as tests that run over each of them: include this in a test program and
// instantiate StoreContract with the worlds to try.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <random>

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

#define ASSERT_OK(expression)                                                            \
  do {                                                                                   \
    auto&& ok_ = (expression);                                                           \
    ASSERT_TRUE(ok_.has_value()) << ok_.error().code << ": " << ok_.error().message      \
                                 << ": " << ok_.error().why;                             \
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
  for (const auto& batch : value_of(store.batches_of(job.id))) promotion[batch.id] = batch.promotion;
  for (int64_t from = 0;;) {
    const auto rows = store.ledger(job.id, from, 5).value();
    if (rows.empty()) break;
    from += static_cast<int64_t>(rows.size());
    for (const auto& a : rows) {
      if (a.state == AttemptState::running) t.reserved += a.reserve;
      if (a.state == AttemptState::unconfirmed) {
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
  OutcomeRow outcome_of(JobId id, int64_t index) { return store_->outcomes(id, index, 1).value().at(0); }
  void expect_totals_true(JobId id) { expect_same(totals(id), recomputed(*store_, job(id))); }

  std::unique_ptr<StoreWorld> world_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, an_accepted_job_is_there_whole_after_reopening) {
  const Job put = accept(7, 5);
  reopen_store();
  const Job got = job({7});
  EXPECT_EQ(got.input_name, put.input_name);
  EXPECT_EQ(got.world, put.world);
  EXPECT_EQ(got.format, put.format);
  EXPECT_EQ(got.options, put.options);
  EXPECT_EQ(got.input, put.input);
  EXPECT_EQ(got.requests, 5);
  EXPECT_EQ(got.accepted, put.accepted);
  EXPECT_EQ(got.deadline, put.deadline);
  EXPECT_TRUE(got.kept);
  ASSERT_TRUE(got.cap.has_value());
  EXPECT_TRUE(*got.cap == *put.cap);
  EXPECT_EQ(got.state, JobState::running);
  EXPECT_EQ(got.totals.of(RequestState::open), 5);
  EXPECT_EQ(got.last_answer, Time{});
  expect_totals_true({7});

  const auto shapes = store_->shapes({7}).value();
  ASSERT_EQ(shapes.size(), 2u);
  EXPECT_EQ(shapes[1].number, 1);
  EXPECT_EQ(shapes[1].endpoint, Endpoint::messages);
  EXPECT_EQ(shapes[1].targets, shape_of(1, 0).targets);
  EXPECT_EQ(shapes[1].fingerprint, 0xfedcba9876543211u);
  EXPECT_EQ(shapes[1].requests, 2);
  EXPECT_EQ(shapes[1].proof, Shape::Proof::untried);

  const auto row = store_->request({7}, 3).value().value();
  EXPECT_EQ(row.job, JobId{7});
  EXPECT_EQ(row.index, 3);
  EXPECT_EQ(row.offset, 300);
  EXPECT_EQ(row.length, 99);
  EXPECT_EQ(row.line, 4);
  EXPECT_EQ(row.shape, 1);
  EXPECT_EQ(row.input_bound, 43);
  EXPECT_EQ(row.output_bound, 256);
  EXPECT_EQ(row.state, RequestState::open);
  EXPECT_FALSE(store_->request({7}, 5).value().has_value());
  EXPECT_FALSE(store_->job({8}).value().has_value());
}

TEST_P(StoreContract, a_dropped_acceptance_leaves_nothing) {
  {
    auto acceptance = store_->accept({7});
    ASSERT_OK(acceptance);
    const std::vector<RequestRow> rows = {row_of(0, 0), row_of(1, 1)};
    ASSERT_OK((*acceptance)->add(rows));
    EXPECT_EQ(code_of(store_->accept({8})), "store.busy");
    EXPECT_EQ(code_of(store_->remember("a", "b")), "store.busy");
    EXPECT_EQ(code_of(store_->leave_word({0, {7}, "cancel", ""})), "store.busy");
  }
  EXPECT_FALSE(store_->job({7}).value().has_value());
  ASSERT_OK(store_->remember("a", "b"));
  accept(7, 3);  // its rows would collide with any that stayed
  EXPECT_EQ(totals({7}).of(RequestState::open), 3);
}

TEST_P(StoreContract, a_job_may_be_named_after_its_rows_were_added) {
  const Job put = job_named(0x8000'0000'0000'0001u, 1);
  auto acceptance = store_->accept({55});
  ASSERT_OK(acceptance);
  const std::vector<RequestRow> rows = {row_of(0, 0)};
  const std::vector<Shape> shapes = {shape_of(0, 1)};
  ASSERT_OK((*acceptance)->add(rows));
  ASSERT_OK((*acceptance)->commit(put, shapes));
  acceptance->reset();
  EXPECT_EQ(state(put.id, 0), RequestState::open);
  EXPECT_FALSE(store_->job({55}).value().has_value());

  auto again = store_->accept({55});
  ASSERT_OK(again);
  ASSERT_OK((*again)->add(rows));
  EXPECT_EQ(code_of((*again)->commit(put, shapes)), "store.exists");
  again->reset();
  EXPECT_EQ(store_->jobs().value().size(), 1u);
}

TEST_P(StoreContract, lines_set_aside_are_final_with_their_reason) {
  const Job put = job_named(7, 2);
  auto acceptance = store_->accept(put.id);
  ASSERT_OK(acceptance);
  const std::vector<RequestRow> rows = {row_of(0, 0)};
  ASSERT_OK((*acceptance)->add(rows));
  RequestRow bad = row_of(1, 0);
  bad.length = 0;
  EXPECT_EQ(code_of((*acceptance)->add_refused(bad, "x")), "store.step");
  bad.state = RequestState::failed;
  ASSERT_OK((*acceptance)->add_refused(bad, R"({"code":"input.json"})"));
  const std::vector<Shape> shapes = {shape_of(0, 2)};
  ASSERT_OK((*acceptance)->commit(put, shapes));
  acceptance->reset();
  const OutcomeRow row = outcome_of(put.id, 1);
  EXPECT_EQ(row.state, RequestState::failed);
  EXPECT_EQ(row.error, R"({"code":"input.json"})");
  EXPECT_EQ(row.provider, "");
  EXPECT_EQ(totals(put.id).of(RequestState::failed), 1);
  EXPECT_EQ(store_->open_count(put.id, 0).value(), 1);
  EXPECT_EQ(store_->reopen(put.id, std::nullopt).value(), 0);  // a bad line stays bad
}

TEST_P(StoreContract, jobs_come_newest_first) {
  accept(3, 1);
  accept(9, 1);
  accept(5, 1);
  std::vector<uint64_t> ids;
  for (const auto& job : value_of(store_->jobs())) ids.push_back(job.id.n);
  EXPECT_EQ(ids, (std::vector<uint64_t>{9, 5, 3}));
}

TEST_P(StoreContract, amend_writes_all_but_what_the_store_keeps) {
  accept(7, 2);
  place(batch_named(100), {7}, {0});
  ASSERT_OK(settle({answer({100}, 0)}));
  Job changed = job({7});
  const Job before = changed;
  changed.state = JobState::paused;
  changed.cap.reset();
  changed.kept = false;
  changed.finished = {77};
  changed.trouble = R"({"code":"money.cap"})";
  changed.input_name = "other.jsonl";
  changed.totals = Totals{};
  changed.requests = 99;
  changed.input = {5};
  changed.last_answer = Time{};
  ASSERT_OK(store_->amend(changed));
  const Job got = job({7});
  EXPECT_EQ(got.state, JobState::paused);
  EXPECT_FALSE(got.cap.has_value());
  EXPECT_FALSE(got.kept);
  EXPECT_EQ(got.finished, Time{77});
  EXPECT_EQ(got.trouble, changed.trouble);
  EXPECT_EQ(got.input_name, "other.jsonl");
  EXPECT_TRUE(got.totals == before.totals);
  EXPECT_EQ(got.requests, 2);
  EXPECT_EQ(got.input, before.input);
  EXPECT_EQ(got.last_answer, Time{1'700'000'200'000});
  changed.id = {8};
  EXPECT_EQ(code_of(store_->amend(changed)), "store.unknown_job");
}

TEST_P(StoreContract, late_answers_are_counted_anew_when_the_deadline_moves) {
  Job put = accept(7, 3);
  place(batch_named(100), {7}, {0, 1, 2});
  ASSERT_OK(settle({answer({100}, 0)}, put.deadline));
  ASSERT_OK(settle({answer({100}, 1)}, put.deadline + milliseconds(1)));
  EXPECT_EQ(totals({7}).late, 1);
  put = job({7});
  put.deadline = put.deadline - hours(1);
  ASSERT_OK(store_->amend(put));
  EXPECT_EQ(totals({7}).late, 2);
  put.deadline = put.deadline + hours(2);
  ASSERT_OK(store_->amend(put));
  EXPECT_EQ(totals({7}).late, 0);
  expect_totals_true({7});
}

TEST_P(StoreContract, a_proof_is_kept) {
  accept(7, 2);
  ASSERT_OK(store_->set_proof({7}, 1, Shape::Proof::refused, "no such model"));
  const auto shapes = store_->shapes({7}).value();
  EXPECT_EQ(shapes[0].proof, Shape::Proof::untried);
  EXPECT_EQ(shapes[1].proof, Shape::Proof::refused);
  EXPECT_EQ(shapes[1].refusal, "no such model");
  EXPECT_EQ(code_of(store_->set_proof({8}, 0, Shape::Proof::proven, "")), "store.unknown_job");
}

TEST_P(StoreContract, open_requests_come_by_shape_in_input_order) {
  accept(7, 10);
  place(batch_named(100), {7}, {2, 4});
  std::vector<int64_t> seen;
  for (int64_t from = 0;;) {
    const auto rows = store_->open_requests({7}, 0, from, 2).value();
    if (rows.empty()) break;
    for (const auto& row : rows) seen.push_back(row.index);
    from = rows.back().index + 1;
  }
  EXPECT_EQ(seen, (std::vector<int64_t>{0, 6, 8}));
  EXPECT_EQ(store_->open_count({7}, 0).value(), 3);
  EXPECT_EQ(store_->open_count({7}, 1).value(), 5);
  EXPECT_EQ(code_of(store_->open_requests({8}, 0, 0, 1)), "store.unknown_job");
}

TEST_P(StoreContract, placing_is_the_write_ahead_of_a_submission) {
  accept(7, 4);
  Batch batch = batch_named(0xffff'0000'0000'0001u);
  batch.promotion = true;
  batch.probe = true;
  batch.requests = 2;
  batch.bytes = 198;
  batch.tokens = 81;
  place(batch, {7}, {3, 1});
  reopen_store();
  EXPECT_EQ(state({7}, 1), RequestState::batched);
  EXPECT_EQ(state({7}, 0), RequestState::open);
  EXPECT_EQ(totals({7}).reserved.n, 1003 + 1001);
  expect_totals_true({7});
  const Batch got = store_->batch(batch.id).value().value();
  EXPECT_EQ(got.provider, "anthropic");
  EXPECT_EQ(got.model, batch.model);
  EXPECT_EQ(got.endpoint, Endpoint::messages);
  EXPECT_TRUE(got.promotion);
  EXPECT_TRUE(got.probe);
  EXPECT_EQ(got.requests, 2);
  EXPECT_EQ(got.bytes, 198);
  EXPECT_EQ(got.tokens, 81);
  EXPECT_EQ(got.created, batch.created);
  EXPECT_EQ(got.said_done, -1);

  const auto members = store_->members(batch.id).value();
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].index, 3);
  EXPECT_EQ(members[0].position, 0);
  EXPECT_EQ(members[0].job, JobId{7});
  EXPECT_EQ(members[0].shape, 1);
  EXPECT_EQ(members[0].offset, 300);
  EXPECT_EQ(members[0].length, 99);
  EXPECT_EQ(members[0].input_bound, 43);
  EXPECT_EQ(members[0].output_bound, 256);
  EXPECT_EQ(members[0].attempt, AttemptState::running);
  EXPECT_EQ(members[0].request, RequestState::batched);
  EXPECT_TRUE(members[0].current);
  EXPECT_EQ(members[1].index, 1);
}

TEST_P(StoreContract, a_refused_placement_leaves_nothing) {
  accept(7, 3);
  place(batch_named(100), {7}, {0});
  const std::vector<Placement> taken = {{{7}, 1, {5}}, {{7}, 0, {5}}};
  EXPECT_EQ(code_of(store_->place(batch_named(101), taken)), "store.step");
  const std::vector<Placement> twice = {{{7}, 1, {5}}, {{7}, 1, {5}}};
  EXPECT_EQ(code_of(store_->place(batch_named(101), twice)), "store.step");
  const std::vector<Placement> unknown = {{{7}, 1, {5}}, {{7}, 17, {5}}};
  EXPECT_EQ(code_of(store_->place(batch_named(101), unknown)), "store.unknown_request");
  const std::vector<Placement> nobody = {{{8}, 1, {5}}};
  EXPECT_EQ(code_of(store_->place(batch_named(101), nobody)), "store.unknown_job");
  const std::vector<Placement> dear = {{{7}, 1, PicoUsd::from_usd(9'300'000)}};
  EXPECT_EQ(code_of(store_->place(batch_named(101), dear)), "store.range");
  const std::vector<Placement> fine = {{{7}, 1, {5}}};
  EXPECT_EQ(code_of(store_->place(batch_named(100), fine)), "store.exists");
  EXPECT_FALSE(store_->batch({101}).value().has_value());
  EXPECT_EQ(state({7}, 1), RequestState::open);
  EXPECT_EQ(totals({7}).reserved.n, 1000);
  expect_totals_true({7});
}

TEST_P(StoreContract, an_answer_is_booked_with_its_request) {
  accept(7, 3);
  place(batch_named(100), {7}, {2, 0});
  Batch batch = store_->batch({100}).value().value();
  batch.state = BatchState::settled;
  batch.settled_some = true;
  const std::vector<Settlement> settlements = {answer({100}, 0)};
  ASSERT_OK(store_->settle(settlements, &batch, {1'700'000'200'000}));
  reopen_store();
  const OutcomeRow row = outcome_of({7}, 2);
  EXPECT_EQ(row.state, RequestState::succeeded);
  EXPECT_EQ(row.offset, 200);
  EXPECT_EQ(row.line, 3);
  EXPECT_EQ(row.http_status, 200);
  EXPECT_EQ(row.response_id, "msg_01AbCdEf");
  EXPECT_EQ(row.error, "");
  EXPECT_EQ(row.result, (Slice{{0xabcdefu}, 4000, 321}));
  EXPECT_EQ(row.provider, "anthropic");
  EXPECT_EQ(row.model, "claude-haiku-4-5-20251001");
  EXPECT_EQ(row.endpoint, Endpoint::messages);
  EXPECT_EQ(row.served, ServiceTier::batch);
  EXPECT_TRUE(row.charged);
  EXPECT_EQ(row.usage, answer({100}, 0).usage);
  EXPECT_EQ(row.cost.n, 123'456'789);
  const OutcomeRow waiting = outcome_of({7}, 0);
  EXPECT_EQ(waiting.state, RequestState::batched);
  EXPECT_EQ(waiting.provider, "");
  EXPECT_FALSE(waiting.charged);

  const Totals t = totals({7});
  EXPECT_EQ(t.of(RequestState::succeeded), 1);
  EXPECT_EQ(t.lanes[static_cast<size_t>(ServiceTier::batch)].requests, 1);
  EXPECT_EQ(t.cost.n, 123'456'789);
  EXPECT_EQ(t.paid_twice.n, 0);
  EXPECT_EQ(t.reserved.n, 1000);
  EXPECT_EQ(t.input_tokens, 1054);
  EXPECT_EQ(t.cached_tokens, 1024);
  EXPECT_EQ(t.output_tokens, 17);
  expect_totals_true({7});
  EXPECT_EQ(job({7}).last_answer, Time{1'700'000'200'000});
  EXPECT_EQ(store_->batch({100}).value()->state, BatchState::settled);

  const auto ledger = store_->ledger({7}, 0, 10).value();
  ASSERT_EQ(ledger.size(), 2u);
  EXPECT_EQ(ledger[0].key, (AttemptKey{{100}, 0}));
  EXPECT_EQ(ledger[0].job, JobId{7});
  EXPECT_EQ(ledger[0].index, 2);
  EXPECT_EQ(ledger[0].state, AttemptState::answered);
  EXPECT_EQ(ledger[0].reserve.n, 1002);
  EXPECT_EQ(ledger[0].list.n, 246'913'578);
  EXPECT_EQ(ledger[0].at, Time{1'700'000'200'000});
  EXPECT_EQ(ledger[0].result.length, 321);
  EXPECT_EQ(ledger[1].state, AttemptState::running);
  EXPECT_EQ(ledger[1].reserve.n, 1000);
}

TEST_P(StoreContract, a_line_heard_twice_changes_nothing_and_a_different_one_is_a_defect) {
  accept(7, 2);
  place(batch_named(100), {7}, {0, 1});
  Settlement copy = answer({100}, 0);
  copy.result.offset += 5000;  // the same line further down
  ASSERT_OK(settle({answer({100}, 0), copy}));
  ASSERT_OK(settle({copy}));
  EXPECT_EQ(totals({7}).cost.n, 123'456'789);
  EXPECT_EQ(outcome_of({7}, 0).result.offset, 4000);
  Settlement other = answer({100}, 0);
  other.cost.n += 1;
  EXPECT_EQ(code_of(settle({answer({100}, 1), other})), "store.step");
  other = answer({100}, 0);
  other.state = AttemptState::surplus;
  other.request.reset();
  EXPECT_EQ(code_of(settle({answer({100}, 1), other})), "store.step");
  EXPECT_EQ(state({7}, 1), RequestState::batched);  // nothing of a refused settlement is written
  EXPECT_EQ(store_->members({100}).value()[1].attempt, AttemptState::running);
  expect_totals_true({7});
}

TEST_P(StoreContract, steps_that_no_table_allows_are_refused_whole) {
  accept(7, 2);
  place(batch_named(100), {7}, {0, 1});
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::running, std::nullopt)})), "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::expired, RequestState::batched)})), "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::answered, std::nullopt)})), "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::void_, RequestState::succeeded)})), "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 2, AttemptState::void_, RequestState::open)})), "store.unknown_request");
  EXPECT_EQ(code_of(settle({outcome({101}, 0, AttemptState::void_, RequestState::open)})), "store.unknown_batch");
  Settlement dear = answer({100}, 0);
  dear.cost = PicoUsd::from_usd(9'300'000);
  EXPECT_EQ(code_of(settle({answer({100}, 1), dear})), "store.range");
  const auto unfit = settle({outcome({100}, 0, AttemptState::expired, RequestState::batched)});
  EXPECT_NE(unfit.error().message.find("batched to batched"), std::string::npos);
  EXPECT_EQ(totals({7}).of(RequestState::batched), 2);
  ASSERT_OK(settle({outcome({100}, 0, AttemptState::void_, RequestState::open)}));
  ASSERT_OK(settle({outcome({100}, 1, AttemptState::cancelled, RequestState::cancelled)}));
  EXPECT_EQ(code_of(store_->place(batch_named(102), std::vector<Placement>{{{7}, 1, {1}}})), "store.step");
  expect_totals_true({7});
}

TEST_P(StoreContract, what_nobody_heard_of_is_counted_until_it_is_heard_of) {
  accept(7, 1);
  place(batch_named(100, ServiceTier::standard), {7}, {0});
  EXPECT_EQ(state({7}, 0), RequestState::live);
  ASSERT_OK(settle({outcome({100}, 0, AttemptState::unconfirmed, RequestState::open)}));
  EXPECT_EQ(totals({7}).unconfirmed.n, 1000);
  EXPECT_EQ(totals({7}).unconfirmed_attempts, 1);
  EXPECT_EQ(totals({7}).reserved.n, 0);
  ASSERT_OK(settle({outcome({100}, 0, AttemptState::unconfirmed, RequestState::open)}));  // again
  expect_totals_true({7});
  ASSERT_OK(settle({answer({100}, 0)}));
  EXPECT_EQ(totals({7}).unconfirmed.n, 0);
  EXPECT_EQ(totals({7}).unconfirmed_attempts, 0);
  EXPECT_EQ(state({7}, 0), RequestState::succeeded);
  expect_totals_true({7});
}

TEST_P(StoreContract, the_first_answer_decides_and_the_second_is_paid_twice) {
  accept(7, 2);
  place(batch_named(100), {7}, {0, 1});
  Batch wave = batch_named(101, ServiceTier::standard);
  wave.promotion = true;
  wave.model = "";
  place(wave, {7}, {0, 1});
  EXPECT_FALSE(store_->members({100}).value()[0].current);
  EXPECT_TRUE(store_->members({101}).value()[0].current);

  Settlement live = answer({101}, 0);
  live.served = ServiceTier::standard;
  live.response_id = "msg_live";
  Settlement surplus = answer({100}, 0);
  surplus.state = AttemptState::surplus;
  surplus.request.reset();
  ASSERT_OK(settle({live, surplus}));
  EXPECT_EQ(totals({7}).promoted, 1);
  EXPECT_EQ(totals({7}).paid_twice.n, 123'456'789);
  EXPECT_EQ(totals({7}).paid_twice_attempts, 1);
  EXPECT_EQ(outcome_of({7}, 0).response_id, "msg_live");
  EXPECT_EQ(outcome_of({7}, 0).model, "claude-haiku-4-5");  // as the shape names it

  // Here the batch's late answer comes before that of the live call.
  Settlement late = answer({101}, 1);
  late.served = ServiceTier::standard;
  late.state = AttemptState::surplus;
  late.request.reset();
  ASSERT_OK(settle({answer({100}, 1)}));
  EXPECT_EQ(outcome_of({7}, 1).response_id, "msg_01AbCdEf");
  EXPECT_EQ(outcome_of({7}, 1).model, "claude-haiku-4-5-20251001");
  EXPECT_TRUE(store_->members({101}).value()[1].current);
  ASSERT_OK(settle({late}));
  EXPECT_EQ(outcome_of({7}, 1).result.offset, 4001);
  EXPECT_EQ(totals({7}).promoted, 1);
  expect_totals_true({7});
}

TEST_P(StoreContract, failures_count_as_tries_and_a_retry_forgets_them) {
  accept(7, 3);
  place(batch_named(100), {7}, {0, 1, 2});
  Settlement refused = outcome({100}, 0, AttemptState::refused, RequestState::open);
  refused.counts_as_try = true;
  refused.http_status = 529;
  refused.error = R"({"type":"overloaded_error"})";
  ASSERT_OK(settle({refused, outcome({100}, 1, AttemptState::expired, RequestState::open)}));
  EXPECT_EQ(store_->request({7}, 0).value()->tries, 1);
  EXPECT_EQ(store_->request({7}, 1).value()->tries, 0);
  EXPECT_EQ(outcome_of({7}, 0).error, "");  // no outcome yet

  place(batch_named(101), {7}, {0, 1});
  refused.key.batch = {101};
  refused.request = RequestState::failed;
  refused.charged = true;
  refused.cost = {77};
  refused.list = {154};
  ASSERT_OK(settle({refused, outcome({101}, 1, AttemptState::expired, RequestState::expired)}));
  EXPECT_EQ(outcome_of({7}, 0).error, R"({"type":"overloaded_error"})");
  EXPECT_EQ(outcome_of({7}, 0).http_status, 529);
  EXPECT_EQ(outcome_of({7}, 0).tries, 2);
  EXPECT_EQ(totals({7}).paid_twice.n, 77);
  expect_totals_true({7});

  EXPECT_EQ(store_->reopen({7}, 1).value(), 1);
  EXPECT_EQ(state({7}, 1), RequestState::open);
  EXPECT_EQ(state({7}, 0), RequestState::failed);
  EXPECT_EQ(store_->reopen({7}, std::nullopt).value(), 1);
  EXPECT_EQ(store_->request({7}, 0).value()->tries, 0);
  EXPECT_EQ(outcome_of({7}, 0).error, "");
  EXPECT_EQ(store_->open_count({7}, 0).value(), 1);
  EXPECT_EQ(totals({7}).of(RequestState::open), 2);
  EXPECT_EQ(totals({7}).of(RequestState::batched), 1);
  expect_totals_true({7});
}

TEST_P(StoreContract, open_requests_can_be_closed_without_an_attempt) {
  accept(7, 6);
  place(batch_named(100), {7}, {0});
  EXPECT_EQ(store_->close_open({7}, std::nullopt, 4, RequestState::cancelled, "one").value(), 1);
  EXPECT_EQ(store_->close_open({7}, std::nullopt, 4, RequestState::cancelled, "one").value(), 0);
  EXPECT_EQ(store_->close_open({7}, 1, std::nullopt, RequestState::failed, "shape").value(), 3);
  EXPECT_EQ(store_->close_open({7}, std::nullopt, std::nullopt, RequestState::expired, "all").value(), 1);
  EXPECT_EQ(outcome_of({7}, 4).error, "one");
  EXPECT_EQ(outcome_of({7}, 4).state, RequestState::cancelled);
  EXPECT_EQ(outcome_of({7}, 3).error, "shape");
  EXPECT_EQ(outcome_of({7}, 3).state, RequestState::failed);
  EXPECT_EQ(outcome_of({7}, 2).error, "all");
  EXPECT_EQ(outcome_of({7}, 2).provider, "");
  EXPECT_EQ(state({7}, 0), RequestState::batched);
  EXPECT_EQ(store_->open_count({7}, 0).value(), 0);
  EXPECT_EQ(code_of(store_->close_open({7}, {}, {}, RequestState::succeeded, "")), "store.step");
  EXPECT_EQ(code_of(store_->close_open({7}, {}, {}, RequestState::live, "")), "store.step");
  EXPECT_EQ(code_of(store_->close_open({8}, {}, {}, RequestState::failed, "")), "store.unknown_job");
  expect_totals_true({7});
}

TEST_P(StoreContract, batches_are_written_whole_and_found_while_unfinished) {
  accept(7, 4);
  place(batch_named(100), {7}, {0});
  place(batch_named(101), {7}, {1});
  place(batch_named(102), {7}, {2});
  Batch batch = store_->batch({101}).value().value();
  batch.account = "acct-1";
  batch.state = BatchState::submitted;
  batch.cancelling = true;
  batch.sent = {1};
  batch.ended = {2};
  batch.upload = "file_1";
  batch.provider_id = "batch_1";
  batch.outputs = R"({"output":"file_2"})";
  batch.said = "in_progress";
  batch.said_done = 12;
  batch.looked = {3};
  batch.tries = 4;
  batch.trouble = "429";
  ASSERT_OK(store_->update(batch));
  const Batch got = store_->batch({101}).value().value();
  EXPECT_EQ(got.account, "acct-1");
  EXPECT_EQ(got.state, BatchState::submitted);
  EXPECT_TRUE(got.cancelling);
  EXPECT_EQ(got.sent, Time{1});
  EXPECT_EQ(got.ended, Time{2});
  EXPECT_EQ(got.upload, "file_1");
  EXPECT_EQ(got.provider_id, "batch_1");
  EXPECT_EQ(got.outputs, batch.outputs);
  EXPECT_EQ(got.said, "in_progress");
  EXPECT_EQ(got.said_done, 12);
  EXPECT_EQ(got.looked, Time{3});
  EXPECT_EQ(got.tries, 4);
  EXPECT_EQ(got.trouble, "429");

  Batch dead = store_->batch({102}).value().value();
  dead.state = BatchState::dead;
  ASSERT_OK(store_->update(dead));
  dead.state = BatchState::planned;
  EXPECT_EQ(code_of(store_->update(dead)), "store.step");
  EXPECT_EQ(code_of(store_->update(batch_named(99))), "store.unknown_batch");
  std::vector<uint64_t> ids;
  for (const auto& b : value_of(store_->unfinished_batches())) ids.push_back(b.id.n);
  EXPECT_EQ(ids, (std::vector<uint64_t>{100, 101}));
  EXPECT_EQ(store_->batches_of({7}).value().size(), 3u);
  EXPECT_EQ(code_of(store_->members({99})), "store.unknown_batch");
}

TEST_P(StoreContract, a_batch_may_hold_requests_of_many_jobs) {
  accept(7, 2);
  accept(8, 2);
  const std::vector<Placement> both = {{{8}, 1, {10}}, {{7}, 0, {20}}, {{8}, 0, {30}}};
  ASSERT_OK(store_->place(batch_named(100), both));
  EXPECT_EQ(totals({7}).reserved.n, 20);
  EXPECT_EQ(totals({8}).reserved.n, 40);
  ASSERT_OK(settle({answer({100}, 0), answer({100}, 1),
                    outcome({100}, 2, AttemptState::expired, RequestState::open)}));
  EXPECT_EQ(state({8}, 1), RequestState::succeeded);
  EXPECT_EQ(state({7}, 0), RequestState::succeeded);
  expect_totals_true({7});
  expect_totals_true({8});
  EXPECT_EQ(store_->members({100}).value()[0].job, JobId{8});
  EXPECT_EQ(store_->ledger({8}, 0, 9).value().size(), 2u);
  EXPECT_EQ(store_->ledger({7}, 0, 9).value().size(), 1u);

  const auto live = store_->live_segments().value();
  EXPECT_EQ(live, (std::vector<SegmentId>{{7001}, {8001}, {0xabcdefu}}));
  // The results' segment is free only when the last job that has answers in it goes.
  EXPECT_EQ(store_->forget({8}).value(), (std::vector<SegmentId>{{8001}}));
  EXPECT_EQ(outcome_of({7}, 0).result.length, 321);
  EXPECT_EQ(store_->forget({7}).value(), (std::vector<SegmentId>{{7001}, {0xabcdefu}}));
  EXPECT_TRUE(store_->live_segments().value().empty());
}

TEST_P(StoreContract, a_forgotten_job_leaves_its_ledger) {
  accept(7, 3);
  place(batch_named(100), {7}, {0, 1});
  EXPECT_EQ(code_of(store_->forget({7})), "store.active");
  Settlement refused = outcome({100}, 1, AttemptState::unconfirmed, RequestState::failed);
  refused.error = "gone";
  ASSERT_OK(settle({answer({100}, 0), refused}));
  ASSERT_OK(store_->leave_word({0, {7}, "retry", ""}));
  ASSERT_OK(store_->forget({7}));
  reopen_store();
  EXPECT_FALSE(store_->job({7}).value().has_value());
  EXPECT_EQ(code_of(store_->outcomes({7}, 0, 1)), "store.unknown_job");
  EXPECT_EQ(code_of(store_->forget({7})), "store.unknown_job");
  EXPECT_TRUE(store_->words().value().empty());
  auto ledger = store_->ledger({7}, 0, 9).value();
  ASSERT_EQ(ledger.size(), 2u);
  EXPECT_EQ(ledger[0].cost.n, 123'456'789);
  EXPECT_EQ(ledger[0].response_id, "msg_01AbCdEf");
  EXPECT_EQ(ledger[0].result, Slice{});
  EXPECT_EQ(ledger[1].error, "");
  const auto members = store_->members({100}).value();
  EXPECT_EQ(members[1].request, RequestState::cancelled);
  EXPECT_FALSE(members[1].current);

  // A job of the same name is another one; what is heard of the old one still is booked, there.
  accept(7, 3);
  EXPECT_EQ(totals({7}).cost.n, 0);
  Settlement late = answer({100}, 1);
  late.state = AttemptState::surplus;
  late.request.reset();
  ASSERT_OK(settle({late}));
  EXPECT_EQ(totals({7}).cost.n, 0);
  EXPECT_TRUE(store_->batches_of({7}).value().empty());
  ledger = store_->ledger({7}, 0, 9).value();
  ASSERT_EQ(ledger.size(), 2u);
  EXPECT_EQ(ledger[1].state, AttemptState::surplus);
  EXPECT_EQ(ledger[1].cost.n, 123'456'789);
  EXPECT_EQ(ledger[1].result, Slice{});  // nobody would ever remove its segment
  EXPECT_EQ(store_->live_segments().value(), (std::vector<SegmentId>{{7001}}));
}

TEST_P(StoreContract, a_ledger_reads_the_same_in_pages_of_any_size) {
  accept(7, 40);
  for (uint64_t b = 0; b < 8; ++b) {
    std::vector<int64_t> indexes;
    for (int64_t i = 0; i < 5; ++i) indexes.push_back(static_cast<int64_t>(b) * 5 + i);
    place(batch_named(b * 0x3000'0000'0000'0000u + 1), {7}, indexes);
  }
  const auto whole = store_->ledger({7}, 0, 100).value();
  ASSERT_EQ(whole.size(), 40u);
  for (const int64_t page : {1, 3, 5, 7, 39}) {
    size_t seen = 0;
    for (int64_t from = 0; from < 40; from += page)
      for (const auto& row : value_of(store_->ledger({7}, from, page)))
        EXPECT_EQ(row.key, whole.at(seen++).key) << page;
    EXPECT_EQ(seen, 40u);
  }
  EXPECT_EQ(store_->ledger({7}, 17, 1).value().at(0).key, whole[17].key);  // and from anywhere
  EXPECT_TRUE(store_->ledger({7}, 40, 1).value().empty());
  EXPECT_EQ(code_of(store_->ledger({8}, 0, 1)), "store.unknown_job");
}

TEST_P(StoreContract, words_and_facts_are_kept) {
  ASSERT_OK(store_->leave_word({0, {7}, "promote", "12"}));
  ASSERT_OK(store_->leave_word({0, {9}, "cancel", ""}));
  reopen_store();
  auto words = store_->words().value();
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[0].verb, "promote");
  EXPECT_EQ(words[0].argument, "12");
  EXPECT_EQ(words[0].job, JobId{7});
  ASSERT_OK(store_->drop_word(words[0].id));
  ASSERT_OK(store_->drop_word(words[0].id));
  words = store_->words().value();
  ASSERT_EQ(words.size(), 1u);
  EXPECT_EQ(words[0].verb, "cancel");

  EXPECT_EQ(store_->recall("clock").value(), "");
  ASSERT_OK(store_->remember("clock", "1"));
  ASSERT_OK(store_->remember("clock", "2"));
  reopen_store();
  EXPECT_EQ(store_->recall("clock").value(), "2");
}

// Random work on two jobs, checked against the rows now and then. What may be done to an attempt is
// read from the store itself, so that every step is one that an engine could make.
class RandomWork {
 public:
  RandomWork(uint64_t seed) : random_(seed) {}

  void act(Store& store, JobId job, Time deadline) {
    switch (below(10)) {
      case 0:
      case 1:
      case 2: place(store, job); break;
      case 3: {
        const bool one = coin();
        ASSERT_OK(store.reopen(job, one ? std::optional<int64_t>(below(requests)) : std::nullopt));
        break;
      }
      case 4:
        ASSERT_OK(store.close_open(job, std::nullopt, below(requests), any_of({RequestState::failed,
                  RequestState::expired, RequestState::cancelled}), "closed"));
        break;
      default: settle(store, deadline);
    }
  }

  static constexpr int64_t requests = 30;

 private:
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  bool coin() { return below(2) == 0; }
  template <class T>
  T any_of(std::initializer_list<T> these) {
    return these.begin()[below(static_cast<int64_t>(these.size()))];
  }

  void place(Store& store, JobId job) {
    Batch batch;
    batch.id = {random_()};
    batch.provider = "openai";
    batch.tier = any_of({ServiceTier::batch, ServiceTier::batch, ServiceTier::standard, ServiceTier::flex});
    batch.promotion = batch.tier != ServiceTier::batch && coin();
    batch.created = {1'700'000'000'000 + below(1'000'000)};
    std::vector<Placement> placements;
    for (int64_t i = 0; i < requests; ++i) {
      const RequestState state = store.request(job, i).value()->state;
      const RequestState to =
          batch.tier == ServiceTier::batch ? RequestState::batched : RequestState::live;
      if (may_step(request_steps, state, to) && coin()) placements.push_back({job, i, {below(1 << 20)}});
    }
    if (placements.empty()) return;
    batch.requests = static_cast<int64_t>(placements.size());
    ASSERT_OK(store.place(batch, placements));
    batches_.push_back(batch);
  }

  void settle(Store& store, Time deadline) {
    if (batches_.empty()) return;
    const Batch& batch = batches_[static_cast<size_t>(below(static_cast<int64_t>(batches_.size())))];
    std::vector<Settlement> settlements;
    std::deque<std::string> ids;
    for (const Member& member : value_of(store.members(batch.id)))
      if (below(3) == 0) add(batch, member, settlements, ids);
    ASSERT_OK(store.settle(settlements, nullptr, deadline + Duration{below(2000) - 1000}));
  }

  void add(const Batch& batch, const Member& member, std::vector<Settlement>& to,
           std::deque<std::string>& ids) {
    using enum AttemptState;
    const AttemptState state =
        any_of({void_, answered, answered, surplus, refused, AttemptState::expired,
                AttemptState::cancelled, unconfirmed});
    if (!may_step(attempt_steps, member.attempt, state)) return;
    Settlement s;
    s.key = {batch.id, member.position};
    s.state = state;
    s.served = batch.tier;
    s.response_id = ids.emplace_back("resp_" + std::to_string(random_()));
    s.charged = state == answered || state == surplus || (state == refused && coin());
    if (s.charged) {
      s.usage = {below(5000), below(3) * 100, below(2), below(2) * 300, below(4000), below(10)};
      s.cost = {below(1LL << 40)};
      s.list = {below(1LL << 41)};
    }
    s.http_status = state == answered ? 200 : 500;
    if (state != answered) s.error = "{}";
    if (state == answered || state == surplus) s.result = {{1 + random_() % 4}, below(1 << 30), 5};
    if (state == answered) {
      if (!may_step(request_steps, member.request, RequestState::succeeded)) return;
      s.request = RequestState::succeeded;
    } else if (member.current && !is_final(member.request) && member.request != RequestState::open) {
      s.request = any_of({RequestState::open, RequestState::open, RequestState::failed,
                          RequestState::expired});
      s.counts_as_try = coin();
    }
    to.push_back(s);
    if (below(5) == 0) to.push_back(s);  // the line comes twice
  }

  std::mt19937_64 random_;
  std::vector<Batch> batches_;
};

TEST_P(StoreContract, totals_are_what_the_rows_say_after_any_work) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomWork work(seed);
    const JobId jobs[] = {{seed * 10}, {seed * 10 + 1}};
    for (const JobId id : jobs) accept(id.n, RandomWork::requests);
    for (int step = 1; step <= 60; ++step) {
      const JobId id = jobs[step % 2];
      ASSERT_NO_FATAL_FAILURE(work.act(*store_, id, job(id).deadline));
      if (step % 20 == 0) {
        ASSERT_NO_FATAL_FAILURE(reopen_store());
        for (const JobId each : jobs) expect_totals_true(each);
        ASSERT_FALSE(HasFailure());
      }
    }
    for (const JobId id : jobs)
      for (int32_t shape = 0; shape < 2; ++shape)
        EXPECT_EQ(store_->open_count(id, shape).value(),
                  static_cast<int64_t>(store_->open_requests(id, shape, 0, 1000).value().size()));
  }
}

}  // namespace twolane::store
