// The audit's report on a terminal: 80 columns, a line for each plane and each move.
//
// Pure. Names from logs are escaped; amounts in one table take the fewest decimals with which they add up.
#pragma once

#include <string>

#include "audit/report.h"

namespace twolane::app {

// `html`: the file that was written, or empty.
std::string audit_text(const audit::Report& report, const std::string& html);

// Shared with the HTML report.
std::string audit_period(const audit::Report& report);   // "2026-06-01 to 2026-06-30", "57 min, no dates"
std::string audit_headline(const audit::Report& report); // "9,319.00 of 18,420.00 USD had nobody waiting; ..."
std::string deadline_words(Duration deadline);           // "6 h", "24 h", "12 min"
std::string late_words(const audit::Move& move);         // "0.12 %", "none", "unknown": of its answers, when replayed

}  // namespace twolane::app
