// The body of a request on its way to the patient lane: small ones in memory, large ones in a file,
// forms taken apart as they come.
//
// Threads: one at a time. The file is gone with the object unless it was taken.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/multipart.h"

namespace twolane::gateway {

class Incoming {
 public:
  // `directory`: for the file. `content_type`: multipart/form-data is taken apart: its file is the
  // body then.
  Incoming(std::string directory, std::string_view content_type);
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  ~Incoming();

  // Errors: wire.multipart, gateway.incoming (disk), net.body_limit.
  Status take(std::string_view piece, int64_t limit);
  Status finish();

  int64_t size() const { return size_; }
  bool is_form() const { return parser_ != nullptr; }
  bool has_file() const { return has_file_; }
  const std::string& filename() const { return filename_; }
  std::string field(const std::string& name) const;  // of a form
  Result<std::string> text() const;                  // all of the body
  // The body as a file with this path, made now where it was in memory.
  Result<std::string> path();
  // The path, which the caller moves or removes from now on.
  Result<std::string> release();

 private:
  Status append(std::string_view bytes);
  Status open_file();

  std::string directory_, path_, memory_, filename_, field_, value_;
  std::map<std::string, std::string> fields_;
  std::unique_ptr<wire::MultipartParser> parser_;
  Error fault_;
  int file_ = -1;
  int64_t size_ = 0, limit_ = 0;
  bool has_file_ = false, in_file_ = false;
};

}  // namespace twolane::gateway
