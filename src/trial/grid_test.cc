// The grid on fewer days than the gates are judged on (make bench judges those), and its simple policies
// against the study's own figures.
#include "trial/grid.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "trial/gates.h"
#include "trial/trials.h"

namespace twolane::trial {
namespace {

TEST(Grid, SimplePoliciesCostWhatTheStudyFound) {
  std::ifstream file(TWOLANE_SHARED_DIR "/data/planner_reference/grid_summary.csv");
  const std::string csv((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (csv.empty()) {
    if (std::getenv("CI") != nullptr) FAIL() << "the study's figures are not there";
    GTEST_SKIP() << "the study's figures are not there";
  }
  const Policy simple[] = {Policy::all_sync, Policy::batch, Policy::rule_24h, Policy::watchdog};
  const auto gates = gates_of_reference(compare_grid({.days = 400, .seeds = 3}, simple), csv);
  ASSERT_EQ(gates.size(), 1u);
  EXPECT_EQ(gates[0].what, "simple policies: cells beyond three standard errors, of 360");
  EXPECT_TRUE(gates[0].kept()) << gates[0].where;
}

TEST(Grid, TheLadderIsNeverLateAndNearlyAsCheapAsTheOracle) {
  for (const Policy policy : {Policy::ladder, Policy::ladder_safe, Policy::ladder_flex}) {
    double cost = 0, oracle = 0, late = 0, twice = 0;
    int cells = 0;
    for (const Kind kind : kinds)
      for (const int64_t items : grid_items)
        for (const double deadline : grid_deadlines) {
          Cell cell{kind, items, deadline, policy, 25};
          if (!cell.feasible()) continue;
          const Figures f = run(cell);
          cell.policy = Policy::oracle;
          EXPECT_LE(f.late, 0.04) << name_of(kind) << ' ' << items << ' ' << deadline;  // one late job of 25
          cost += f.cost, oracle += run(cell).cost, late += f.late, twice += f.billed_twice;
          ++cells;
        }
    EXPECT_EQ(cells, 85);
    EXPECT_LE(late / cells, 0.001) << name_of(policy);
    EXPECT_LE(twice / cells, 0.008) << name_of(policy);
    EXPECT_LE(cost / oracle, policy == Policy::ladder_flex ? 0.98 : 1.05) << name_of(policy);
  }
}

TEST(Grid, TheSameAgain) {
  const Cell cell{Kind::outage, 100'000, 120, Policy::ladder_flex, 20};
  EXPECT_EQ(run(cell).cost, run(cell).cost);
  EXPECT_EQ(run(cell).decisions, run(cell).decisions);
}

TEST(Grid, EveryRequestIsAnsweredOnceAndBilledForIt) {
  for (const bool flex : {false, true}) {
    const Weather weather(Kind::outage, 3, 60);
    Planned plan(weather, {.on_time = 0.999, .flex = flex});
    for (int day = 0; day < 40; ++day) {
      const double start = day * day_minutes;
      const Tally t = plan.run({{static_cast<uint64_t>(day), start, start + 120, 20'000}}).front();
      EXPECT_EQ(t.batch + t.flex + t.live - t.twice, 20'000) << day;
      EXPECT_LE(t.on_time, 20'000);
    }
  }
}

TEST(Trials, APlannerThatIsToldEverythingAnewDecidesTheSame) {
  for (const uint64_t seed : {1, 2, 3}) {
    const Row row = run_trial("crash", 100, seed).front();
    EXPECT_EQ(row.what, "at 1,000 random events: decisions that differ of 1000");
    EXPECT_EQ(row.late, 0) << seed;
    EXPECT_EQ(row.billed_twice, 0) << "nothing came out differently, seed " << seed;
  }
}

TEST(Trials, OneTenantsMillionAndAnothersHundred) {
  const auto rows = run_trial("tenants", 5, 1);
  EXPECT_GT(rows[0].late, 0.3);
  EXPECT_EQ(rows[1].late, 0);
}

TEST(Trials, ChainsAndWindowsKeepTheirDeadlines) {
  for (const std::string_view name : {"chain", "windows"})
    for (const Row& row : run_trial(name, 8, 1)) EXPECT_TRUE(row.kept()) << row.what << ' ' << row.late;
  EXPECT_TRUE(run_trial("nonsense", 1, 1).empty());
}

}  // namespace
}  // namespace twolane::trial
