// The store contract: cached contents and their place in the totals.
#pragma once

#include "store/store_contract_fixture.h"

namespace twolane::store {

inline CachedContent content_of(uint64_t batch, JobId job) {
  CachedContent c;
  c.batch = {batch};
  c.job = job;
  c.account = "k1";
  c.created = {1'700'000'100'000};
  c.expires = c.created + hours(27);
  c.reserve = {5'000};
  return c;
}

TEST_P(StoreContract, a_cached_content_is_booked_where_it_ends) {
  accept(7, 2);
  place(batch_named(11), {7}, {0, 1});
  CachedContent c = content_of(11, {7});
  ASSERT_OK(store_->keep(c));
  EXPECT_EQ(totals({7}).reserved.n, 1000 + 1001 + 5'000);
  reopen_store();
  ASSERT_EQ(value_of(store_->unfinished_contents()), std::vector{c});

  c.state = ContentState::kept;
  c.name = "cachedContents/a";
  c.tokens = 4'096;
  c.reserve = {3'000};
  ASSERT_OK(store_->keep(c));
  EXPECT_EQ(totals({7}).reserved.n, 1000 + 1001 + 3'000);
  expect_totals_true({7});

  c.state = ContentState::ending;
  c.ends = c.created + minutes(5);
  ASSERT_OK(store_->keep(c));
  c.ends = c.created + minutes(6);  // asked for again
  ASSERT_OK(store_->keep(c));
  c.state = ContentState::billed;
  c.cost = {700};
  ASSERT_OK(store_->keep(c));
  const Totals t = totals({7});
  EXPECT_EQ(t.reserved.n, 1000 + 1001);
  EXPECT_EQ(t.storage.n, 700);
  EXPECT_EQ(t.cost.n, 700);
  expect_totals_true({7});
  EXPECT_TRUE(value_of(store_->unfinished_contents()).empty());
  EXPECT_EQ(value_of(store_->contents_of({7})), std::vector{c});
  c.state = ContentState::kept;
  EXPECT_EQ(code_of(store_->keep(c)), "store.step");
  EXPECT_EQ(code_of(store_->keep(content_of(12, {8}))), "store.unknown_job");
}

TEST_P(StoreContract, a_content_that_nobody_heard_the_end_of_stays_unconfirmed) {
  accept(7, 2);
  for (const uint64_t batch : {21u, 22u}) ASSERT_OK(store_->keep(content_of(batch, {7})));
  CachedContent c = content_of(21, {7});
  c.state = ContentState::unconfirmed;
  ASSERT_OK(store_->keep(c));
  EXPECT_EQ(totals({7}).unconfirmed.n, 5'000);
  EXPECT_EQ(totals({7}).unconfirmed_attempts, 1);
  c = content_of(22, {7});
  c.state = ContentState::absent;
  ASSERT_OK(store_->keep(c));
  EXPECT_EQ(totals({7}).reserved.n, 0);
  expect_totals_true({7});
}

TEST_P(StoreContract, a_job_is_not_forgotten_while_a_content_is_kept) {
  accept(7, 1);
  CachedContent c = content_of(21, {7});
  ASSERT_OK(store_->keep(c));
  EXPECT_EQ(code_of(store_->forget({7})), "store.active");
  c.state = ContentState::kept;
  ASSERT_OK(store_->keep(c));
  c.state = ContentState::billed;
  c.cost = {9};
  ASSERT_OK(store_->keep(c));
  ASSERT_OK(store_->forget({7}));
  EXPECT_EQ(value_of(store_->contents_of({7})), std::vector{c}) << "its fee stays in the ledger";
}

}  // namespace twolane::store
