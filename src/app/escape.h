// Text from models, providers and files, made safe to show on a terminal.
//
// Pure. Whatever could move a cursor, change a title, reorder or hide text is written out as \x1b or
// \u202E. Files keep exact bytes; only what is shown goes through here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace twolane::app {

// Control characters, bidirectional and zero-width marks and bytes that are not UTF-8 appear as escapes.
// The result has no line breaks.
std::string escaped(std::string_view text);

// The same in at most `columns` terminal columns; what is cut off shows as "...".
std::string escaped(std::string_view text, size_t columns);

// Terminal columns that already escaped text takes (wide characters count two, combining ones none).
size_t columns_of(std::string_view text);

// The longest beginning of escaped text that fits, without breaking a character.
std::string_view cut_to(std::string_view text, size_t columns);

}  // namespace twolane::app
