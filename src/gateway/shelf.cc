// Objects of the doors as files.
#include "gateway/shelf.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/descriptor.h"
#include "store/small_file.h"

namespace twolane::gateway {
namespace {

namespace fs = std::filesystem;
using wire::Json;

std::unexpected<Error> io_fault(const std::string& path, std::error_code why = {errno, std::generic_category()}) {
  return fail("shelf.io", path + " cannot be read or written", why.message());
}

Status sync(const std::string& path) {
  if (const auto failed = store::sync_path(path)) return io_fault(path, failed);
  return {};
}

class FileBytes final : public wire::ByteSource {
 public:
  explicit FileBytes(const std::string& path) : file_(path, O_RDONLY) {
    struct stat there{};
    if (file_.good() && ::fstat(file_.get(), &there) == 0) size_ = there.st_size;
  }
  bool good() const { return size_ >= 0; }
  int64_t size() const override { return size_; }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    const ssize_t n = ::pread(file_.get(), to, length, offset);
    if (n < 0) return fail("shelf.io", "a file cannot be read", std::strerror(errno));
    return static_cast<size_t>(n);
  }

 private:
  store::Descriptor file_;
  int64_t size_ = -1;
};

Json json_of(const Object& o) {
  return {{"kind", static_cast<int>(o.kind)}, {"door", static_cast<int>(o.door)}, {"id", o.id},
          {"owner", o.owner},                 {"created_ms", o.created.ms},       {"number", o.number},
          {"about", o.about}};
}

std::unique_ptr<Object> object_of(const Json& json) {
  auto o = std::make_unique<Object>();
  o->kind = static_cast<Object::Kind>(wire::int_at(json, "kind"));
  o->door = static_cast<Dialect>(wire::int_at(json, "door"));
  o->id = wire::string_at(json, "id");
  o->owner = wire::string_at(json, "owner");
  o->created.ms = wire::int_at(json, "created_ms");
  o->number = static_cast<uint64_t>(wire::int_at(json, "number"));
  if (const Json* about = wire::find(json, "about")) o->about = *about;
  return o;
}

}  // namespace

Time expiry_of(const Object& object) { return Time{wire::int_at(object.about, "expires_ms")}; }

bool has_expired(const Object& object, Time now) {
  const Time until = expiry_of(object);
  return until.ms > 0 && until <= now;
}

Result<std::unique_ptr<Shelf>> Shelf::open(const std::string& home) {
  std::unique_ptr<Shelf> shelf(new Shelf(home + "/doors"));
  std::error_code failed;
  fs::remove_all(shelf->incoming_directory(), failed);  // leftovers of a crash
  for (const char* part : {"/objects", "/files", "/incoming"}) {
    fs::create_directories(shelf->directory_ + part, failed);
    if (failed) return fail("shelf.io", shelf->directory_ + " cannot be made", failed.message());
  }
  CHECKED(shelf->load());
  return shelf;
}

Status Shelf::load() {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory_ + "/objects", failed)) {
    if (entry.path().extension() != ".json") continue;
    std::string text;
    if (const auto unread = store::read_whole(entry.path(), text)) return io_fault(entry.path(), unread);
    const auto json = wire::parse_json(text);
    if (!json) continue;  // written aside and never renamed: nobody was told of it
    auto object = object_of(*json);
    last_ = std::max(last_, object->number);
    const std::string id = object->id;
    by_id_[id] = std::move(object);
  }
  return {};
}

Status Shelf::put(Object object) {
  if (object.number == 0) object.number = ++last_;
  const std::string path = directory_ + "/objects/" + object.id + ".json";
  if (const auto failed = store::replace_durably(path, wire::dump(json_of(object)))) return io_fault(path, failed);
  const std::string id = object.id;
  auto& place = by_id_[id];
  if (place) {
    *place = std::move(object);  // pointers to it stay good
  } else {
    place = std::make_unique<Object>(std::move(object));
  }
  return {};
}

Status Shelf::remove(const std::string& id) {
  if (::unlink((directory_ + "/objects/" + id + ".json").c_str()) != 0 && errno != ENOENT)
    return io_fault(id);
  ::unlink(bytes_path(id).c_str());
  by_id_.erase(id);
  return sync(directory_ + "/objects");
}

Object* Shelf::find(Object::Kind kind, Dialect door, std::string_view owner, std::string_view id) {
  const auto it = by_id_.find(std::string(id));
  if (it == by_id_.end()) return nullptr;
  Object& o = *it->second;
  return o.kind == kind && o.door == door && o.owner == owner ? &o : nullptr;
}

std::vector<Object*> Shelf::all(Object::Kind kind) {
  std::vector<Object*> found;
  for (const auto& [id, object] : by_id_)
    if (object->kind == kind) found.push_back(object.get());
  std::ranges::sort(found, std::greater<>(), &Object::number);
  return found;
}

std::vector<Object*> Shelf::list(Object::Kind kind, Dialect door, std::string_view owner) {
  auto found = all(kind);
  std::erase_if(found, [&](const Object* o) { return o->door != door || o->owner != owner; });
  return found;
}

Result<std::shared_ptr<const wire::ByteSource>> Shelf::bytes(const std::string& id) const {
  auto bytes = std::make_shared<FileBytes>(bytes_path(id));
  if (!bytes->good()) return io_fault(bytes_path(id));
  return bytes;
}

void Shelf::drop_bytes(const std::string& id) { ::unlink(bytes_path(id).c_str()); }

Status Shelf::adopt(const std::string& path, const std::string& id) {
  CHECKED(sync(path));
  if (::rename(path.c_str(), bytes_path(id).c_str()) != 0) return io_fault(path);
  return sync(directory_ + "/files");
}

}  // namespace twolane::gateway
