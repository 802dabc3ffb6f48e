// Small files, read whole and replaced whole: after a crash there is the old content or the new.
//
// For what is kept beside the database. Errors: the operating system's, for the caller to say what they
// mean. Threads: any, on different paths.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace twolane::store {

// Everything written to it, by whomever; of a directory, the names in it.
std::error_code sync_path(const std::string& path);
// Of a file that was made or renamed: its name.
std::error_code sync_directory_of(const std::string& path);
// In place of PATH, through PATH.new, readable by its owner only. What an earlier crash left of PATH.new
// is written over.
std::error_code replace_durably(const std::string& path, std::string_view text);
// A file's bytes.
std::error_code read_whole(const std::string& path, std::string& text);

}  // namespace twolane::store
