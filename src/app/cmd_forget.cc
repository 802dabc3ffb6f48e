// twolane forget JOB: its rows and payloads leave the home; its ledger lines stay.
#include "app/commands.h"
#include "app/config.h"
#include "app/find.h"
#include "app/job_source.h"
#include "app/summary.h"

namespace twolane::app {

int forget_command(const Shell& shell) {
  if (!server_of(shell).empty()) return amend_on_server(shell);
  const auto forget = [&shell]() -> Result<int> {
    const auto config = TRY(load_config(shell.in.common.config));
    const auto home = TRY(own_or_look(home_directory(shell.in.common.home, config)));
    const Job job = TRY(find_job(home->store(), shell.in.job.job));
    if (home->owned()) CHECKED(home->forget(job.id));
    else CHECKED(home->store().leave_word({0, job.id, "forget", ""}));
    const std::string name = "job " + short_name(job.id);
    shell.remark(home->owned() ? name + " is forgotten: its requests and answers are gone\n"
                              : name + ": the process that owns the home was asked to forget it\n");
    auto object = good_answer();
    object["job"] = job.id.hex();
    object["left_word"] = !home->owned();
    object["error"] = nullptr;
    shell.answer(object);
    return 0;
  };
  const auto done = forget();
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app
