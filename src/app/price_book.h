// Which price book this process uses: --book, then `price_book` of the configuration, then the one
// compiled in.
#pragma once

#include <string>

#include "base/result.h"

namespace twolane::app {

// Reads the file and puts it into use for the whole process; nothing for an empty name. Call it
// before anything is priced. `from` names the flag or key for the error. Errors: config.file,
// book.*.
Status use_price_book(const std::string& file, std::string_view from);

}  // namespace twolane::app
