// A quote as text for people and as members of the JSON object for machines.
//
// Pure. Text: 80 columns, amounts rounded; JSON: exact decimal strings.
#pragma once

#include <string>
#include <vector>

#include "patient/quote.h"
#include "wire/json.h"

namespace twolane::app {

std::string quote_text(const std::vector<patient::QuotedChoice>& choices);
wire::Json quote_json(const std::vector<patient::QuotedChoice>& choices);

}  // namespace twolane::app
