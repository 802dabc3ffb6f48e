// A Disk over a directory of the file system, readable by its owner only.
#pragma once

#include <memory>
#include <string>

#include "store/disk.h"

namespace twolane::store {

// `root` is made (0700) if it is absent; its parents too. Files are made 0600, directories 0700.
// Errors: store.io, naming the path and the system's reason.
Result<std::unique_ptr<Disk>> posix_disk(const std::string& root);

}  // namespace twolane::store
