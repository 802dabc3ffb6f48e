#include "app/cli_simulate.h"

#include <CLI/CLI.hpp>

namespace twolane::app {

void declare_simulate(CLI::App* c, SimulateFlags& f) {
  c->add_option("--scenario", f.scenario, "calm, busy, outage, regime or field")->type_name("NAME");
  c->add_option("--deadline", f.deadline, "of each job: 30m, 6h, 2d")->type_name("SPAN");
  c->add_option("--items", f.items, "requests of each job")->type_name("N")->check(CLI::Range(1, 10'000'000));
  c->add_option("--policy", f.policy, "all-sync, batch, rule-24h, watchdog, ladder, ladder-flex, ladder-safe or oracle "
                "(default: all of them)")->type_name("NAME");
  c->add_option("--days", f.days, "one job a day")->type_name("N")->check(CLI::Range(1, 100'000));
  c->add_option("--seeds", f.seeds, "so many runs, from --seed on (default: 1, with --gates 3)")->type_name("N")->check(CLI::Range(1, 1000));
  c->add_flag("--grid", f.grid, "5 scenarios, 3 sizes, 6 deadlines");
  c->add_flag("--gates", f.gates, "the grid and two trials against the goals that docs/planner.md names; exit 1 where one is missed");
  c->add_option("--reference", f.reference, "grid_summary.csv of the study: with --gates, simple policies are held against it")
      ->type_name("FILE");
  c->add_option("--csv", f.csv, "the figures as CSV; - is stdout")->type_name("FILE");
  c->add_option("--trial", f.trial, "multijob, frozen, half-speed, quota, shift, reroute, windows, tenants, chain, crash, or all")
      ->type_name("NAME");
  c->add_option("--trace", f.trace, "one day of one policy, moment by moment")->type_name("DAY")->check(CLI::Range(0, 100'000));
}

}  // namespace twolane::app
