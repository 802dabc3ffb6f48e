// The store contract: jobs, requests that are not out, forgetting, words.
#pragma once

#include "store/store_contract_fixture.h"

namespace twolane::store {

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

TEST_P(StoreContract, open_requests_can_be_closed_without_an_attempt) {
  accept(7, 6);
  place(batch_named(100), {7}, {0});
  EXPECT_EQ(store_->close_open({7}, std::nullopt, 4, RequestState::cancelled, "one").value(), 1);
  EXPECT_EQ(store_->close_open({7}, std::nullopt, 4, RequestState::cancelled, "one").value(), 0);
  EXPECT_EQ(store_->close_open({7}, 1, std::nullopt, RequestState::failed, "shape").value(), 3);
  EXPECT_EQ(
      store_->close_open({7}, std::nullopt, std::nullopt, RequestState::expired, "all").value(), 1);
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
  EXPECT_EQ(code_of(store_->close_open({8}, {}, {}, RequestState::failed, "")),
            "store.unknown_job");
  expect_totals_true({7});
}

TEST_P(StoreContract, open_requests_are_closed_where_they_lie) {
  accept(7, 9);
  place(batch_named(100), {7}, {2});
  const IndexRanges places = IndexRanges::parse("1-3,7-500").value();
  EXPECT_EQ(store_->close_open_among({7}, places, RequestState::cancelled, "cut").value(), 4);
  EXPECT_EQ(store_->close_open_among({7}, places, RequestState::cancelled, "cut").value(), 0);
  for (const int64_t i : {1, 3, 7, 8}) {
    EXPECT_EQ(state({7}, i), RequestState::cancelled) << i;
    EXPECT_EQ(outcome_of({7}, i).error, "cut") << i;
  }
  EXPECT_EQ(state({7}, 2), RequestState::batched);
  for (const int64_t i : {0, 4, 5, 6}) EXPECT_EQ(state({7}, i), RequestState::open) << i;
  EXPECT_EQ(store_->close_open_among({7}, {}, RequestState::cancelled, "none").value(), 0);
  EXPECT_EQ(code_of(store_->close_open_among({8}, places, RequestState::cancelled, "")), "store.unknown_job");
  expect_totals_true({7});
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
  EXPECT_EQ(store_->forgotten_jobs().value(), (std::vector<JobId>{{7}}));
  const auto members = store_->members({100}).value();
  EXPECT_EQ(members[1].request, RequestState::cancelled);
  EXPECT_FALSE(members[1].current);

  // A job of the same name is another one; what is heard of the old one still is booked, there.
  accept(7, 3);
  EXPECT_TRUE(store_->forgotten_jobs().value().empty());
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

}  // namespace twolane::store
