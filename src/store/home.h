// A home: the directory that holds the store and the payloads, owned by one process at a time.
//
// Layout: lock (who owns it), twolane.db (the store), payloads/. Others may keep directories of
// their own beside these. Made with 0700, its files 0600. Threads: one at a time.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "store/payloads.h"
#include "store/posix_disk.h"
#include "store/store.h"

namespace twolane::store {

class Home {
 public:
  // As its owner, for as long as the object lives. Makes what is missing, migrates an older store,
  // and removes payload files that no row names: leftovers of a crash. Errors: home.busy (names the
  // process), and those of open_sqlite().
  static Result<std::unique_ptr<Home>> open(const std::string& directory);

  // Beside its owner, or without one: to read, and to leave words.
  // Errors: store.absent (nothing was ever accepted here), and those of open_sqlite_beside().
  static Result<std::unique_ptr<Home>> beside(const std::string& directory);

  ~Home();

  const std::string& directory() const { return directory_; }
  bool owned() const { return lock_ >= 0; }
  Disk& disk() { return *disk_; }
  Payloads& payloads() { return payloads_; }
  Store& store() { return *store_; }

  // The rows and then the payload files of a job. Errors: store.active, store.unknown_job.
  Status forget(JobId job);
  // Forgets jobs that finished longer ago than `retention`. Returns how many.
  Result<int64_t> sweep(Time now, Duration retention);

 private:
  Home(std::string directory, std::unique_ptr<Disk> disk);
  Status take_lock();
  Status remove_leftovers();

  std::string directory_;
  int lock_ = -1;  // a descriptor; the lock ends with it
  std::unique_ptr<Disk> disk_;
  Payloads payloads_;
  std::unique_ptr<Store> store_;
};

}  // namespace twolane::store
