// cancel, retry, pause, resume, promote, deadline and forget, asked of a running server.
#include "app/commands.h"
#include "app/config.h"
#include "app/server_jobs.h"
#include "app/summary.h"
#include "app/verbs.h"

namespace twolane::app {
namespace {

// What the verb is about, as a query.
Result<std::string> argument(const Shell& shell, const JobView& view) {
  const JobFlags& flags = shell.in.job;
  if (shell.in.verb == Verb::deadline) {
    const auto at = TRY(parse_deadline(flags.by, flags.within, view.now, shell.zone));
    return "by=" + wire::percent_encoded(rfc3339(*at)) + (flags.best_effort ? "&best_effort=true" : "");
  }
  const bool one = shell.in.verb != Verb::cancel && !flags.requests.empty();
  return one ? "request=" + wire::percent_encoded(flags.requests.front()) : std::string();
}

// Which requests are to be cancelled; null: all.
wire::Json some_requests(const Shell& shell) {
  const JobFlags& flags = shell.in.job;
  wire::Json some;
  if (shell.in.verb != Verb::cancel) return some;
  if (!flags.requests.empty()) some["custom_ids"] = flags.requests;
  if (!flags.rows.empty()) some["rows"] = flags.rows;
  return some;
}

Result<int> ask(const Shell& shell) {
  CHECKED(load_config(shell.in.common.config));
  const auto server = TRY(ServerJobs::open(server_of(shell)));
  const JobView before = TRY(server->show(shell.in.job.job));
  const std::string verb(verb_of(shell.in.verb)), name = short_name(before.job.id);
  const std::string query = TRY(argument(shell, before));
  const JobView after = TRY(server->ask(verb, before.job.id.hex(), query, some_requests(shell)));
  auto object = good_answer();
  if (shell.in.verb == Verb::forget) {
    shell.remark("job " + name + " is forgotten: its requests and answers are gone\n");
    object["job"] = after.job.id.hex();
    object["left_word"] = false;
  } else {
    std::string said = "job " + name + ": the server was asked to " + std::string(asked_to(shell.in.verb)) + '\n';
    if (after.promise && after.job.kept) said += promise_text(*after.promise, after.now, shell.zone);
    shell.remark(said + "next  twolane show " + name + server->flag() + '\n');
    object.update(job_json(after.job, after.job.deadline));
    object["left_word"] = true;
    object["promise"] = patient::promise_json(after.promise);
  }
  object["error"] = nullptr;
  shell.answer(object);
  return 0;
}

}  // namespace

int amend_on_server(const Shell& shell) {
  const auto done = ask(shell);
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app
