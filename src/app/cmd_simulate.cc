// twolane simulate: the planner alone, years of virtual time, beside other policies on the same days.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "app/commands.h"
#include "app/figures.h"
#include "app/output_file.h"
#include "app/usage_error.h"
#include "trial/gates.h"
#include "trial/trials.h"

namespace twolane::app {
namespace {

using namespace trial;

std::string number(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string span_of(double minutes) {
  return spoken(Duration{static_cast<int64_t>(minutes * 60'000)});
}

Result<Cell> cell_of(const Shell& shell) {
  const SimulateFlags& f = shell.in.simulate;
  Cell cell;
  const auto kind = kind_of(f.scenario);
  if (!kind) return fail(no_value("--scenario", f.scenario, "it is calm, busy, outage, regime or field", "--scenario busy"));
  const auto within = parse_duration(f.deadline);
  if (!within || within->ms < 60'000 || *within > days(30))
    return fail(no_value("--deadline", f.deadline, "it is a span from 1m to 30d", "--deadline 6h"));
  cell.kind = *kind;
  cell.items = f.items;
  cell.deadline = within->seconds() / 60;
  cell.days = static_cast<int>(f.days);
  cell.seed = shell.in.world.seed;
  // The study's goals are means of three; one seed's years differ by more than what is between them and the goal.
  cell.seeds = f.seeds > 0 ? static_cast<int>(f.seeds) : f.gates ? 3 : 1;
  return cell;
}

Result<std::vector<Policy>> policies_of(const std::string& name) {
  if (name.empty()) return std::vector<Policy>(policies.begin(), policies.end());
  const auto policy = policy_of(name);
  if (!policy)
    return fail(no_value("--policy", name, "it is all-sync, batch, rule-24h, watchdog, ladder, ladder-flex, ladder-safe or oracle",
                         "--policy ladder"));
  return std::vector<Policy>{*policy};
}

std::string table(const std::vector<Compared>& lines, bool grid) {
  std::string out = (grid ? left("SCENARIO", 9) + right("ITEMS", 8) + right("DEADLINE", 10) + "  " : std::string()) +
                    left("POLICY", 13) + right("COST", 8) + right("SE", 9) + right("LATE", 10) + right("LATE JOBS", 11) +
                    right("TWICE", 9) + right("REGRET", 9) + right("BATCHES", 9) + right("CANCELS", 9) + '\n';
  for (const Compared& l : lines) {
    const Figures& f = l.figures;
    if (grid) out += left(name_of(l.cell.kind), 9) + right(grouped(l.cell.items), 8) + right(span_of(l.cell.deadline), 10) + "  ";
    out += left(name_of(l.cell.policy), 13) + right(number("%.4f", f.cost), 8) + right(number("%.4f", f.cost_se), 9) +
           right(number("%.3f %%", 100 * f.late), 10) + right(number("%.2f %%", 100 * f.late_jobs), 11) +
           right(number("%.2f %%", 100 * f.billed_twice), 9) + right(number("%.1f %%", 100 * l.regret), 9) +
           right(number("%.1f", f.batches), 9) + right(number("%.2f", f.cancels), 9) +
           (f.late > 0.01 ? "  too late: its cost means nothing\n" : "\n");
  }
  return out;
}

// Means of each policy over the cells that can be done at all.
std::string means(const std::vector<Compared>& lines, wire::Json& json) {
  std::string out = left("POLICY", 13) + right("COST", 8) + right("LATE", 10) + right("WORST CELL", 12) + right("CELLS <= 1 %", 14) +
                    right("TWICE", 9) + right("REGRET", 9) + '\n';
  json = wire::Json::array();
  for (const Policy p : policies) {
    double cost = 0, late = 0, worst = 0, twice = 0, regret = 0;
    int cells = 0, kept = 0;
    for (const Compared& l : lines) {
      if (l.cell.policy != p || !l.cell.feasible()) continue;
      ++cells;
      kept += l.figures.late <= 0.01;
      cost += l.figures.cost;
      late += l.figures.late;
      worst = std::max(worst, l.figures.late);
      twice += l.figures.billed_twice;
      regret += l.regret;
    }
    if (cells == 0) continue;
    out += left(name_of(p), 13) + right(number("%.4f", cost / cells), 8) + right(number("%.4f %%", 100 * late / cells), 10) +
           right(number("%.3f %%", 100 * worst), 12) + right(std::to_string(kept) + " of " + std::to_string(cells), 14) +
           right(number("%.2f %%", 100 * twice / cells), 9) + right(number("%.1f %%", 100 * regret / cells), 9) + '\n';
    json.push_back({{"policy", name_of(p)}, {"cells", cells}, {"cells_kept", kept}, {"cost", cost / cells}, {"late", late / cells},
                    {"late_worst", worst}, {"billed_twice", twice / cells}, {"regret", regret / cells}});
  }
  return out;
}

wire::Json json_of(const Compared& l) {
  const Figures& f = l.figures;
  return {{"scenario", name_of(l.cell.kind)}, {"items", l.cell.items}, {"deadline_s", static_cast<int64_t>(l.cell.deadline * 60)},
          {"policy", name_of(l.cell.policy)}, {"feasible", l.cell.feasible()}, {"jobs", f.jobs}, {"cost", f.cost},
          {"cost_se", f.cost_se}, {"late", f.late}, {"late_jobs", f.late_jobs}, {"billed_twice", f.billed_twice},
          {"live", f.live}, {"flex", f.flex}, {"regret", l.regret}, {"batches", f.batches}, {"cancels", f.cancels}};
}

// The columns of ../shared/data/planner_reference/grid_summary.csv, with regret and cancels behind.
std::string csv(const std::vector<Compared>& lines) {
  std::string out = "scen,N,deadline_min,policy,cost,cost_se,miss,dup,sync,flex,job_gt1pct_late,batches,cancels,regret\n";
  for (const Compared& l : lines) {
    const Figures& f = l.figures;
    char text[320];
    std::snprintf(text, sizeof text, "%s,%lld,%g,%s,%.5f,%.5f,%.5f,%.5f,%.5f,%.5f,%.5f,%.5f,%.5f,%.5f\n",
                  std::string(name_of(l.cell.kind)).c_str(), static_cast<long long>(l.cell.items), l.cell.deadline,
                  std::string(name_of(l.cell.policy)).c_str(), f.cost, f.cost_se, f.late, f.billed_twice, f.live, f.flex, f.late_jobs,
                  f.batches, f.cancels, l.regret);
    out += text;
  }
  return out;
}

Result<int> write_csv(const Shell& shell, const std::string& text) {
  if (shell.in.simulate.csv == "-") return shell.print(text) ? 0 : 1;
  OutputFile file = TRY(OutputFile::create(shell.in.simulate.csv));
  CHECKED(file.write(text));
  CHECKED(file.publish());
  return 0;
}

Result<int> cells(const Shell& shell) {
  const SimulateFlags& f = shell.in.simulate;
  const Cell cell = TRY(cell_of(shell));
  const auto wanted = TRY(policies_of(f.policy));
  const auto lines = f.grid ? compare_grid(cell, wanted) : compare(cell, wanted);
  if (!f.csv.empty()) TRY(write_csv(shell, csv(lines)));
  auto object = good_answer();
  wire::Json of_policies;
  const std::string summed = f.grid ? means(lines, of_policies) : std::string();
  if (!f.grid && lines.size() == 1) {
    object.update(json_of(lines.front()));
  } else {
    object["cells"] = wire::Json::array();
    for (const Compared& l : lines) object["cells"].push_back(json_of(l));
    if (f.grid) object["policies"] = std::move(of_policies);
  }
  if (f.csv != "-" && !shell.in.common.json) {
    shell.print(table(lines, f.grid));
    if (f.grid) shell.print("\nfeasible cells, means\n" + summed);
  }
  shell.answer(object);
  return 0;
}

Result<std::string> whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return fail(no_value("--reference", path, "the file cannot be read", "--reference grid_summary.csv"));
  return text;
}

// The whole grid and the trials that have a goal, each goal beside what was seen. Exit 1 where one is missed.
Result<int> gates(const Shell& shell) {
  const SimulateFlags& f = shell.in.simulate;
  const Cell cell = TRY(cell_of(shell));
  const std::string reference = f.reference.empty() ? std::string() : TRY(whole_file(f.reference));
  const auto lines = compare_grid(cell, policies);
  if (!f.csv.empty()) TRY(write_csv(shell, csv(lines)));
  auto all = gates_of_grid(lines);
  const auto add = [&](std::vector<Gate> more) { std::move(more.begin(), more.end(), std::back_inserter(all)); };
  add(gates_of_trials(static_cast<int>(std::min<int64_t>(f.days, 100)), cell.seed));
  add(gates_of_reference(lines, reference));
  auto object = good_answer();
  object["gates"] = wire::Json::array();
  for (const Gate& g : all)
    object["gates"].push_back({{"gate", g.what}, {"at_most", g.goal}, {"seen", g.seen}, {"kept", g.kept()}, {"where", g.where}});
  if (f.csv != "-" && !shell.in.common.json) shell.print(shown(all));
  shell.answer(object);
  return kept(all) ? 0 : 1;
}

Result<int> trials(const Shell& shell) {
  const SimulateFlags& f = shell.in.simulate;
  std::vector<Row> rows;
  for (const std::string_view name : trial_names) {
    if (f.trial != "all" && f.trial != name) continue;
    const auto more = run_trial(name, static_cast<int>(std::min<int64_t>(f.days, 100)), shell.in.world.seed);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  if (rows.empty())
    return fail(no_value("--trial", f.trial, "it is multijob, frozen, half-speed, quota, shift, reroute, windows, tenants, chain, crash "
                         "or all", "--trial frozen"));
  std::string out = left("TRIAL", 11) + left("WHAT", 54) + right("COST", 8) + right("LATE", 11) + right("TWICE", 10) + '\n';
  auto object = good_answer();
  object["trials"] = wire::Json::array();
  for (const Row& r : rows) {
    out += left(r.trial, 11) + left(r.what, 54) + right(r.cost > 0 ? number("%.4f", r.cost) : "-", 8) +
           right(number("%.4f %%", 100 * r.late), 11) + right(number("%.3f %%", 100 * r.billed_twice), 10) +
           (r.kept() ? "\n" : "  above " + number("%.2f %%", 100 * r.wanted_late) + '\n');
    object["trials"].push_back({{"trial", r.trial}, {"what", r.what}, {"cost", r.cost}, {"late", r.late}, {"late_jobs", r.late_jobs},
                                {"billed_twice", r.billed_twice}, {"kept", r.kept()}});
  }
  if (!shell.in.common.json) shell.print(out);
  shell.answer(object);
  return 0;
}

Result<int> traced(const Shell& shell) {
  Cell cell = TRY(cell_of(shell));
  cell.policy = TRY(policies_of(shell.in.simulate.policy.empty() ? "ladder" : shell.in.simulate.policy)).front();
  if (cell.policy != Policy::ladder && cell.policy != Policy::ladder_safe && cell.policy != Policy::ladder_flex)
    return fail(no_value("--policy", shell.in.simulate.policy, "only the planner's own policies can be traced", "--policy ladder"));
  std::string out = "minute,done,done_live,in_batches,cancelling,open,live,minutes_until_drain\n";
  auto object = good_answer();
  object["moments"] = wire::Json::array();
  for (const Moment& m : trace(cell, static_cast<int>(shell.in.simulate.trace))) {
    char text[200];
    std::snprintf(text, sizeof text, "%.3f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.2f\n", m.minute, m.at.done, m.at.done_live, m.at.in_batches,
                  m.at.cancelling, m.at.open, m.at.live, m.at.wait);
    out += text;
    object["moments"].push_back({{"minute", m.minute}, {"done", m.at.done}, {"done_live", m.at.done_live}, {"in_batches", m.at.in_batches},
                                 {"cancelling", m.at.cancelling}, {"open", m.at.open}, {"live", m.at.live},
                                 {"minutes_until_drain", m.at.wait}});
  }
  if (!shell.in.common.json) shell.print(out);
  shell.answer(object);
  return 0;
}

}  // namespace

int simulate_command(const Shell& shell) {
  const SimulateFlags& f = shell.in.simulate;
  const auto ended = f.trace >= 0 ? traced(shell) : f.gates ? gates(shell) : f.trial.empty() ? cells(shell) : trials(shell);
  return ended ? *ended : shell.refuse(ended.error());
}

}  // namespace twolane::app
