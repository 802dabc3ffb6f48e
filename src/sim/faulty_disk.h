// A disk in memory that loses what was not synced, for crash tests and the seeded world.
//
// Crash model: at crash() every file keeps what was synced and, of the writes after that, nothing,
// a prefix, or any subset, the last ones torn at sectors of 512 bytes; names that were made,
// renamed or removed without sync_directory of their directory may vanish or come back. A rename is
// never half done. What comes out depends on the seed only. Costs nothing per write but a copy of
// the bytes that are overwritten. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/disk.h"

namespace twolane::sim {

class FaultyDisk final : public store::Disk {
 public:
  FaultyDisk();
  ~FaultyDisk() override;

  // Called before every operation ("open", "read", "write", "truncate", "sync", "size", "exists",
  // "remove", "rename", "make_directory", "sync_directory", "list") takes effect. Throwing
  // store::Crash from it is a crash here.
  std::function<void(const char* operation, std::string_view path)> before;
  // True: the operation fails with store.io and has no effect.
  std::function<bool(const char* operation, std::string_view path)> failing;
  // Syncs that only claim to be: the fault that tests must be able to find.
  bool ignore_sync = false;
  // Operations so far, refused ones included.
  int64_t operations() const { return operations_; }

  // Power is lost. Files that are open are of no use afterwards: their operations fail without
  // effect, so that what belonged to the dead process can be destroyed at leisure.
  void crash(uint64_t seed);
  // Bytes in all files, for tests of memory.
  int64_t bytes() const;

  Result<std::unique_ptr<store::File>> open(std::string_view path, Mode mode) override;
  Result<bool> exists(std::string_view path) override;
  Status remove(std::string_view path) override;
  Status rename(std::string_view from, std::string_view to) override;
  Status make_directory(std::string_view path) override;
  Status sync_directory(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view directory) override;

 private:
  struct Node;
  class Handle;
  using NodePtr = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePtr, std::less<>>;
  // One change of names, not yet durable.
  struct NameChange {
    enum class Kind { add, remove, rename } kind;
    std::string path;
    NodePtr node;
    std::string from;  // of a rename
  };

  Status allowed(const char* operation, std::string_view path);
  static void apply(Names& names, const NameChange& change);
  void change(NameChange change);

  Names names_;    // as the process sees them; "" is the root
  Names durable_;  // as a crash would leave them at least
  std::vector<NameChange> changes_;
  uint64_t generation_ = 0;
  int64_t operations_ = 0;
};

}  // namespace twolane::sim
