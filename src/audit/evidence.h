// The table of evidence rules: what each looks at, what it weighs and how it says so.
//
// Pure. A rule that lacks its data returns 0 and no words.
#pragma once

#include <span>
#include <string_view>

#include "audit/finding.h"

namespace twolane::audit {

struct Seen {
  const Profile& caller;
  const Settings& settings;
  Schedule schedule;
};

struct EvidenceRule {
  std::string_view name;
  std::string_view looks_at;  // for docs/audit.md
  Evidence (*weigh)(const Seen&);
};

std::span<const EvidenceRule> evidence_rules();

}  // namespace twolane::audit
