// Bodies to memory or disk.
#include "gateway/incoming.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace twolane::gateway {
namespace {

constexpr size_t most_in_memory = 1 << 20, most_of_a_field = 64 << 10;  // bytes

}  // namespace

Incoming::Incoming(std::string directory, std::string_view content_type) : directory_(std::move(directory)) {
  if (!content_type.starts_with("multipart/form-data")) return;
  auto boundary = wire::multipart_boundary(content_type);
  if (!boundary) {
    fault_ = boundary.error();
    return;
  }
  wire::PartSink sink;
  sink.begin = [this](const wire::Part& part) -> Status {
    field_ = part.name;
    value_.clear();
    in_file_ = part.filename.has_value();
    if (in_file_ && has_file_) return fail("wire.multipart", "the form has two files");
    if (in_file_) filename_ = *part.filename;
    has_file_ = has_file_ || in_file_;
    return {};
  };
  sink.data = [this](std::string_view bytes) -> Status {
    if (in_file_) return append(bytes);
    if (value_.size() + bytes.size() > most_of_a_field) return fail("wire.multipart", "a field is too long");
    value_.append(bytes);
    return {};
  };
  sink.end = [this]() -> Status {
    if (!in_file_) fields_[field_] = value_;
    return {};
  };
  parser_ = std::make_unique<wire::MultipartParser>(*boundary, std::move(sink));
}

Incoming::~Incoming() {
  if (file_ >= 0) ::close(file_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

Status Incoming::take(std::string_view piece, int64_t limit) {
  limit_ = limit;
  if (!fault_.code.empty()) return fail(fault_);
  return parser_ ? parser_->feed(piece) : append(piece);
}

Status Incoming::finish() { return parser_ ? parser_->finish() : Status{}; }

Status Incoming::open_file() {
  path_ = directory_ + "/XXXXXX";
  file_ = ::mkostemp(path_.data(), O_CLOEXEC);
  if (file_ >= 0) return {};
  path_.clear();
  return fail("gateway.incoming", "there is no room for the body", std::strerror(errno));
}

Status Incoming::append(std::string_view bytes) {
  size_ += static_cast<int64_t>(bytes.size());
  if (size_ > limit_) return fail("net.body_limit", "the body is too large");
  if (file_ < 0 && memory_.size() + bytes.size() <= most_in_memory) {
    memory_.append(bytes);
    return {};
  }
  if (file_ < 0) {
    CHECKED(open_file());
    const std::string before = std::move(memory_);
    memory_.clear();
    size_ -= static_cast<int64_t>(before.size());
    CHECKED(append(before));
  }
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail("gateway.incoming", "there is no room for the body", std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

std::string Incoming::field(const std::string& name) const {
  const auto it = fields_.find(name);
  return it == fields_.end() ? std::string() : it->second;
}

Result<std::string> Incoming::text() const {
  if (file_ < 0) return memory_;
  std::string all(static_cast<size_t>(size_), '\0');
  size_t done = 0;
  while (done < all.size()) {
    const ssize_t n = ::pread(file_, all.data() + done, all.size() - done, static_cast<off_t>(done));
    if (n <= 0) return fail("gateway.incoming", "the body cannot be read again");
    done += static_cast<size_t>(n);
  }
  return all;
}

Result<std::string> Incoming::path() {
  if (file_ < 0) {
    CHECKED(open_file());
    const std::string before = std::move(memory_);
    memory_.clear();
    size_ = 0;
    limit_ = static_cast<int64_t>(before.size());
    CHECKED(append(before));
  }
  return path_;
}

Result<std::string> Incoming::release() {
  TRY(path());
  return std::exchange(path_, {});
}

}  // namespace twolane::gateway
