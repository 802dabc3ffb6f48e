// The bytes of an input file, read once for three takers: the checker, a hash, and the durable
// copy.
//
// A thread reads large blocks, a second one hashes them, a third one writes them to the copy, past the
// page cache where the file system allows it, and makes them durable. The caller sees the blocks in
// order. Memory: a fixed ring of blocks. Threads: one caller. Errors: input.file (the input cannot
// be read), store.io (the copy cannot be written).
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

namespace twolane::patient {

using Sha256 = std::array<uint8_t, 32>;

class InputPump {
 public:
  static constexpr size_t block_bytes = 1 << 20;
  static constexpr size_t padding = 4096;  // readable bytes after one, zero after the last

  // `copy_to` is the path of the copy, or empty for none; a file there is overwritten. `sealed`: the
  // input never changes, so that the copy may be the same file by another name, where the file system
  // can do that.
  static Result<std::unique_ptr<InputPump>> open(const std::string& path, const std::string& copy_to,
                                                 bool sealed = false);
  ~InputPump();  // a copy that was not kept is removed

  // The next block, valid until the next call; empty at the end of the file.
  Result<std::string_view> next();

  // The hash of the whole file; call after next() has come to the end.
  Sha256 digest() const { return digest_; }
  int64_t bytes() const { return bytes_; }

  // Waits until the copy is complete and durable, its name in the directory included.
  Status sync_copy();
  // The copy outlives this object.
  void keep_copy() { kept_ = true; }

 private:
  struct Slot {
    std::unique_ptr<char, decltype(&std::free)> memory{nullptr, &std::free};
    size_t size = 0;
    int64_t offset = 0;
    int users = 0;
    char* data() const { return memory.get(); }
  };

  InputPump() = default;
  Status prepare(const std::string& path, const std::string& copy_to, bool sealed);
  Status make_copy(const std::string& copy_to, int64_t size);
  void read_all();
  void hash_all();
  void write_all();
  void make_durable();
  Slot* take_next(std::deque<Slot*>& queue);
  Status write_block(Slot& slot);
  Slot* free_slot();
  void release(Slot* slot);
  void end_reading(std::optional<Error> error);
  void end_writing(std::optional<Error> error);

  int input_ = -1, copy_ = -1;
  bool direct_ = false;
  bool linked_ = false;  // the copy is the input
  bool kept_ = false;
  std::string path_, copy_path_;
  std::vector<Slot> slots_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Slot*> to_caller_, to_hash_, to_copy_;  // guarded by mutex_, as all below
  bool read_to_end_ = false, hashed_ = false, copied_ = false, stop_ = false;
  std::optional<Error> read_error_, write_error_;

  Slot* held_ = nullptr;  // the caller's
  Sha256 digest_{};
  int64_t bytes_ = 0;
  std::thread reader_, hasher_, writer_;
};

}  // namespace twolane::patient
