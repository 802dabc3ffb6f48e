// Written aside, synced, renamed; then the directory.
#include "store/small_file.h"

#include <cerrno>
#include <cstdio>

#include "store/descriptor.h"

namespace twolane::store {
namespace {

std::error_code system_says() { return {errno, std::generic_category()}; }

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

std::error_code sync_path(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  return file.good() && ::fsync(file.get()) == 0 ? std::error_code() : system_says();
}

std::error_code sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return sync_path(slash == path.npos ? "." : path.substr(0, slash + 1));
}

std::error_code replace_durably(const std::string& path, std::string_view text) {
  const std::string aside = path + ".new";
  {
    const Descriptor file(aside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.good() || !write_all(file.get(), text) || ::fsync(file.get()) != 0)
      return system_says();
  }
  if (std::rename(aside.c_str(), path.c_str()) != 0) return system_says();
  return sync_directory_of(path);
}

std::error_code read_whole(const std::string& path, std::string& text) {
  text.clear();
  const Descriptor file(path, O_RDONLY);
  if (!file.good()) return system_says();
  char block[16 << 10];
  for (;;) {
    const ssize_t n = ::read(file.get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_says();
    if (n == 0) return {};
    text.append(block, static_cast<size_t>(n));
  }
}

}  // namespace twolane::store
