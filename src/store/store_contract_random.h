// The store contract: totals are what the rows say, whatever was done.
#pragma once

#include <deque>
#include <initializer_list>
#include <random>

#include "store/store_contract_chains.h"

namespace twolane::store {

// Random work on two jobs, checked against the rows now and then. What may be done to an attempt is
// read from the store itself, so that every step is one that an engine could make.
class RandomWork {
 public:
  RandomWork(uint64_t seed) : random_(seed) {}

  void act(Store& store, JobId job, Time deadline) {
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
        place(store, job);
        break;
      case 3: {
        const bool one = coin();
        ASSERT_OK(store.reopen(job, one ? std::optional<int64_t>(below(requests)) : std::nullopt));
        break;
      }
      case 4:
        ASSERT_OK(store.close_open(
            job, std::nullopt, below(requests),
            any_of({RequestState::failed, RequestState::expired, RequestState::cancelled}),
            "closed"));
        break;
      default:
        settle(store, deadline);
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
    batch.tier =
        any_of({ServiceTier::batch, ServiceTier::batch, ServiceTier::standard, ServiceTier::flex});
    batch.promotion = batch.tier != ServiceTier::batch && coin();
    batch.created = {1'700'000'000'000 + below(1'000'000)};
    std::vector<Placement> placements;
    for (int64_t i = 0; i < requests; ++i) {
      const RequestState state = store.request(job, i).value()->state;
      const RequestState to =
          batch.tier == ServiceTier::batch ? RequestState::batched : RequestState::live;
      if (may_step(request_steps, state, to) && coin())
        placements.push_back({job, i, {below(1 << 20)}});
    }
    if (placements.empty()) return;
    batch.requests = static_cast<int64_t>(placements.size());
    ASSERT_OK(store.place(batch, placements));
    batches_.push_back(batch);
  }

  void settle(Store& store, Time deadline) {
    if (batches_.empty()) return;
    const Batch& batch =
        batches_[static_cast<size_t>(below(static_cast<int64_t>(batches_.size())))];
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
    } else if (member.current && !is_final(member.request) &&
               member.request != RequestState::open) {
      s.request = any_of(
          {RequestState::open, RequestState::open, RequestState::failed, RequestState::expired});
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

// What is open, or was sent, has the answers that it comes after; what waits, waits for something that
// may still come.
inline void expect_order_kept(Store& store, JobId job) {
  std::map<int64_t, std::vector<RequestState>> needs;
  for (const NeededAnswer& n : value_of(store.needs(job, 0, 1000)))
    needs[n.need.index].push_back(n.state);
  for (const auto& [index, states] : needs) {
    const RequestState state = store.request(job, index).value()->state;
    const auto succeeded = std::ranges::count(states, RequestState::succeeded);
    const auto bad = std::ranges::count_if(states, may_be_retried) +
                     std::ranges::count(states, RequestState::cancelled);
    const bool all = succeeded == static_cast<int64_t>(states.size());
    if (state == RequestState::waiting) EXPECT_TRUE(!all && bad == 0) << index;
    if (!is_final(state) && state != RequestState::waiting) EXPECT_TRUE(all) << index;
    if (state == RequestState::succeeded) EXPECT_TRUE(all) << index;
  }
}

TEST_P(StoreContractChains, the_order_is_kept_through_any_work) {
  std::map<int64_t, std::vector<int64_t>> after;
  for (int64_t i = 8; i < RandomWork::requests; ++i) {
    after[i] = {i - 8};
    if (i % 5 == 0) after[i].push_back(i - 3);
  }
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomWork work(seed);
    const JobId id{seed * 10};
    accept_chained(*store_, id.n, RandomWork::requests, after);
    for (int step = 1; step <= 60; ++step) {
      ASSERT_NO_FATAL_FAILURE(work.act(*store_, id, job(id).deadline));
      expect_order_kept(*store_, id);
      if (step % 20 == 0) {
        ASSERT_NO_FATAL_FAILURE(reopen_store());
        expect_totals_true(id);
      }
      ASSERT_FALSE(HasFailure()) << "step " << step;
    }
    for (int32_t shape = 0; shape < 2; ++shape)
      EXPECT_EQ(store_->open_count(id, shape).value(),
                static_cast<int64_t>(store_->open_requests(id, shape, 0, 1000).value().size()));
  }
}

}  // namespace twolane::store
