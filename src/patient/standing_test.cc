// What is kept of a job beside its rows comes back as it was.
#include "patient/standing.h"

#include "patient/intake_fixture.h"

namespace twolane::patient {
namespace {

class StandingFacts : public IntakeFixture {};
constexpr JobId id{7};

TEST_F(StandingFacts, ComeBackAsTheyWere) {
  EXPECT_EQ(recall_terms(*store, id).value(), Terms{});
  const Terms terms{"ana \"of\" sales", 3, 0.999, 9};
  ASSERT_TRUE(remember(*store, id, terms));
  EXPECT_EQ(recall_terms(*store, id).value(), terms);

  EXPECT_FALSE(recall_standing(*store, id).value().promise);
  Standing s;
  s.rush = true;
  s.restarts = 2;
  s.returned = {Time{5}, Time{0}, Time{9}};
  s.opened = {Time{0}, Time{7}};
  s.deadline = Time{1000};
  s.kept = true;
  s.promise = plan::Verdict{plan::Verdict::Kind::cannot, 0.01, Time{2000}};
  s.miss = Miss{Time{10}, Time{3000}, 0.123456789012345};
  ASSERT_TRUE(remember(*store, id, s));
  const Standing back = recall_standing(*store, id).value();
  EXPECT_EQ(back.rush, s.rush);
  EXPECT_EQ(back.restarts, s.restarts);
  EXPECT_EQ(back.returned, s.returned);
  EXPECT_EQ(back.opened, s.opened);
  EXPECT_EQ(back.deadline, s.deadline);
  EXPECT_EQ(back.kept, s.kept);
  EXPECT_EQ(back.promise->kind, s.promise->kind);
  EXPECT_EQ(back.promise->earliest, s.promise->earliest);
  EXPECT_EQ(back.miss, s.miss);
}

TEST_F(StandingFacts, WhatCannotBeReadIsAsANewJobs) {
  for (const char* text : {"", "{", "[]", "{\"promise\":{\"kind\":\"perhaps\"},\"returned\":7}"}) {
    ASSERT_TRUE(store->remember("standing." + id.hex(), text));
    const auto standing = recall_standing(*store, id);
    ASSERT_TRUE(standing) << text;
    EXPECT_FALSE(standing->promise) << text;
    EXPECT_TRUE(standing->returned.empty()) << text;
  }
}

TEST(Promise, IsToldAndReadBack) {
  const plan::Verdict v{plan::Verdict::Kind::at_risk, 0.5, Time{1'790'000'000'000}};
  EXPECT_EQ(promise_json(v)["verdict"], "at_risk");
  EXPECT_EQ(promise_of(promise_json(v))->earliest, v.earliest);
  EXPECT_FALSE(promise_of(promise_json(std::nullopt)));
  EXPECT_FALSE(miss_of(miss_json(std::nullopt)));
}

TEST(Tenant, IsTheSameInEveryProcess) {
  EXPECT_EQ(tenant_of(""), 0x811C9DC5u);
  EXPECT_EQ(tenant_of("a"), 0xE40C292Cu);  // FNV-1a, 32 bits
}

}  // namespace
}  // namespace twolane::patient
