// A week that rolls: the same findings as an audit of the same calls, the eighth day forgotten, a restart survived.
#include "audit/rolling.h"

#include <gtest/gtest.h>

#include "audit/report.h"
#include "audit/report_json.h"

namespace twolane::audit {
namespace {

constexpr Time begin{1'780'272'000'000};  // Monday 2026-06-01 00:00 UTC

Call call_at(Time at, std::string_view key, bool streaming = false) {
  Call c;
  c.start = at, c.latency = seconds(4), c.key = key, c.provider = "openai", c.model = "gpt-5.4", c.streaming = streaming;
  c.user_agent = "OpenAI/Python", c.outcome = Outcome::succeeded, c.http_status = 200, c.tier = ServiceTier::standard;
  c.usage = Usage{.fresh = 10'000, .output = 100};
  return c;
}

// A nightly job from two on, and people who stream by day.
template <class Take>
void make_calls(int days_long, Take take) {
  for (int day = 0; day < days_long; ++day) {
    const Time midnight = begin + days(day);
    for (int i = 0; i < 400; ++i) take(call_at(midnight + hours(2) + seconds(i), "night"));
    for (int i = 0; i < 100; ++i) take(call_at(midnight + hours(9) + minutes(5 * i), "people", true));
  }
}

std::string usd(PicoUsd amount) { return exact_usd(amount); }

TEST(Rolling, AWeekIsTheAuditOfItsCalls) {
  Rolling rolling;
  Collector collector({});
  make_calls(7, [&](const Call& c) { rolling.take(c), collector.call(c); });
  const Report live = make_report(rolling.week(begin + days(7) + Duration{-1}), {}, {});
  const Report log = make_report(collector.finish(), {}, {});
  EXPECT_EQ(live.calls, 3500);
  EXPECT_EQ(usd(live.spend), usd(log.spend));
  ASSERT_EQ(live.callers.size(), log.callers.size());
  for (size_t i = 0; i < live.callers.size(); ++i) {
    EXPECT_EQ(shown(live.callers[i].profile.name), shown(log.callers[i].profile.name));
    EXPECT_EQ(live.callers[i].finding.verdict, log.callers[i].finding.verdict);
    EXPECT_EQ(live.callers[i].finding.decibans, log.callers[i].finding.decibans);
  }
  EXPECT_EQ(live.callers[0].finding.verdict, Verdict::can_wait_hours);
  EXPECT_EQ(usd(live.saving), usd(log.saving));
  EXPECT_GT(live.saving.n, 0);
}

TEST(Rolling, TheEighthDayIsForgotten) {
  Rolling rolling;
  make_calls(10, [&](const Call& c) { rolling.take(c); });
  const Collected week = rolling.week(begin + days(10) + Duration{-1});
  EXPECT_EQ(week.calls, 3500);
  EXPECT_EQ(week.first, begin + days(3) + hours(2));
  EXPECT_EQ(rolling.week(begin + days(12)).calls, 2000) << "days pass without calls, too";
  EXPECT_EQ(rolling.week(begin + days(30)).calls, 0);
}

TEST(Rolling, OfOneKeyOnly) {
  Rolling rolling;
  make_calls(3, [&](const Call& c) { rolling.take(c); });
  const Report r = make_report(rolling.week(begin + days(3) + Duration{-1}, "people"), {}, {});
  ASSERT_EQ(r.callers.size(), 1u);
  EXPECT_EQ(r.callers[0].profile.name.key, "people");
  EXPECT_EQ(r.calls, 300);
  EXPECT_EQ(rolling.week(begin + days(3), "nobody").calls, 0);
}

// Saved in the middle of a day and read by another process, which goes on.
TEST(Rolling, ARestartLosesNothing) {
  Rolling first, second, whole;
  int64_t n = 0;
  wire::Json saved;
  make_calls(7, [&](const Call& c) {
    whole.take(c);
    (n < 1600 ? first : second).take(c);
    if (++n == 1600) {
      saved = first.saved();
      ASSERT_TRUE(second.load(wire::parse_json(wire::dump(saved)).value()).has_value());
    }
  });
  const Time now = begin + days(7) + Duration{-1};
  auto restarted = report_json(make_report(second.week(now), {}, {})), undisturbed = report_json(make_report(whole.week(now), {}, {}));
  for (const char* same : {"calls", "spend_usd", "planes", "saves_usd", "spend_by_hour_of_week_usd"}) EXPECT_EQ(restarted[same], undisturbed[same]) << same;
  ASSERT_EQ(restarted["callers"].size(), undisturbed["callers"].size());
  for (size_t i = 0; i < restarted["callers"].size(); ++i)
    for (const char* same : {"name", "verdict", "tokens", "lines", "latency_p95_ms"})
      EXPECT_EQ(restarted["callers"][i][same], undisturbed["callers"][i][same]) << same;
}

// Saved and read again, a profile is the same to the last field.
TEST(Rolling, SavedIsWhatWasSaved) {
  Rolling first, second;
  make_calls(2, [&](const Call& c) { first.take(c); });
  const wire::Json saved = first.saved();
  ASSERT_TRUE(second.load(saved).has_value());
  EXPECT_EQ(wire::dump(second.saved()), wire::dump(saved));
  EXPECT_FALSE(second.load(wire::Json::object()).has_value());
  wire::Json broken = saved;
  broken["days"][0]["callers"][0].erase("runs");
  Rolling third;
  EXPECT_FALSE(third.load(broken).has_value());
  EXPECT_GT(third.week(begin + days(2) + Duration{-1}).calls, 0) << "the rest is used";
}

}  // namespace
}  // namespace twolane::audit
