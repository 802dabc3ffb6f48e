// twolane results JOB: the answers so far, also of a running job.
#include "app/commands.h"
#include "app/job_source.h"
#include "app/output_file.h"
#include "app/summary.h"

namespace twolane::app {
namespace {

Status to_file(JobSource& source, const Job& job, const std::string& path) {
  auto file = TRY(OutputFile::create(path));
  CHECKED(source.results(job, [&file](std::string_view bytes) { return file.write(bytes); }));
  return file.publish();
}

Status to_stdout(JobSource& source, const Job& job, const Shell& shell) {
  return source.results(job, [&shell](std::string_view bytes) -> Status {
    if (shell.print(bytes)) return {};
    return fail("output.closed", "nobody reads the results any more", "stdout was closed");
  });
}

}  // namespace

int results_command(const Shell& shell) {
  const auto results = [&shell]() -> Result<int> {
    const auto source = TRY(job_source(shell));
    const Job job = TRY(source->show(shell.in.job.job)).job;
    const std::string& path = shell.in.job.output;
    if (!path.empty()) CHECKED(to_file(*source, job, path));
    else if (!shell.in.common.json) CHECKED(to_stdout(*source, job, shell));
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
