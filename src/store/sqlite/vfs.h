// SQLite's way to files, over any store::Disk: how the database gets onto a simulated disk.
//
// One SQLite VFS is registered for each object, under a name of its own, and unregistered with it.
// There is no shared memory, so connections must use locking_mode=EXCLUSIVE. Its time and
// randomness are constants, so that a seeded run repeats. Threads: one at a time.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>

#include "store/disk.h"

namespace twolane::store::sqlite {

class DiskVfs {
 public:
  explicit DiskVfs(Disk& disk);
  ~DiskVfs();
  DiskVfs(const DiskVfs&) = delete;
  DiskVfs& operator=(const DiskVfs&) = delete;

  const char* name() const { return name_.c_str(); }
  // Throws the Crash that a disk threw below SQLite, through whose frames it could not pass. From
  // that moment on the disk is not touched any more.
  void rethrow() const {
    if (crashed_) throw Crash{};
  }
  // The first failure of the disk since the last call, if there was one.
  std::optional<Error> take_trouble() { return std::exchange(trouble_, std::nullopt); }

  // Runs `act` (returning a Status) on the disk; false when it failed, threw, or may not run.
  template <class Act>
  bool on_disk(Act act) {
    if (crashed_) return false;
    try {
      Status done = act();
      if (!done && !trouble_) trouble_ = std::move(done).error();
      return done.has_value();
    } catch (const Crash&) {
      crashed_ = true;
      return false;
    }
  }
  Disk& disk() { return disk_; }

 private:
  Disk& disk_;
  std::string name_;
  sqlite3_vfs vfs_{};
  bool crashed_ = false;
  std::optional<Error> trouble_;
};

}  // namespace twolane::store::sqlite
