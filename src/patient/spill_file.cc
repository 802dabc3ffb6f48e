// O_TMPFILE where the file system has it, otherwise a file that is unlinked at once.
#include "patient/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace twolane::patient {
namespace {

std::unexpected<Error> failed(std::string_view did, int error) {
  return fail("store.io", "cannot " + std::string(did) + " scratch space", std::strerror(error));
}

}  // namespace

SpillFile::~SpillFile() {
  if (file_ >= 0) ::close(file_);
}

Status SpillFile::make() {
  if (directory_.empty()) {
    const char* system = std::getenv("TMPDIR");
    directory_ = system && *system ? system : "/tmp";
  }
  file_ = ::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file_ >= 0) return {};
  std::string path = directory_ + "/spill-XXXXXX";
  file_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (file_ < 0) return failed("make", errno);
  ::unlink(path.c_str());
  return {};
}

Result<int64_t> SpillFile::append(const void* bytes, size_t size) {
  if (file_ < 0) CHECKED(make());
  const int64_t begin = size_;
  for (size_t done = 0; done < size;) {
    const ssize_t n = ::pwrite(file_, static_cast<const char*>(bytes) + done, size - done,
                               begin + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", errno);
    done += static_cast<size_t>(n);
  }
  size_ += static_cast<int64_t>(size);
  return begin;
}

Status SpillFile::read(int64_t offset, void* to, size_t size) const {
  for (size_t done = 0; done < size;) {
    const ssize_t n = ::pread(file_, static_cast<char*>(to) + done, size - done,
                              offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed("read", n < 0 ? errno : EIO);
    done += static_cast<size_t>(n);
  }
  return {};
}

}  // namespace twolane::patient
