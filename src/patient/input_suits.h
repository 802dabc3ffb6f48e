// Whether what a command says of requests goes with the format of its input.
#pragma once

#include <string>

#include "base/result.h"
#include "patient/request_text.h"

namespace twolane::patient {

// What is wrong with an input as a whole; its place is added by intake.
Error input_error(std::string code, std::string message, std::string why, std::string next);

// Prompts are for rows, and rows need a prompt that names their columns, and a model. Errors input.format,
// input.model, input.column.
Status suits_format(const InputOptions& options);

}  // namespace twolane::patient
