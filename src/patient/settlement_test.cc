// What each word about an attempt means, as a table.
#include "patient/settlement.h"

#include <gtest/gtest.h>

namespace twolane::patient {
namespace {

using What = Heard::What;
using dialect::Verdict;
using R = RequestState;
using A = AttemptState;

store::Member member(R request, bool current = true, int tries = 0) {
  store::Member m;
  m.request = request;
  m.current = current;
  m.tries = tries;
  return m;
}

struct Row {
  const char* name;
  store::Member member;
  Heard heard;
  A attempt;
  std::optional<R> request;
  bool is_try;
};

TEST(Settlement, Table) {
  const Row rows[] = {
      {"first answer", member(R::batched), {What::answer, {}, true, false}, A::answered, R::succeeded, false},
      {"answer of a call", member(R::live), {What::answer, {}, true, false}, A::answered, R::succeeded, false},
      {"late answer of a promoted one", member(R::live, false), {What::answer, {}, true, false}, A::answered,
       R::succeeded, false},
      {"late answer of one that is open again", member(R::open), {What::answer, {}, true, false}, A::answered,
       R::succeeded, false},
      {"second answer", member(R::succeeded, false), {What::answer, {}, true, false}, A::surplus, {}, false},
      {"answer after a cancel", member(R::cancelled), {What::answer, {}, true, false}, A::surplus, {}, false},
      {"permanent error", member(R::batched), {What::error, Verdict::invalid, false, false}, A::refused,
       R::failed, false},
      {"server error, perhaps billed", member(R::batched), {What::error, Verdict::unavailable, false, false},
       A::unconfirmed, R::open, true},
      {"server error with usage", member(R::batched), {What::error, Verdict::unavailable, true, false},
       A::refused, R::open, true},
      {"server error, the last try", member(R::batched, true, 4),
       {What::error, Verdict::unavailable, false, false}, A::unconfirmed, R::failed, true},
      {"throttled", member(R::live, true, 4), {What::error, Verdict::throttled, false, false}, A::refused,
       R::open, false},
      {"expired does not use up a try", member(R::batched, true, 4), {What::expired, {}, false, false},
       A::expired, R::open, false},
      {"cancelled", member(R::batched), {What::cancelled, {}, false, false}, A::cancelled, R::open, false},
      {"cancelled after it was overtaken", member(R::live, false), {What::cancelled, {}, false, false},
       A::cancelled, {}, false},
      {"missing", member(R::batched), {What::missing, {}, false, true}, A::unconfirmed, R::open, true},
      {"lost in a crash", member(R::live, true, 4), {What::missing, {}, false, false}, A::unconfirmed, R::open,
       false},
      {"never ran", member(R::batched, true, 4), {What::never_ran, {}, false, false}, A::void_, R::open, false},
      {"never ran, under suspicion", member(R::batched, true, 4), {What::never_ran, {}, false, true}, A::void_,
       R::failed, true},
      {"nothing is changed twice", member(R::failed), {What::missing, {}, false, true}, A::unconfirmed, {},
       false},
  };
  for (const Row& row : rows) {
    const store::Settlement s = settle(row.member, row.heard, {});
    EXPECT_EQ(s.state, row.attempt) << row.name;
    EXPECT_EQ(s.request, row.request) << row.name;
    EXPECT_EQ(s.counts_as_try, row.is_try) << row.name;
    EXPECT_EQ(s.state == A::answered, s.request == R::succeeded) << row.name;
    EXPECT_TRUE(may_step(attempt_steps, A::running, s.state)) << row.name;
    if (s.request) EXPECT_TRUE(may_step(request_steps, row.member.request, *s.request)) << row.name;
  }
}

TEST(Settlement, AJobThatIsCancelledTriesNothingAgain) {
  const Circumstances cancelling{true, false, 5};
  EXPECT_EQ(settle(member(R::batched), {What::expired, {}, false, false}, cancelling).request, R::cancelled);
  EXPECT_EQ(settle(member(R::batched), {What::answer, {}, true, false}, cancelling).request, R::succeeded)
      << "what was paid for is kept";
}

TEST(Settlement, PastItsWindowNothingIsTriedAgain) {
  const Circumstances expiring{false, true, 5};
  EXPECT_EQ(settle(member(R::batched), {What::expired, {}, false, false}, expiring).request, R::expired);
}

}  // namespace
}  // namespace twolane::patient
