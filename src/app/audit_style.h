// The style of the audit's report: one text, for light, dark, narrow pages and paper.
#pragma once

#include <string_view>

namespace twolane::app {

std::string_view audit_style();

}  // namespace twolane::app
