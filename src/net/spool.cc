// A temporary file that has no name, so that nothing is left of it whatever happens.
#include "net/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace twolane::net {
namespace {

std::unexpected<Error> spool_fault(std::string what) {
  return fail("net.spool", std::move(what), std::system_category().message(errno));
}

int open_unnamed(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  std::string name = directory + "/twolane-XXXXXX";  // some file systems have no O_TMPFILE
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

class Spool::File final : public wire::ByteSource {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() override { ::close(fd_); }

  int64_t size() const override { return size_; }

  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    for (;;) {
      const ssize_t n = ::pread(fd_, to, length, offset);
      if (n >= 0) return static_cast<size_t>(n);
      if (errno != EINTR) return spool_fault("a temporary file cannot be read");
    }
  }

  Status append(std::string_view piece) {
    while (!piece.empty()) {
      const ssize_t n = ::pwrite(fd_, piece.data(), piece.size(), size_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return spool_fault("a temporary file cannot be written");
      piece.remove_prefix(static_cast<size_t>(n));
      size_ += n;
    }
    return {};
  }

 private:
  int fd_;
  int64_t size_ = 0;
};

Status Spool::move_to_file() {
  const char* standard = std::getenv("TMPDIR");
  std::string directory = directory_;
  if (directory.empty()) directory = standard && *standard ? standard : "/tmp";
  const int fd = open_unnamed(directory);
  if (fd < 0) return spool_fault("no temporary file can be made in " + directory);
  file_ = std::make_shared<File>(fd);
  CHECKED(file_->append(text_));
  text_ = {};
  return {};
}

Status Spool::append(std::string_view piece) {
  size_ += static_cast<int64_t>(piece.size());
  if (!file_ && size_ > spool_above_) CHECKED(move_to_file());
  if (file_) return file_->append(piece);
  text_.append(piece);
  return {};
}

wire::Body Spool::take() {
  size_ = 0;
  if (file_) return wire::Body(std::shared_ptr<const wire::ByteSource>(std::move(file_)));
  return wire::Body(std::exchange(text_, {}));
}

}  // namespace twolane::net
