// A file that appears complete or not at all.
#include "app/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace twolane::app {
namespace {

std::unexpected<Error> trouble(const std::string& path, std::string_view doing) {
  const int reason = errno;
  Error e;
  e.code = "output.file";
  e.message = "cannot " + std::string(doing) + ' ' + path;
  e.where.file = path;
  e.why = std::string("the system says: ") + std::strerror(reason);
  e.next = {"name another place with -o and run it again; no answer is lost"};
  return fail(std::move(e));
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  std::string hidden = path.substr(0, name) + '.' + path.substr(name) + '.' + std::to_string(::getpid());
  std::FILE* file = std::fopen(hidden.c_str(), "wbe");
  if (!file) return trouble(path, "write");
  std::setvbuf(file, nullptr, _IOFBF, 1 << 18);
  return OutputFile(path, std::move(hidden), file);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), hidden_(std::move(other.hidden_)), file_(std::exchange(other.file_, nullptr)) {}

OutputFile::~OutputFile() {
  if (!file_) return;
  std::fclose(file_);
  ::unlink(hidden_.c_str());
}

Status OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) return trouble(path_, "write");
  return {};
}

Status OutputFile::publish() {
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) return trouble(path_, "write");
  if (std::rename(hidden_.c_str(), path_.c_str()) != 0) return trouble(path_, "rename into place");
  std::fclose(std::exchange(file_, nullptr));
  const int directory = ::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return trouble(path_, "make durable");
  const bool synced = ::fsync(directory) == 0;
  ::close(directory);
  if (!synced) return trouble(path_, "make durable");
  return {};
}

}  // namespace twolane::app
