// The callbacks of the VFS. None of them lets an exception out into SQLite.
#include "store/sqlite/vfs.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <new>

namespace twolane::store::sqlite {
namespace {

constexpr int sector_bytes = 512;
constexpr int longest_name = 512;

// What lies in the memory that SQLite provides for a file; `base` must come first.
struct OpenFile {
  sqlite3_file base;
  DiskVfs* vfs;
  std::unique_ptr<File> file;
  std::string unsynced_name;  // not empty: made by us, and its directory entry is not durable yet
};

OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
DiskVfs& of(sqlite3_vfs* vfs) { return *static_cast<DiskVfs*>(vfs->pAppData); }

std::string directory_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

int close_file(sqlite3_file* file) {
  of(file).~OpenFile();
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int length, sqlite3_int64 offset) {
  OpenFile& f = of(file);
  size_t got = 0;
  const bool ok = f.vfs->on_disk([&]() -> Status {
    got = TRY(f.file->read(offset, static_cast<char*>(to), static_cast<size_t>(length)));
    return {};
  });
  if (!ok) return SQLITE_IOERR_READ;
  if (got == static_cast<size_t>(length)) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + got, 0, static_cast<size_t>(length) - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* bytes, int length, sqlite3_int64 offset) {
  OpenFile& f = of(file);
  const std::string_view view(static_cast<const char*>(bytes), static_cast<size_t>(length));
  return f.vfs->on_disk([&] { return f.file->write(offset, view); }) ? SQLITE_OK
                                                                     : SQLITE_IOERR_WRITE;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  OpenFile& f = of(file);
  return f.vfs->on_disk([&] { return f.file->truncate(size); }) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int sync_file(sqlite3_file* file, int) {
  OpenFile& f = of(file);
  const bool ok = f.vfs->on_disk([&]() -> Status {
    CHECKED(f.file->sync());
    if (f.unsynced_name.empty()) return {};
    CHECKED(f.vfs->disk().sync_directory(directory_of(f.unsynced_name)));
    f.unsynced_name.clear();
    return {};
  });
  return ok ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  OpenFile& f = of(file);
  const bool ok = f.vfs->on_disk([&]() -> Status {
    *size = TRY(f.file->size());
    return {};
  });
  return ok ? SQLITE_OK : SQLITE_IOERR_FSTAT;
}

// One process, one connection: locks are always free.
int lock(sqlite3_file*, int) { return SQLITE_OK; }
int check_lock(sqlite3_file*, int* taken) {
  *taken = 0;
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return sector_bytes; }
int characteristics(sqlite3_file*) { return 0; }  // promises nothing

// Version 1: no shared memory, no memory mapping.
constexpr sqlite3_io_methods file_methods = {
    1,       close_file, read_file,  write_file, truncate_file, sync_file,       size_of_file,
    lock,    lock,       check_lock, control,    sector_size,   characteristics, nullptr,
    nullptr, nullptr,    nullptr,    nullptr,    nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if (!name) return SQLITE_CANTOPEN;  // temporary files: temp_store=MEMORY makes none
  DiskVfs& glue = of(vfs);
  const bool create = (flags & SQLITE_OPEN_CREATE) != 0;
  bool made = false;
  std::unique_ptr<File> opened;
  const bool ok = glue.on_disk([&]() -> Status {
    if (create) made = !TRY(glue.disk().exists(name));
    const bool writes = (flags & SQLITE_OPEN_READWRITE) != 0;
    opened = TRY(glue.disk().open(name, writes ? Disk::Mode::create : Disk::Mode::read));
    return {};
  });
  if (!ok) return SQLITE_CANTOPEN;
  new (file) OpenFile{{&file_methods}, &glue, std::move(opened), made ? name : ""};
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  DiskVfs& glue = of(vfs);
  bool there = false;
  const bool ok = glue.on_disk([&]() -> Status {
    there = TRY(glue.disk().exists(name));
    if (!there) return {};
    CHECKED(glue.disk().remove(name));
    return sync_directory ? glue.disk().sync_directory(directory_of(name)) : Status{};
  });
  if (!ok) return SQLITE_IOERR_DELETE;
  return there ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int check_access(sqlite3_vfs* vfs, const char* name, int, int* yes) {
  DiskVfs& glue = of(vfs);
  const bool ok = glue.on_disk([&]() -> Status {
    bool there = TRY(glue.disk().exists(name));
    // An empty file counts as none, as SQLite's own VFS has it: it cannot be a journal to play
    // back.
    if (there) {
      auto file = TRY(glue.disk().open(name, Disk::Mode::read));
      there = TRY(file->size()) > 0;
    }
    *yes = there ? 1 : 0;
    return {};
  });
  return ok ? SQLITE_OK : SQLITE_IOERR_ACCESS;
}

int full_path(sqlite3_vfs*, const char* name, int room, char* to) {
  if (static_cast<int>(std::strlen(name)) >= room) return SQLITE_CANTOPEN;
  std::strcpy(to, name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int length, char* to) {
  for (int i = 0; i < length; ++i) to[i] = static_cast<char>(i * 167 + 13);
  return length;
}

int pause(sqlite3_vfs*, int microseconds) { return microseconds; }

int julian_now(sqlite3_vfs*, double* day) {
  *day = 2461000.5;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

std::string unique_name() {
  static std::atomic<uint64_t> next{1};
  return "twolane-disk-" + std::to_string(next.fetch_add(1));
}

}  // namespace

DiskVfs::DiskVfs(Disk& disk) : disk_(disk), name_(unique_name()) {
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(OpenFile);
  vfs_.mxPathname = longest_name;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = open_file;
  vfs_.xDelete = delete_file;
  vfs_.xAccess = check_access;
  vfs_.xFullPathname = full_path;
  vfs_.xRandomness = randomness;
  vfs_.xSleep = pause;
  vfs_.xCurrentTime = julian_now;
  vfs_.xGetLastError = last_error;
  sqlite3_vfs_register(&vfs_, 0);
}

DiskVfs::~DiskVfs() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace twolane::store::sqlite
