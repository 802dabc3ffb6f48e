// What run and quote share: the flags that say which requests there are, as intake's options.
#pragma once

#include "app/cli.h"
#include "base/result.h"
#include "patient/intake.h"

namespace twolane::app {

// Reads the files that flags name. Errors: config.file, usage.schema, input.model.
Result<patient::IntakeOptions> read_input_flags(const RunFlags& flags);

}  // namespace twolane::app
