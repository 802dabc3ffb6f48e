// The end of a driven job.
#include "app/finish.h"

#include "app/ending_facts.h"
#include "app/errors_shown.h"
#include "app/output_file.h"
#include "patient/output.h"

namespace twolane::app {
namespace {

Status add_facts(Ending& e, store::Home& home, Driver& driver) {
  e.causes = TRY(patient::causes_of(home.store(), e.job));
  const auto forecast = driver.engine().forecast(e.job.id);
  e.promise = forecast.promise;
  e.miss = forecast.miss;
  if (e.interrupted) {
    e.running = TRY(still_running(home.store(), e.job));
    e.takeover = forecast.takeover;
  }
  if (e.error && e.error->code == "money.cap") {
    const auto needed = TRY(cap_needed(home.store(), e.job));
    e.enough_cap = needed.all;
    e.next_request = needed.next_request;
  }
  return {};
}

}  // namespace

std::string output_fact(JobId job) { return "out." + job.hex(); }
std::string bound_fact(JobId job) { return "bound." + job.hex(); }

Status write_output_file(store::Home& home, const Job& job, const std::string& path, bool only_final) {
  auto file = TRY(OutputFile::create(path));
  CHECKED(patient::write_output(home.store(), home.payloads(), job, only_final,
                                [&file](std::string_view bytes) { return file.write(bytes); }));
  return file.publish();
}

int finish(const Shell& shell, store::Home& home, Driver& driver, RunWorld& world, Display& display, Watcher& watcher,
           const Driven& driven, const Finishing& finishing) {
  Ending e;
  e.input = finishing.input;
  e.interrupted = driven.interrupted;
  e.error = driven.error;
  e.sampled = finishing.sampled;
  const auto job = watcher.job();
  if (!job) return shell.refuse(job.error());
  e.job = *job;
  e.now = world.shown_now();
  if (e.job.totals.unfinished() == 0 && !e.error && !finishing.output.empty()) {
    if (const auto written = write_output_file(home, e.job, finishing.output, false); !written)
      e.error = written.error();
    else e.output = finishing.output;
  }
  if (const auto facts = add_facts(e, home, driver); !facts && !e.error) e.error = facts.error();
  if (const auto snapshot = watcher.look(&driver.engine(), e.now)) display.finish(*snapshot);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - finishing.began;
  e.elapsed_s = static_cast<double>(static_cast<int64_t>(elapsed.count() * 1000)) / 1000;
  const int exit = exit_code(e);
  if (exit == 2) display.warn(shown(*e.error));
  else if (!e.sampled || exit != 0) display.tell(ending_text(e, shell.zone));
  shell.answer(ending_json(e));
  return exit;
}

}  // namespace twolane::app
