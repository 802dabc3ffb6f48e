// Opening the embedded store.
#pragma once

#include <memory>
#include <string>

#include "store/disk.h"
#include "store/store.h"

namespace twolane::store {

// The store of the process that owns it (see store/home.h), made or migrated as needed. WAL, every
// commit durable (synchronous=FULL), its cache bounded by 8 MB. Errors: store.newer,
// store.foreign, store.busy, store.corrupt, store.io.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path);

// The same store beside its owner: for reading and for leave_word(); other changes are refused with
// store.busy. Errors: also store.absent (nothing there yet), store.older (to be migrated by an
// owner).
Result<std::unique_ptr<Store>> open_sqlite_beside(const std::string& path);

// The owner's store on a simulated disk, which must outlive it. A Crash thrown by the disk comes
// out of the function that was called; the store is of no use after it. Closing it writes nothing.
Result<std::unique_ptr<Store>> open_sqlite(Disk& disk, const std::string& path);

}  // namespace twolane::store
