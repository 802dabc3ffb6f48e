// What clients leave and find again at the doors: files, uploads under way, batches.
//
// HOME/doors/objects holds a small JSON file for each, HOME/doors/files the bytes of files. Guarantee:
// what put() returned ok for is there after a crash, whole. Everything has an owner (the name of a
// key, or empty); another owner does not find it. Threads: one. Errors: shelf.io.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gateway/doors.h"
#include "wire/http.h"
#include "wire/json.h"

namespace twolane::gateway {

struct Object {
  enum class Kind : uint8_t { file, upload, batch };
  Kind kind = Kind::file;
  Dialect door = Dialect::openai;
  std::string id;     // as the door shows it, without "files/" or "batches/"
  std::string owner;
  Time created;
  wire::Json about;   // what its door needs to know
  uint64_t number = 0;  // order of creation
};
// Until when it is kept: "expires_ms" of a file, and of an upload that nobody ends. 0: no end is set.
Time expiry_of(const Object& object);
bool has_expired(const Object& object, Time now);

class Shelf {
 public:
  static Result<std::unique_ptr<Shelf>> open(const std::string& home);

  Status put(Object object);  // a new one, or in place of the one with its id
  Status remove(const std::string& id);
  Object* find(Object::Kind kind, Dialect door, std::string_view owner, std::string_view id);
  // Newest first.
  std::vector<Object*> list(Object::Kind kind, Dialect door, std::string_view owner);
  std::vector<Object*> all(Object::Kind kind);

  std::string bytes_path(const std::string& id) const { return directory_ + "/files/" + id; }
  std::string incoming_directory() const { return directory_ + "/incoming"; }
  // The bytes of a file; they stay readable as long as the source lives.
  Result<std::shared_ptr<const wire::ByteSource>> bytes(const std::string& id) const;
  void drop_bytes(const std::string& id);  // best effort: without an object they are litter
  // Takes a finished file from `path` as the bytes of `id`, durable when it returns ok.
  Status adopt(const std::string& path, const std::string& id);

 private:
  explicit Shelf(std::string directory) : directory_(std::move(directory)) {}
  Status load();

  std::string directory_;
  std::map<std::string, std::unique_ptr<Object>> by_id_;
  uint64_t last_ = 0;
};

}  // namespace twolane::gateway
