#include <cstdio>
#include <cstring>
#include <chrono>
#include "trial/trials.h"
#include <cctype>
using namespace twolane::trial;
int main(int n, char** a) {
  if (n > 1 && !isdigit(a[1][0])) {
    for (const Row& r : run_trial(a[1], n > 2 ? atoi(a[2]) : 100, n > 3 ? atoi(a[3]) : 1))
      printf("%-10s %-50s cost %.4f late %.4f%% jobs %.3f twice %.4f%% %s\n", r.trial.c_str(), r.what.c_str(), r.cost, 100 * r.late, r.late_jobs, 100 * r.billed_twice, r.kept() ? "" : "MISSED");
    return 0;
  }
  int days = n > 1 ? atoi(a[1]) : 100; int seeds = n > 2 ? atoi(a[2]) : 1;
  printf("scen,N,deadline_min,policy,cost,cost_se,miss,dup,sync,flex,job_gt1pct_late,batches,cancels,us_per_job,decisions\n");
  for (Policy p : policies) {
    if (n > 3 && !strstr(a[3], std::string(name_of(p)).c_str())) continue;
    for (Kind k : kinds) for (auto items : grid_items) for (double d : grid_deadlines) {
      if (n > 5 && items != atoi(a[5])) continue; if (n > 6 && d != atof(a[6])) continue; if (n > 4 && !strstr(a[4], std::string(name_of(k)).c_str())) continue;
      auto t0 = std::chrono::steady_clock::now();
      Cell c{k, items, d, p, days, 1, seeds, {}};
      Figures f = run(c);
      double us = std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count() * 1e6 / (days * seeds);
      printf("%s,%ld,%g,%s,%.5f,%.5f,%.5f,%.5f,%.5f,%.5f,%.5f,%.3f,%.3f,%.1f,%.1f\n", std::string(name_of(k)).c_str(), (long)items, d, std::string(name_of(p)).c_str(),
        f.cost, f.cost_se, f.late, f.billed_twice, f.live, f.flex, f.late_jobs, f.batches, f.cancels, us, (double)f.decisions / f.jobs);
      fflush(stdout);
    }
  }
}
