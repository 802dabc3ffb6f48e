// twolane audit --before EXPORT... --after EXPORT...: two periods of a provider's exports side by side.
#pragma once

#include <optional>
#include <string>

#include "app/shell.h"
#include "audit/invoices.h"

namespace twolane::app {

// Reads the exports, compares, prints. Errors: those of reading files, audit.invoices, audit.promised, usage.*.
Result<int> compare_bills(const Shell& shell);

// What the terminal says of it. `promised`: a month's saving, where an earlier audit told one.
std::string bills_text(const audit::Comparison& c, const std::optional<PicoUsd>& promised);

}  // namespace twolane::app
