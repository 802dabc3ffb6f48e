// The store contract: placing, settling, batches, the ledger.
#pragma once

#include "store/store_contract_fixture.h"

namespace twolane::store {

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
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::running, std::nullopt)})),
            "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::expired, RequestState::batched)})),
            "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::answered, std::nullopt)})),
            "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 0, AttemptState::void_, RequestState::succeeded)})),
            "store.step");
  EXPECT_EQ(code_of(settle({outcome({100}, 2, AttemptState::void_, RequestState::open)})),
            "store.unknown_request");
  EXPECT_EQ(code_of(settle({outcome({101}, 0, AttemptState::void_, RequestState::open)})),
            "store.unknown_batch");
  Settlement dear = answer({100}, 0);
  dear.cost = PicoUsd::from_usd(9'300'000);
  EXPECT_EQ(code_of(settle({answer({100}, 1), dear})), "store.range");
  const auto unfit = settle({outcome({100}, 0, AttemptState::expired, RequestState::batched)});
  EXPECT_NE(unfit.error().message.find("batched to batched"), std::string::npos);
  EXPECT_EQ(totals({7}).of(RequestState::batched), 2);
  ASSERT_OK(settle({outcome({100}, 0, AttemptState::void_, RequestState::open)}));
  ASSERT_OK(settle({outcome({100}, 1, AttemptState::cancelled, RequestState::cancelled)}));
  EXPECT_EQ(code_of(store_->place(batch_named(102), std::vector<Placement>{{{7}, 1, {1}}})),
            "store.step");
  expect_totals_true({7});
}

TEST_P(StoreContract, an_answer_without_a_usage_may_cost_as_much_as_was_reserved) {
  accept(7, 1);
  place(batch_named(100, ServiceTier::standard), {7}, {0});
  Settlement silent = answer({100}, 0);
  silent.charged = false;
  ASSERT_OK(settle({silent}));
  EXPECT_EQ(state({7}, 0), RequestState::succeeded);
  EXPECT_EQ(totals({7}).unconfirmed.n, 1000);
  EXPECT_EQ(totals({7}).unconfirmed_attempts, 1);
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

// Requests side by side that end alike are moved together, unless one of them has gone elsewhere.
TEST_P(StoreContract, neighbours_end_together_and_the_promoted_one_by_its_own_way) {
  accept(7, 6);
  place(batch_named(100), {7}, {0, 1, 2, 3, 4, 5});
  Settlement back = outcome({100}, 2, AttemptState::expired, RequestState::open);
  ASSERT_OK(settle({back}));
  Batch wave = batch_named(101);
  wave.tier = ServiceTier::standard;
  wave.promotion = true;
  place(wave, {7}, {2});
  Settlement late = answer({100}, 4);
  ASSERT_OK(settle({late}));

  // 2 is live by now, 4 has its answer: the rest of the batch comes all at once.
  ASSERT_OK(settle({answer({100}, 0), answer({100}, 1), answer({100}, 3), late, answer({100}, 5)}));
  for (const int64_t i : {0, 1, 3, 4, 5}) EXPECT_EQ(state({7}, i), RequestState::succeeded) << i;
  EXPECT_EQ(state({7}, 2), RequestState::live);
  expect_totals_true({7});

  accept(8, 4);
  place(batch_named(102), {8}, {0, 1, 2, 3});
  ASSERT_OK(settle({outcome({102}, 1, AttemptState::unconfirmed, RequestState::open)}));
  Batch again = wave;
  again.id = {103};
  place(again, {8}, {1});
  ASSERT_OK(settle({answer({102}, 0), answer({102}, 1), answer({102}, 2), answer({102}, 3)}));
  for (const int64_t i : {0, 1, 2, 3}) EXPECT_EQ(state({8}, i), RequestState::succeeded) << i;
  EXPECT_TRUE(store_->members({103}).value()[0].current);  // decided by the earlier attempt
  EXPECT_EQ(outcome_of({8}, 1).result.offset, 4001);
  expect_totals_true({8});
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

TEST_P(StoreContract, batches_are_written_whole_and_found_while_unfinished) {
  accept(7, 4);
  place(batch_named(100), {7}, {0});
  place(batch_named(101), {7}, {1});
  place(batch_named(102), {7}, {2});
  Batch batch = store_->batch({101}).value().value();
  batch.account = "acct-1";
  batch.state = BatchState::submitted;
  batch.cancel_asked = Time{1234};
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
  EXPECT_EQ(got.cancel_asked, Time{1234});
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

}  // namespace twolane::store
