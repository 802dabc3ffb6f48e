// From profiles of single users to callers that a person can act on: users of one key and route who behave
// alike are one row, who behaves otherwise is a row of its own.
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "audit/collector.h"
#include "audit/finding.h"
#include "audit/overrules.h"

namespace twolane::audit {

struct Caller {
  Profile profile;
  Finding finding;
  std::vector<std::string> users;  // of several together: their names, at most 1,000
};

// By spend, the dearest first; together with collected.others they hold every call once. Takes the
// profiles out of `collected`.
std::vector<Caller> judge_callers(Collected& collected, const std::vector<Overrule>& overrules);

}  // namespace twolane::audit
