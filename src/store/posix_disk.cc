// Disk over POSIX calls.
#include "store/posix_disk.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/descriptor.h"
#include "store/small_file.h"

namespace twolane::store {
namespace {

std::unexpected<Error> io_error(std::string_view what, std::string_view path, int reason) {
  return fail("store.io", "cannot " + std::string(what) + " " + std::string(path),
              std::strerror(reason));
}

Status sync_at(const std::string& directory) {
  if (const auto failed = sync_path(directory)) return io_error("sync directory", directory, failed.value());
  return {};
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> read(int64_t offset, char* to, size_t length) override {
    size_t got = 0;
    while (got < length) {
      const ssize_t n = ::pread(fd_.get(), to + got, length - got,
                                static_cast<off_t>(offset) + static_cast<off_t>(got));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error("read", path_, errno);
      if (n == 0) break;
      got += static_cast<size_t>(n);
    }
    return got;
  }

  Status write(int64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), offset);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error("write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(n));
      offset += n;
    }
    return {};
  }

  Status truncate(int64_t size) override {
    if (::ftruncate(fd_.get(), size) != 0) return io_error("truncate", path_, errno);
    return {};
  }

  Status sync() override {
    // A failed fdatasync may have dropped the pages: trying again would claim what is not so.
    if (::fdatasync(fd_.get()) != 0) return io_error("sync", path_, errno);
    return {};
  }

  Result<int64_t> size() override {
    struct stat about;
    if (::fstat(fd_.get(), &about) != 0) return io_error("look at", path_, errno);
    return static_cast<int64_t>(about.st_size);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixDisk final : public Disk {
 public:
  explicit PosixDisk(std::string root) : root_(std::move(root)) {}

  Result<std::unique_ptr<File>> open(std::string_view path, Mode mode) override {
    const std::string full = at(path);
    Descriptor fd(full, mode == Mode::create ? O_RDWR | O_CREAT : O_RDONLY);
    if (!fd.good()) return io_error("open", full, errno);
    return std::make_unique<PosixFile>(std::move(fd), full);
  }

  Result<bool> exists(std::string_view path) override {
    struct stat about;
    if (::stat(at(path).c_str(), &about) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return io_error("look at", at(path), errno);
  }

  Status remove(std::string_view path) override {
    if (::unlink(at(path).c_str()) != 0 && errno != ENOENT)
      return io_error("remove", at(path), errno);
    return {};
  }

  Status rename(std::string_view from, std::string_view to) override {
    if (::rename(at(from).c_str(), at(to).c_str()) != 0) return io_error("rename", at(from), errno);
    return {};
  }

  Status make_directory(std::string_view path) override {
    if (::mkdir(at(path).c_str(), 0700) != 0 && errno != EEXIST)
      return io_error("make directory", at(path), errno);
    return {};
  }

  Status sync_directory(std::string_view path) override { return sync_at(at(path)); }

  Result<std::vector<std::string>> list(std::string_view directory) override {
    const std::string full = at(directory);
    DIR* opened = ::opendir(full.c_str());
    if (!opened) return io_error("list", full, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(opened)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int reason = errno;
    ::closedir(opened);
    if (reason != 0) return io_error("list", full, reason);
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string at(std::string_view path) const {
    return path.empty() ? root_ : root_ + "/" + std::string(path);
  }

  std::string root_;
};

}  // namespace

namespace {

// Every missing level is made for its owner only, and its name made durable.
Status make_all(const std::filesystem::path& directory) {
  struct stat about;
  if (::stat(directory.c_str(), &about) == 0) {
    if (!S_ISDIR(about.st_mode)) return io_error("use as a directory", directory.string(), ENOTDIR);
    return {};
  }
  const std::filesystem::path parent = directory.has_parent_path() ? directory.parent_path() : ".";
  CHECKED(make_all(parent));
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return io_error("make directory", directory.string(), errno);
  return sync_at(parent.string());
}

}  // namespace

Result<std::unique_ptr<Disk>> posix_disk(const std::string& root) {
  std::string path = root;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  CHECKED(make_all(path));
  return std::make_unique<PosixDisk>(std::move(path));
}

}  // namespace twolane::store
