// Files as the store uses them, so that a simulated disk can stand in for the real one.
//
// Two implementations: store::posix_disk() and sim::FaultyDisk, which forgets or tears what was not
// synced. Paths are relative to the home, with '/' between parts. Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace twolane::store {

// Thrown by disks of tests to say "the process dies here". It passes through every function of this
// room as an exception, also through SQLite, and leaves nothing locked; no real disk throws it.
struct Crash {};

class File {
 public:
  virtual ~File() = default;
  // Up to `length` bytes; fewer only at the end of the file.
  virtual Result<size_t> read(int64_t offset, char* to, size_t length) = 0;
  virtual Status write(int64_t offset, std::string_view bytes) = 0;
  virtual Status truncate(int64_t size) = 0;
  virtual Status sync() = 0;  // the file's bytes and size are durable when it returns ok
  virtual Result<int64_t> size() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;
  enum class Mode { read, create };  // create: read and write, made if absent
  virtual Result<std::unique_ptr<File>> open(std::string_view path, Mode mode) = 0;
  virtual Result<bool> exists(std::string_view path) = 0;
  virtual Status remove(std::string_view path) = 0;  // an absent file: ok
  virtual Status rename(std::string_view from, std::string_view to) = 0;
  virtual Status make_directory(std::string_view path) = 0;  // an existing one: ok
  virtual Status sync_directory(std::string_view path) = 0;  // names in it are durable
  virtual Result<std::vector<std::string>> list(std::string_view directory) = 0;  // names, sorted
};

}  // namespace twolane::store
