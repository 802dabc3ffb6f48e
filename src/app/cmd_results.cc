// twolane results JOB: the answers so far, also of a running job.
#include "app/commands.h"
#include "app/config.h"
#include "app/finish.h"
#include "app/find.h"
#include "patient/output.h"

namespace twolane::app {

int results_command(const Shell& shell) {
  const auto results = [&shell]() -> Result<int> {
    const auto config = TRY(load_config(shell.in.common.config));
    const auto home = TRY(store::Home::beside(home_directory(shell.in.common.home, config)));
    const Job job = TRY(find_job(home->store(), shell.in.job.job));
    const std::string& path = shell.in.job.output;
    if (!path.empty()) {
      CHECKED(write_output_file(*home, job, path, true));
    } else if (!shell.in.common.json) {
      CHECKED(patient::write_output(home->store(), home->payloads(), job, true, [&](std::string_view bytes) -> Status {
        if (shell.print(bytes)) return {};
        return fail("output.closed", "nobody reads the results any more", "stdout was closed");
      }));
    }
    auto object = good_answer();
    object.update(job_json(job, job.finished));
    object["output"] = path.empty() ? wire::Json(nullptr) : wire::Json(path);
    object["error"] = nullptr;
    shell.answer(object);
    return 0;
  };
  const auto done = results();
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app
