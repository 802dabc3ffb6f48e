// Where the simulator's state lies: blobs (uploaded files, results), a journal of effects, and the
// ledger.
//
// Crash model: the process dies at any instruction; what write() took is there afterwards. A charge
// counts once the journal record that follows it is complete: the record holds the ledger's length,
// and opening cuts off whatever lies behind the last complete record. Two implementations: a
// directory, and memory. Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/http.h"

namespace twolane::sim {

class Blob {  // open for appending
 public:
  virtual ~Blob() = default;
  virtual Status append(std::string_view bytes) = 0;
  virtual int64_t size() const = 0;
};

using Source = std::shared_ptr<const wire::ByteSource>;

class Storage {
 public:
  // Empty: in memory. Errors: sim.storage.
  static Result<std::unique_ptr<Storage>> open(const std::string& directory);
  virtual ~Storage() = default;

  virtual Result<std::unique_ptr<Blob>> create(
      std::string_view name) = 0;  // an existing one is emptied
  virtual Result<std::unique_ptr<Blob>> extend(std::string_view name,
                                               int64_t size) = 0;  // cut to `size`
  virtual Result<Source> read(std::string_view name) = 0;
  virtual void remove(std::string_view name) = 0;

  // Lines of the ledger. They count with the next commit().
  virtual Status charge(std::string_view lines) = 0;
  virtual Result<Source> ledger() = 0;
  // The effect that `record` (one JSON value) describes has happened.
  virtual Status commit(std::string_view record) = 0;
  // The records found when it was opened, in order; they are handed over once.
  virtual std::vector<std::string> take_records() = 0;
};

}  // namespace twolane::sim
