#include "model/states.h"

#include <gtest/gtest.h>

#include <set>

namespace twolane {
namespace {

// Every state but the terminal ones must be able to reach an end, and be reached from the first.
template <class State, size_t N>
std::set<int> reachable(const std::array<Step<State>, N>& table, State from) {
  std::set<int> seen{static_cast<int>(from)};
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& s : table)
      if (seen.contains(static_cast<int>(s.from)))
        grew |= seen.insert(static_cast<int>(s.to)).second;
  }
  return seen;
}

template <class State, size_t N>
void expect_connected(const std::array<Step<State>, N>& table, State first, int count) {
  EXPECT_EQ(reachable(table, first).size(), static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    bool ends = false;
    for (int s : reachable(table, static_cast<State>(i)))
      ends |= has_no_exit(table, static_cast<State>(s));
    EXPECT_TRUE(ends) << name_of(static_cast<State>(i)) << " has no way to an end";
  }
}

TEST(States, EveryStateIsReachedAndEnds) {
  expect_connected(request_steps, RequestState::waiting, request_state_count);
  expect_connected(attempt_steps, AttemptState::running, attempt_state_count);
  expect_connected(batch_steps, BatchState::planned, batch_state_count);
}

TEST(States, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (int i = 0; i < request_state_count; ++i) names.insert(name_of(static_cast<RequestState>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(request_state_count));
  names.clear();
  for (int i = 0; i < attempt_state_count; ++i) names.insert(name_of(static_cast<AttemptState>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(attempt_state_count));
  names.clear();
  for (int i = 0; i < batch_state_count; ++i) names.insert(name_of(static_cast<BatchState>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(batch_state_count));
  EXPECT_FALSE(names.contains(""));
}

TEST(States, ABatchThatIsDoubtfulIsNeverSentAgainDirectly) {
  EXPECT_FALSE(may_step(batch_steps, BatchState::doubtful, BatchState::submitting));
  EXPECT_TRUE(may_step(batch_steps, BatchState::doubtful, BatchState::submitted));
}

TEST(States, FinalRequestsAreTheFourOutcomes) {
  int finals = 0;
  for (int i = 0; i < request_state_count; ++i) finals += is_final(static_cast<RequestState>(i));
  EXPECT_EQ(finals, 4);
}

}  // namespace
}  // namespace twolane
