// Reading the lines of a blob one by one, whatever its size.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"

namespace twolane::sim {

class Lines {
 public:
  explicit Lines(std::shared_ptr<const wire::ByteSource> source);
  // The next line without its end; nothing at the end. Valid until the next call. The bytes are
  // followed by SIMDJSON_PADDING readable ones. Empty lines are handed out too.
  Result<bool> next(std::string_view& line);

 private:
  Status fill();

  std::shared_ptr<const wire::ByteSource> source_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0, from_ = 0, end_ = 0;
  int64_t read_ = 0;
};

}  // namespace twolane::sim
