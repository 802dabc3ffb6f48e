// Each gate tells a planner that keeps it from one that does not.
#include "trial/gates.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace twolane::trial {
namespace {

// A grid in which every planned policy is as good as the study asks.
std::vector<Compared> good_grid() {
  std::vector<Compared> lines;
  for (const Policy p : {Policy::ladder, Policy::ladder_safe, Policy::ladder_flex})
    for (const Kind kind : kinds)
      for (const int64_t items : grid_items)
        for (const double deadline : grid_deadlines) {
          Compared l{{.kind = kind, .items = items, .deadline = deadline, .policy = p}, {}, 0.005};
          l.figures.cost = p == Policy::ladder_flex ? 0.53 : 0.57;
          l.figures.late = l.cell.feasible() ? 0.0002 : 0.4;
          l.figures.billed_twice = 0.003;
          lines.push_back(l);
        }
  return lines;
}

const Gate* missed(const std::vector<Gate>& gates) {
  const auto g = std::find_if(gates.begin(), gates.end(), [](const Gate& x) { return !x.kept(); });
  return g == gates.end() ? nullptr : &*g;
}

Compared& cell(std::vector<Compared>& lines, Policy policy, Kind kind, int64_t items, double deadline) {
  return *std::find_if(lines.begin(), lines.end(), [&](const Compared& l) {
    return l.cell.policy == policy && l.cell.kind == kind && l.cell.items == items && l.cell.deadline == deadline;
  });
}

TEST(Gates, AGoodGridKeepsAll) {
  const auto gates = gates_of_grid(good_grid());
  EXPECT_EQ(gates.size(), 26u);  // nine of each policy, but one that the safe one is not asked for
  EXPECT_TRUE(kept(gates)) << shown(gates);
}

TEST(Gates, OneLateCellIsNamed) {
  auto lines = good_grid();
  cell(lines, Policy::ladder, Kind::busy, 1000, 120).figures.late = 0.011;
  const auto gates = gates_of_grid(lines);
  ASSERT_NE(missed(gates), nullptr);
  EXPECT_EQ(missed(gates)->what, "ladder: late, worst of 85 cells");
  EXPECT_EQ(missed(gates)->where, "busy 1000 in 2 h");
  EXPECT_NE(shown(gates).find("MISSED  busy 1000 in 2 h"), std::string::npos);
  // What no live lane could do in time is no feasible cell.
  auto others = good_grid();
  cell(others, Policy::ladder, Kind::busy, 100'000, 30).figures.late = 0.45;
  EXPECT_TRUE(kept(gates_of_grid(others)));
}

TEST(Gates, EachIsMissedByWhatItIsAbout) {
  struct Spoilt {
    const char* what;
    void (*spoil)(Compared&);
  };
  const Spoilt cases[] = {
      {"late, mean", [](Compared& l) { l.figures.late = 0.0006; }},
      {"cost, mean", [](Compared& l) { l.figures.cost = 0.581; }},
      {"billed twice, mean", [](Compared& l) { l.figures.billed_twice = 0.006; }},
      {"regret, loose", [](Compared& l) { if (l.cell.items < 100'000) l.regret = 0.03; }},
      {"regret, 6 h and more", [](Compared& l) { if (l.cell.deadline >= 360) l.regret = 0.011; }},
      {"regret, 100k in 2 h", [](Compared& l) { if (l.cell.items == 100'000 && l.cell.deadline == 120) l.regret = 0.21; }},
      {"late, 100k in 30 min", [](Compared& l) { if (!l.cell.feasible()) l.figures.late = 0.43; }},
  };
  for (const Spoilt& c : cases) {
    auto lines = good_grid();
    for (Compared& l : lines) c.spoil(l);
    const auto gates = gates_of_grid(lines);
    ASSERT_NE(missed(gates), nullptr) << c.what;
    EXPECT_NE(missed(gates)->what.find(c.what), std::string::npos) << missed(gates)->what;
  }
}

TEST(Gates, TheStudysFiguresAreHeldAgainstTheSimplePolicies) {
  Compared l{{.kind = Kind::busy, .items = 1000, .deadline = 30, .policy = Policy::watchdog}, {}, 0};
  l.figures = {.cost = 0.85, .cost_se = 0.001, .late = 0.01, .jobs = 1200};
  const std::string head = "scen,N,deadline_min,policy,cost,cost_se,miss,dup\n";
  const auto held = [&](const std::string& line) { return gates_of_reference(std::vector{l}, head + line); };
  EXPECT_TRUE(kept(held("busy,1000,30,wd-10m,0.85300,0.00100,0.01000,0.0\n")));
  EXPECT_FALSE(kept(held("busy,1000,30,wd-10m,0.86000,0.00100,0.01000,0.0\n"))) << "cost";
  EXPECT_FALSE(kept(held("busy,1000,30,wd-10m,0.85000,0.00100,0.05000,0.0\n"))) << "lateness";
  EXPECT_TRUE(held("busy,1000,120,wd-10m,0.85000,0.00100,0.05000,0.0\n").empty()) << "another cell";
  EXPECT_TRUE(held("nonsense\n,,,,\n").empty());
}

}  // namespace
}  // namespace twolane::trial
