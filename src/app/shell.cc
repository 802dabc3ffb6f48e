// What every command has.
#include "app/shell.h"

#include <unistd.h>

#include "app/display.h"
#include "app/errors_shown.h"

namespace twolane::app {

bool Shell::print(std::string_view text) const { return write_all(STDOUT_FILENO, text); }

void Shell::answer(const wire::Json& object) const {
  if (in.common.json) print(wire::dump(object) + '\n');
}

int Shell::refuse(const Error& error, bool nothing_bought) const {
  write_all(STDERR_FILENO, shown(error, nothing_bought));
  answer(failure_object(error, 2));
  return 2;
}

void Shell::remark(std::string_view text) const {
  if (!in.common.quiet) write_all(STDERR_FILENO, text);
}

wire::Json good_answer() { return {{"schema", 1}, {"ok", true}, {"exit", 0}}; }

}  // namespace twolane::app
