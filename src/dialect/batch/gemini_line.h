// Gemini's results: one line of a file, or one inline result as a line.
#pragma once

#include <string_view>

#include "dialect/batch_api.h"

namespace twolane::dialect::batch {

// As BatchApi::read_line.
Result<ResultLine> read_gemini_line(Endpoint endpoint, std::string_view line);
// Whether the line says which request it answers.
bool has_key(std::string_view line);

// A google.rpc.Status object: {"code","message","details"}, of which all but the code may be
// missing.
Refusal refusal_of_status_object(std::string_view json);
// Whether it says that the work was cancelled: code 1, or the 13 that is sent in its place.
bool is_cancelled(std::string_view json);

}  // namespace twolane::dialect::batch
