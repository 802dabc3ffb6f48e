// What a person knows better: verdicts for callers, in a small file that a later run reads.
//
//   # who can say so, and why
//   can-wait 6h    key=ci route=embed
//   interactive    key="web app" prompt=triage
//   cannot-tell    user=u7
//   can-wait 1h    all
//
// A line is a verdict and the names it holds for; a name that is left out matches any. Names are key,
// team, user, route, prompt and client, quoted where they hold spaces (\" and \\ within quotes). The last
// line that matches counts. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/finding.h"
#include "base/result.h"

namespace twolane::audit {

struct Overrule {
  Verdict verdict = Verdict::interactive;
  Duration tolerates;  // of can-wait
  std::optional<std::string> key, team, user, route, family, client;
  int64_t line = 0;
  bool matches(const CallerName& name) const;
};

// Error audit.overrules with file and line: nothing of the file holds.
Result<std::vector<Overrule>> parse_overrules(std::string_view text, std::string_view file);

// Applies the last that matches.
void overrule(Finding& finding, const CallerName& name, const std::vector<Overrule>& overrules);

// The line that would set this caller to the verdict; "can-wait 6h key=ci".
std::string overrule_line(std::string_view verdict, const CallerName& name);

}  // namespace twolane::audit
