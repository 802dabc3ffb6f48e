// Single verdicts: what each kind of evidence does, and the traps that must not be taken for jobs.
#include "audit/finding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audit/callers.h"
#include "audit/overrules.h"

namespace twolane::audit {
namespace {

constexpr Time monday{1'780'272'000'000};  // 2026-06-01 00:00 UTC

// Calls one after another, given to a collector as one caller.
class Log {
 public:
  Log() { call_.key = "k", call_.provider = "openai", call_.model = "gpt-5.4-mini", call_.streaming = false; }
  Call& call() { return call_; }
  void add(Time at, Duration latency = seconds(2)) {
    call_.start = at, call_.latency = latency;
    call_.usage = Usage{.fresh = 1000, .output = 100};
    collector_.call(call_);
  }
  std::vector<Caller> judged(const std::vector<Overrule>& overrules = {}) {
    Collected all = collector_.finish();
    return judge_callers(all, overrules);
  }

 private:
  Call call_;
  Collector collector_{Settings{}};
};

bool says(const Finding& f, std::string_view rule) {
  return std::ranges::any_of(f.evidence, [&](const Evidence& e) { return e.rule == rule; });
}

TEST(Finding, AJobEveryNightCanWaitUntilMorning) {
  Log log;
  for (int day = 0; day < 20; ++day)
    for (int i = 0; i < 120; ++i) log.add(monday + days(day) + hours(2) + seconds(i) + minutes(day % 7));
  const auto callers = log.judged();
  ASSERT_EQ(callers.size(), 1u);
  const Finding& f = callers[0].finding;
  EXPECT_EQ(f.verdict, Verdict::can_wait_hours);
  EXPECT_EQ(f.schedule.every, Schedule::Every::day);
  EXPECT_GT(f.tolerates, hours(5));
  EXPECT_LT(f.tolerates, hours(6));
}

int decibans_of(const Finding& f, std::string_view rule) {
  for (const Evidence& e : f.evidence)
    if (e.rule == rule) return e.decibans;
  return 0;
}

// The same calls are work in one zone and night in another, to the half hour; so are weekdays and schedules.
TEST(Finding, HoursAreThoseOfTheZone) {
  const auto judged = [](int zone_minutes) {
    Collector collector({.zone_minutes = zone_minutes});
    for (int day = 0; day < 14; ++day)
      for (int i = 0; day % 7 < 5 && i < 40; ++i) {
        Call c;
        c.key = "k", c.start = monday + days(day) + hours(6) + minutes(30 + 15 * i), c.latency = seconds(2);
        collector.call(c);
      }
    Collected all = collector.finish();
    return judge_callers(all, {})[0];
  };
  const Caller east = judged(120), west = judged(-8 * 60), half = judged(5 * 60 + 30);
  EXPECT_EQ(decibans_of(east.finding, "hours"), -4) << "08:30 to 18:30, Monday to Friday";
  EXPECT_GT(decibans_of(west.finding, "hours"), 0) << "22:30 to 08:30";
  EXPECT_EQ(east.profile.calls_at[1 * 24 + 8], 4u) << "Monday 08:30 and 08:45, of two weeks";
  EXPECT_EQ(half.profile.calls_at[1 * 24 + 12], 8u) << "Monday from 12:00, of two weeks";
  EXPECT_EQ(west.profile.calls_at[0 * 24 + 22], 4u) << "Sunday evening there";
  EXPECT_EQ(east.profile.calls_at[0 * 24 + 22], 0u);
}

TEST(Finding, ASweepEveryQuarterMayTakeLessThanAQuarter) {
  Log log;
  for (int quarter = 0; quarter < 14 * 96; ++quarter)
    for (int i = 0; i < 12; ++i) log.add(monday + minutes(15 * quarter) + seconds(i * 2));
  const Finding f = log.judged()[0].finding;
  EXPECT_EQ(f.schedule.every, Schedule::Every::hour);
  EXPECT_EQ(f.schedule.period, minutes(15));
  EXPECT_EQ(f.verdict, Verdict::can_wait_minutes);
  EXPECT_EQ(f.tolerates, minutes(12));
}

// Ten calls a second around the clock by nobody knows whom: busy is not patient.
TEST(Finding, ABusySiteWithoutUsersIsNoJob) {
  Log log;
  uint64_t state = 1;
  Time at = monday;
  for (int i = 0; i < 60'000; ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    const double share = static_cast<double>(state >> 11) * 0x1.0p-53;
    at = at + Duration{static_cast<int64_t>(-std::log(share + 1e-12) * 100)};
    log.call().outcome = Outcome::succeeded;
    log.add(at, Duration{2000 + static_cast<int64_t>(share * 6000)});
  }
  const Finding f = log.judged()[0].finding;
  EXPECT_FALSE(can_wait(f.verdict)) << f.decibans;
  EXPECT_FALSE(says(f, "pool"));
}

TEST(Finding, AStreamAtTheSameHourEveryDayWithTurnsIsAPerson) {
  Log log;
  log.call().streaming = true;
  log.call().user = "night-owl";
  uint64_t answer = 1;
  for (int day = 0; day < 20; ++day) {
    log.call().answer_before = 0;
    for (int i = 0; i < 30; ++i) {
      log.call().answer = ++answer;
      log.add(monday + days(day) + hours(1) + minutes(i));
      log.call().answer_before = answer;
    }
  }
  const Finding f = log.judged()[0].finding;
  EXPECT_TRUE(says(f, "schedule"));
  EXPECT_TRUE(says(f, "turns"));
  EXPECT_FALSE(can_wait(f.verdict)) << f.decibans;
}

TEST(Finding, StepsOfANightlyAgentWaitMinutesAtMost) {
  Log log;
  uint64_t answer = 1;
  for (int day = 0; day < 20; ++day) {
    log.call().answer_before = 0;
    for (int i = 0; i < 40; ++i) {
      log.call().answer = ++answer;
      log.add(monday + days(day) + hours(3) + seconds(i * 4));
      log.call().answer_before = answer;
    }
  }
  const Finding f = log.judged()[0].finding;
  EXPECT_TRUE(f.chained);
  EXPECT_EQ(f.verdict, Verdict::can_wait_minutes);
}

TEST(Finding, NothingKnownIsNotGuessedAndSaysWhatToLog) {
  Log log;
  log.call().streaming.reset();
  for (int i = 0; i < 40; ++i) log.add(monday + minutes(i * 7));
  const Finding f = log.judged()[0].finding;
  EXPECT_EQ(f.verdict, Verdict::cannot_tell);
  EXPECT_FALSE(f.to_log.empty());
}

TEST(Finding, ABatchIsBatched) {
  Log log;
  log.call().tier = ServiceTier::batch;
  log.add(monday);
  EXPECT_EQ(log.judged()[0].finding.verdict, Verdict::already_batched);
}

TEST(Finding, ConfidenceIsTheLogisticOfDecibans) {
  EXPECT_EQ(confidence_of(0), 500);
  EXPECT_EQ(confidence_of(10), 909);
  EXPECT_EQ(confidence_of(20), 990);
  EXPECT_EQ(confidence_of(90), 999);
  EXPECT_EQ(confidence_of(-10), 91);
}

TEST(Overrules, ALineIsAVerdictAndNames) {
  const auto all = parse_overrules("# why\n\ncan-wait 6h key=ci\ninteractive key=\"web app\" route=\"a \\\"b\\\"\"\r\ncan-wait 5m user=u\n", "f");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].verdict, Verdict::can_wait_hours);
  EXPECT_EQ((*all)[0].tolerates, hours(6));
  EXPECT_EQ(*(*all)[1].key, "web app");
  EXPECT_EQ(*(*all)[1].route, "a \"b\"");
  EXPECT_EQ((*all)[2].verdict, Verdict::can_wait_minutes);
}

