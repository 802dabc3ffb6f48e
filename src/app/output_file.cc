// A file that appears complete or not at all.
#include "app/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/small_file.h"

namespace twolane::app {
namespace {

std::unexpected<Error> trouble(const std::string& path, std::string_view doing, int reason = errno) {
  Error e;
  e.code = "output.file";
  e.message = "cannot " + std::string(doing) + ' ' + path;
  e.where.file = path;
  e.why = std::string("the system says: ") + std::strerror(reason);
  e.next = {"name another place with -o and run it again; no answer is lost"};
  return fail(std::move(e));
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
  if (const auto failed = store::sync_directory_of(path_)) return trouble(path_, "make durable", failed.value());
  return {};
}

}  // namespace twolane::app
