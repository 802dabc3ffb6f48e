// A file that appears complete or not at all.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::app {

// Bytes go to a hidden file beside `path`; publish() makes it durable and gives it its name. Destroyed
// without publish(): nothing of it remains. Errors: output.file.
class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Status write(std::string_view bytes);
  Status publish();

 private:
  OutputFile(std::string path, std::string hidden, std::FILE* file)
      : path_(std::move(path)), hidden_(std::move(hidden)), file_(file) {}

  std::string path_, hidden_;
  std::FILE* file_;
};

}  // namespace twolane::app