TEST(Overrules, WrongLinesAreNamed) {
  for (const std::string_view text : {"maybe key=a", "can-wait key=a", "interactive", "interactive colour=red", "interactive key=\"a"}) {
    const auto all = parse_overrules(text, "over.txt");
    ASSERT_FALSE(all) << text;
    EXPECT_EQ(all.error().code, "audit.overrules");
    EXPECT_EQ(all.error().where.line, 1);
    EXPECT_FALSE(all.error().next.empty());
  }
}

TEST(Overrules, ACallerWithoutANameIsAll) {
  EXPECT_EQ(overrule_line("can-wait 6h", {}), "can-wait 6h all");
  const auto all = parse_overrules("can-wait 6h all", "f");
  ASSERT_TRUE(all);
  EXPECT_TRUE((*all)[0].matches({}));
}

TEST(Overrules, ThePrintedLineReadsBackAndHolds) {
  Log log;
  log.call().key = "web \"x\\y\" #1";
  for (int i = 0; i < 40; ++i) log.add(monday + minutes(i * 7));
  CallerName name;
  name.key = log.call().key;
  const auto lines = parse_overrules(overrule_line("can-wait 6h", name), "f");
  ASSERT_TRUE(lines) << lines.error().message;
  const Finding f = log.judged(*lines)[0].finding;
  EXPECT_TRUE(f.overruled);
  EXPECT_EQ(f.verdict, Verdict::can_wait_hours);
  EXPECT_EQ(f.tolerates, hours(6));
}

}  // namespace
}  // namespace twolane::audit
