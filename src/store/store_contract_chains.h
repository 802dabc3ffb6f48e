// The store contract: requests that come after others of their job.
#pragma once

#include "store/store_contract_fixture.h"

namespace twolane::store {

class StoreContractChains : public StoreContract {
 protected:
  // A job in which request `index` comes after those given for it. Shape 0 for what waits for nobody,
  // 1 for the rest.
  static void accept_chained(Store& store, uint64_t id, int64_t requests,
                             const std::map<int64_t, std::vector<int64_t>>& after) {
    const Job job = job_named(id, requests);
    auto acceptance = store.accept(job.id);
    ASSERT_OK(acceptance);
    int64_t waiting = 0;
    for (int64_t i = 0; i < requests; ++i) {
      RequestRow row = row_of(i, 0);
      const auto needs = after.find(i);
      if (needs != after.end()) {
        ++waiting;
        row.shape = 1;
        row.state = RequestState::waiting;
        std::vector<Need> all;
        for (const int64_t needed : needs->second)
          all.push_back({i, static_cast<int32_t>(all.size()), needed});
        ASSERT_OK((*acceptance)->add(all));
      }
      ASSERT_OK((*acceptance)->add(std::vector{row}));
    }
    std::vector<Shape> shapes = {shape_of(0, requests - waiting), shape_of(1, waiting)};
    shapes[0].steps_after = 1;
    ASSERT_OK((*acceptance)->commit(job, shapes));
  }

