// What is said of a flag's value that cannot be used: code usage.value.
#pragma once

#include <string>

#include "base/result.h"

namespace twolane::app {

Error usage_error(std::string flag, std::string message, std::string why, std::string next);

// "TEXT" is no value for FLAG.
Error no_value(const std::string& flag, const std::string& text, std::string why, std::string next);

}  // namespace twolane::app
