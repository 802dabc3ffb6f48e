// From the command line to a command.
#include <unistd.h>

#include <exception>
#include <span>

#include "app/commands.h"
#include "app/display.h"
#include "app/errors_shown.h"

namespace twolane::app {
namespace {

int dispatch(const Shell& shell) {
  switch (shell.in.verb) {
    case Verb::help: shell.print(shell.in.text); return 0;
    case Verb::version: return version_command(shell);
    case Verb::config_check: return config_check_command(shell);
    case Verb::run: return run_command(shell);
    case Verb::sim: return sim_command(shell);
    case Verb::serve: return serve_command(shell);
    case Verb::keys_create:
    case Verb::keys_list:
    case Verb::keys_revoke: return keys_command(shell);
    case Verb::jobs: return jobs_command(shell);
    case Verb::show: return show_command(shell);
    case Verb::results: return results_command(shell);
    case Verb::audit: return audit_command(shell);
    case Verb::simulate: return simulate_command(shell);
    case Verb::lanes: return lanes_command(shell);
    case Verb::quote: return quote_command(shell);
    case Verb::ledger: return ledger_command(shell);
    case Verb::reconcile: return reconcile_command(shell);
    case Verb::price:
    case Verb::price_import: return price_command(shell);
    case Verb::forget: return forget_command(shell);
    default: return amend_command(shell);
  }
}

int refuse(const Error& error, bool json) {
  write_all(STDERR_FILENO, shown(error));
  if (json) write_all(STDOUT_FILENO, wire::dump(failure_object(error, 2)) + '\n');
  return 2;
}

}  // namespace

int twolane_main(int count, const char* const* arguments) {
  const std::span<const char* const> words(arguments, static_cast<size_t>(count));
  const bool json = wants_json(words);
  try {
    const auto in = parse_command_line(words);
    if (!in) return refuse(in.error(), json);
    return dispatch(Shell{*in});
  } catch (const std::exception& e) {  // out of memory, or a defect: say so instead of aborting
    Error error;
    error.code = "internal.exception";
    error.message = e.what();
    error.why = "this is a defect of twolane, or memory is full; what was committed is safe";
    error.next = {"run it again, and report what was printed"};
    return refuse(error, json);
  }
}

}  // namespace twolane::app