  std::string states(JobId id) {
    std::string text;
    for (const OutcomeRow& row : value_of(store_->outcomes(id, 0, 100)))
      text += (text.empty() ? "" : " ") + std::string(name_of(row.state));
    return text;
  }
};

TEST_P(StoreContractChains, who_comes_after_another_waits_for_its_answer) {
  accept_chained(*store_, 7, 3, {{1, {0}}, {2, {1}}});
  EXPECT_EQ(states({7}), "open waiting waiting");
  EXPECT_EQ(totals({7}).unfinished(), 3);
  EXPECT_EQ(store_->shapes({7}).value().at(0).steps_after, 1);
  EXPECT_EQ(store_->open_count({7}, 1).value(), 0);
  EXPECT_EQ(code_of(store_->place(batch_named(99), std::vector<Placement>{{{7}, 1, {1}}})), "store.step");
  place(batch_named(100), {7}, {0});
  ASSERT_OK(settle({answer({100}, 0)}));
  EXPECT_EQ(states({7}), "succeeded open waiting");
  EXPECT_EQ(store_->open_requests({7}, 1, 0, 9).value().at(0).index, 1);
  ASSERT_NO_FATAL_FAILURE(reopen_store());
  EXPECT_EQ(states({7}), "succeeded open waiting");
  EXPECT_EQ(store_->open_count({7}, 1).value(), 1);
  expect_totals_true({7});
}

TEST_P(StoreContractChains, a_judge_waits_for_all_that_it_comes_after) {
  accept_chained(*store_, 7, 3, {{2, {0, 1}}});
  place(batch_named(100), {7}, {0, 1});
  ASSERT_OK(settle({answer({100}, 1)}));
  EXPECT_EQ(state({7}, 2), RequestState::waiting);
  auto needs = store_->needs({7}, 0, 9).value();
  ASSERT_EQ(needs.size(), 2u);
  EXPECT_EQ(needs[0].need.needed, 0);
  EXPECT_EQ(needs[0].result.length, 0);
  EXPECT_EQ(needs[1].state, RequestState::succeeded);
  EXPECT_EQ(needs[1].need.place, 1);
  EXPECT_EQ(needs[1].result, (Slice{{0xabcdefu}, 4001, 321}));
  EXPECT_EQ(needs[1].endpoint, Endpoint::messages);
  EXPECT_TRUE(store_->needs({7}, 0, 1).value().empty());
  ASSERT_OK(settle({answer({100}, 0), answer({100}, 1)}));
  EXPECT_EQ(state({7}, 2), RequestState::open);
}

TEST_P(StoreContractChains, both_answers_in_one_transaction_open_the_judge_once) {
  accept_chained(*store_, 7, 3, {{2, {0, 1}}});
  place(batch_named(100), {7}, {0, 1});
  ASSERT_OK(settle({answer({100}, 0), answer({100}, 1)}));
  EXPECT_EQ(store_->open_count({7}, 1).value(), 1);
  expect_totals_true({7});
}

TEST_P(StoreContractChains, what_comes_after_a_failure_fails_with_its_line) {
  accept_chained(*store_, 7, 5, {{1, {0}}, {2, {1}}, {4, {3}}});
  place(batch_named(100), {7}, {0, 3});
  ASSERT_OK(settle({outcome({100}, 0, AttemptState::refused, RequestState::failed)}));
  EXPECT_EQ(states({7}), "failed failed failed batched waiting");
  for (const int64_t index : {1, 2}) {
    const std::string error = outcome_of({7}, index).error;
    EXPECT_NE(error.find("request.after_failed"), std::string::npos) << error;
    EXPECT_NE(error.find("line 1, "), std::string::npos) << error;
  }
  expect_totals_true({7});
  ASSERT_OK(settle({outcome({100}, 1, AttemptState::cancelled, RequestState::cancelled)}));
  EXPECT_EQ(state({7}, 4), RequestState::cancelled);
  EXPECT_NE(outcome_of({7}, 4).error.find("request.after_cancelled"), std::string::npos);
  EXPECT_EQ(totals({7}).unfinished(), 0);
}

TEST_P(StoreContractChains, closing_ends_what_waits) {
  accept_chained(*store_, 7, 4, {{1, {0}}, {3, {2}}});
  EXPECT_EQ(store_->close_open({7}, std::nullopt, 0, RequestState::failed, "{}").value(), 2);
  EXPECT_EQ(states({7}), "failed failed open waiting");
  EXPECT_EQ(outcome_of({7}, 0).error, "{}");
  EXPECT_EQ(store_->close_open({7}, std::nullopt, std::nullopt, RequestState::expired, "all").value(), 2);
  EXPECT_EQ(states({7}), "failed failed expired expired");
  EXPECT_EQ(outcome_of({7}, 3).error, "all");
  expect_totals_true({7});
}

TEST_P(StoreContractChains, retried_requests_wait_for_retried_ones) {
  accept_chained(*store_, 7, 5, {{1, {0}}, {2, {1}}, {4, {2, 3}}});
  place(batch_named(100), {7}, {0, 3});
  ASSERT_OK(settle({outcome({100}, 0, AttemptState::refused, RequestState::failed), answer({100}, 1)}));
  EXPECT_EQ(states({7}), "failed failed failed succeeded failed");
  EXPECT_EQ(store_->reopen({7}, std::nullopt).value(), 4);
  EXPECT_EQ(states({7}), "open waiting waiting succeeded waiting");
  expect_totals_true({7});
  EXPECT_EQ(store_->open_count({7}, 0).value(), 1);
  EXPECT_EQ(store_->open_count({7}, 1).value(), 0);
}

TEST_P(StoreContractChains, retrying_one_brings_back_those_before_and_behind_it) {
  accept_chained(*store_, 7, 6, {{1, {0}}, {2, {1}}, {4, {3}}, {5, {2, 4}}});
  EXPECT_EQ(store_->close_open({7}, 0, std::nullopt, RequestState::failed, "{}").value(), 6);
  EXPECT_EQ(store_->reopen({7}, 1).value(), 3);
  // 5 needs 4 as well, which stays failed.
  EXPECT_EQ(states({7}), "open waiting waiting failed failed failed");
  EXPECT_EQ(store_->reopen({7}, 4).value(), 3);
  EXPECT_EQ(states({7}), "open waiting waiting open waiting waiting");
  expect_totals_true({7});
}

TEST_P(StoreContractChains, what_came_after_a_cancelled_request_is_not_retried) {
  accept_chained(*store_, 7, 3, {{2, {0, 1}}});
  EXPECT_EQ(store_->close_open({7}, std::nullopt, 0, RequestState::failed, "{}").value(), 2);
  EXPECT_EQ(store_->close_open({7}, std::nullopt, 1, RequestState::cancelled, "{}").value(), 1);
  EXPECT_EQ(store_->reopen({7}, std::nullopt).value(), 1);
  EXPECT_EQ(states({7}), "open cancelled failed");
}

TEST_P(StoreContractChains, needs_go_with_their_job_and_name_earlier_requests) {
  accept_chained(*store_, 7, 2, {{1, {0}}});
  accept_chained(*store_, 8, 2, {{1, {0}}});
  ASSERT_OK(store_->close_open({7}, std::nullopt, std::nullopt, RequestState::cancelled, "{}"));
  ASSERT_OK(store_->forget({7}));
  EXPECT_EQ(store_->needs({8}, 0, 9).value().size(), 1u);
  EXPECT_EQ(code_of(store_->needs({7}, 0, 9)), "store.unknown_job");
  auto acceptance = store_->accept({9}).value();
  EXPECT_EQ(code_of(acceptance->add(std::vector<Need>{{1, 0, 1}})), "store.unknown_request");
}

}  // namespace twolane::store
