#include "trial/gates.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>

#include "trial/trials.h"

namespace twolane::trial {
namespace {

constexpr double late_in_any = 0.01, late_on_average = 0.0005;
constexpr double cost_without_flex = 0.580, cost_with_flex = 0.535;
constexpr double regret_loose = 0.02, regret_long = 0.01, regret_tight = 0.20;
constexpr double twice_on_average = 0.005, twice_in_any = 0.08;
constexpr double late_infeasible = 0.42;

std::string place(const Cell& c) {
  return std::string(name_of(c.kind)) + ' ' + std::to_string(c.items) + " in " +
         spoken(Duration{static_cast<int64_t>(c.deadline * 60'000)});
}

bool loose(const Cell& c) { return static_cast<double>(c.items) / live_per_minute <= c.deadline / 2; }

// One policy's cells, reduced to means and worst.
class Judge {
 public:
  Judge(std::span<const Compared> lines, Policy policy) : policy_(policy) {
    for (const Compared& l : lines)
      if (l.cell.policy == policy) lines_.push_back(&l);
  }
  bool empty() const { return lines_.empty(); }

  template <class Which, class Value>
  void mean(double goal, const char* what, Which which, Value value) {
    double sum = 0;
    int n = 0;
    for (const Compared* l : lines_)
      if (which(l->cell)) sum += value(*l), ++n;
    if (n > 0) add(goal, std::string(what) + ", mean of " + std::to_string(n) + " cells", sum / n, {});
  }
  // In each of the feasible cells; names the worst.
  template <class Value>
  void each(double goal, const char* what, Value value) {
    const Compared* worst = nullptr;
    int n = 0, missed = 0;
    for (const Compared* l : lines_) {
      if (!l->cell.feasible()) continue;
      ++n;
      missed += value(*l) > goal;
      if (worst == nullptr || value(*l) > value(*worst)) worst = l;
    }
    if (worst == nullptr) return;
    const std::string missing = missed > 1 ? ", and " + std::to_string(missed - 1) + " more cells" : "";
    add(goal, std::string(what) + ", worst of " + std::to_string(n) + " cells", value(*worst), place(worst->cell) + missing);
  }
  std::vector<Gate> take() { return std::move(gates_); }

 private:
  void add(double goal, std::string what, double seen, std::string where) {
    gates_.push_back({std::string(name_of(policy_)) + ": " + std::move(what), goal, seen, false, std::move(where)});
  }

  Policy policy_;
  std::vector<const Compared*> lines_;
  std::vector<Gate> gates_;
};

std::vector<Gate> gates_of(std::span<const Compared> lines, Policy policy) {
  Judge judge(lines, policy);
  const auto late = [](const Compared& l) { return l.figures.late; };
  const auto cost = [](const Compared& l) { return l.figures.cost; };
  const auto twice = [](const Compared& l) { return l.figures.billed_twice; };
  const auto regret = [](const Compared& l) { return l.regret; };
  const auto feasible = [](const Cell& c) { return c.feasible(); };
  judge.each(late_in_any, "late", late);
  judge.mean(late_on_average, "late", feasible, late);
  judge.mean(policy == Policy::ladder_flex ? cost_with_flex : cost_without_flex, "cost", feasible, cost);
  judge.mean(regret_loose, "regret, loose", loose, regret);
  judge.mean(regret_long, "regret, 6 h and more", [](const Cell& c) { return c.feasible() && c.deadline >= 360; }, regret);
  // What rides on a chance is the goal of the policy that may take one: the study's safe one has 22.5 % there.
  if (policy != Policy::ladder_safe)
    judge.mean(regret_tight, "regret, 100k in 2 h", [](const Cell& c) { return c.feasible() && !loose(c); }, regret);
  judge.mean(twice_on_average, "billed twice", feasible, twice);
  judge.each(twice_in_any, "billed twice", twice);
  judge.mean(late_infeasible, "late, 100k in 30 min", [](const Cell& c) { return !c.feasible(); }, late);
  return judge.take();
}

// ---------------------------------------------------------------- the study's figures

struct Reference {
  double cost = 0, se = 0, late = 0;
};

// "scen,N,deadline_min,policy,cost,cost_se,miss,...": by its first four columns as written.
std::map<std::string, Reference, std::less<>> references(std::string_view csv) {
  std::map<std::string, Reference, std::less<>> all;
  while (!csv.empty()) {
    std::string_view line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(line.size() + 1, csv.size()));
    size_t at = 0;
    for (int comma = 0; comma < 4 && at != std::string_view::npos; ++comma) at = line.find(',', at + (comma > 0));
    if (at == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, at);
    Reference r;
    const char* from = line.data() + at + 1;
    bool good = true;
    for (double* value : {&r.cost, &r.se, &r.late}) {
      const auto read = std::from_chars(from, line.data() + line.size(), *value);
      good = good && read.ec == std::errc{};
      from = read.ptr + 1;
    }
    if (good) all.emplace(key, r);
  }
  return all;
}

std::string_view name_in_the_study(Policy p) {
  switch (p) {
    case Policy::all_sync: return "all-sync";
    case Policy::batch: return "batch+hope";
    case Policy::rule_24h: return "rule-24h";
    case Policy::watchdog: return "wd-10m";
    default: return {};
  }
}

bool agrees(const Figures& f, const Reference& r) {
  if (std::abs(f.cost - r.cost) > 3 * std::hypot(f.cost_se, r.se) + 1e-9) return false;
  // A job is late as a whole or in part: at most the error of a share of the jobs on either side.
  const double p = (f.late + r.late) / 2;
  return std::abs(f.late - r.late) <= 3 * std::sqrt(2 * p * (1 - p) / static_cast<double>(std::max<int64_t>(f.jobs, 1))) + 0.002;
}

}  // namespace

std::vector<Gate> gates_of_grid(std::span<const Compared> lines) {
  std::vector<Gate> all;
  for (const Policy p : {Policy::ladder, Policy::ladder_safe, Policy::ladder_flex}) {
    auto gates = gates_of(lines, p);
    std::move(gates.begin(), gates.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<Gate> gates_of_trials(int runs, uint64_t seed) {
  std::vector<Gate> gates;
  for (const std::string_view trial : {"frozen", "half-speed"})
    for (const Row& row : run_trial(trial, runs, seed))
      if (row.wanted_late >= 0) gates.push_back({row.trial + ": late, " + row.what, row.wanted_late, row.late, false, {}});
  for (const Row& row : run_trial("crash", runs, seed)) {  // which has its own meaning for these columns
    gates.push_back({"crash: " + row.what, 0, row.late, false, {}});
    gates.push_back({"crash: requests bought otherwise than without", 0, row.billed_twice, false, {}});
  }
  return gates;
}

std::vector<Gate> gates_of_reference(std::span<const Compared> lines, std::string_view csv) {
  const auto known = references(csv);
  int compared = 0, apart = 0;
  std::string where;
  for (const Compared& l : lines) {
    const std::string_view name = name_in_the_study(l.cell.policy);
    if (name.empty()) continue;
    const auto r = known.find(std::string(name_of(l.cell.kind)) + ',' + std::to_string(l.cell.items) + ',' +
                              std::to_string(static_cast<int>(l.cell.deadline)) + ',' + std::string(name));
    if (r == known.end()) continue;
    ++compared;
    if (agrees(l.figures, r->second)) continue;
    ++apart;
    where += (where.empty() ? "" : ", ") + std::string(name) + ' ' + place(l.cell);
  }
  if (compared == 0) return {};
  return {{"simple policies: cells beyond three standard errors, of " + std::to_string(compared), 0, static_cast<double>(apart), true, where}};
}

std::string shown(std::span<const Gate> gates) {
  if (gates.empty()) return {};
  std::string out;
  char line[160];
  std::snprintf(line, sizeof line, "%-62s %9s %9s\n", "GATE", "AT MOST", "SEEN");
  out += line;
  for (const Gate& g : gates) {
    if (g.count) std::snprintf(line, sizeof line, "%-62s %9.0f %9.0f", g.what.c_str(), g.goal, g.seen);
    else std::snprintf(line, sizeof line, "%-62s %7.3f %% %7.3f %%", g.what.c_str(), 100 * g.goal, 100 * g.seen);
    out += line;
    out += g.kept() ? "   ok    " : "   MISSED";
    out += (g.where.empty() ? "" : "  " + g.where) + '\n';
  }
  return out;
}

bool kept(std::span<const Gate> gates) {
  return std::all_of(gates.begin(), gates.end(), [](const Gate& g) { return g.kept(); });
}

}  // namespace twolane::trial
