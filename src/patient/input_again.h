// Single places of an input, read again: for messages, and to compare what looked alike.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace twolane::patient {

// Error input.file, also when the file does not reach that far any more.
Result<std::string> read_again(const std::string& path, int64_t offset, int64_t length);

}  // namespace twolane::patient
