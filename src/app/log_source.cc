// Plain, gzip and zstd.
#include "app/log_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace twolane::app {
namespace {

constexpr size_t block = 1 << 20;

Error trouble(std::string code, const std::string& path, std::string message, std::string why, std::string next) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.where.file = path;
  e.why = std::move(why);
  e.next = {std::move(next)};
  return e;
}

// The file's own bytes.
class Plain final : public LogSource {
 public:
  Plain(int file, std::string path) : file_(file), path_(std::move(path)), buffer_(block) {}
  ~Plain() override {
    if (file_ > STDIN_FILENO) ::close(file_);
  }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  Result<std::string_view> next() override {
    if (!ahead_.empty()) return std::exchange(ahead_, {});
    ssize_t n = 0;
    do n = ::read(file_, buffer_.data(), buffer_.size());
    while (n < 0 && errno == EINTR);
    if (n < 0)
      return fail(trouble("audit.file", path_, "the log cannot be read", std::strerror(errno), "check the file"));
    taken_ += n;
    return std::string_view(buffer_.data(), static_cast<size_t>(n));
  }
  int64_t taken() const override { return taken_; }

  // The first block, given again by next(). Pipes give a few bytes at a time: enough to know the kind.
  Result<std::string_view> look() {
    ahead_ = TRY(next());
    while (!ahead_.empty() && ahead_.size() < 4) {
      const size_t had = ahead_.size();
      const ssize_t n = ::read(file_, buffer_.data() + had, buffer_.size() - had);
      if (n <= 0) break;
      taken_ += n;
      ahead_ = {buffer_.data(), had + static_cast<size_t>(n)};
    }
    return ahead_;
  }
  const std::string& path() const { return path_; }

 private:
  int file_;
  std::string path_;
  std::vector<char> buffer_;
  std::string_view ahead_;
  int64_t taken_ = 0;
};

Error damaged(const std::string& path, std::string_view kind, std::string why) {
  return trouble("audit.compression", path, "the " + std::string(kind) + " file is damaged or cut off", std::move(why),
                 "fetch the file again; what came before was read");
}

class Gzip final : public LogSource {
 public:
  explicit Gzip(std::unique_ptr<Plain> from) : from_(std::move(from)), out_(block) {
    inflateInit2(&z_, 15 + 16);  // gzip only
  }
  ~Gzip() override { inflateEnd(&z_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Result<std::string_view> next() override {
    z_.next_out = reinterpret_cast<Bytef*>(out_.data());
    z_.avail_out = static_cast<uInt>(out_.size());
    while (z_.avail_out > 0) {
      if (z_.avail_in == 0) {
        const auto in = TRY(from_->next());
        if (in.empty()) {
          if (z_.avail_out == out_.size() && inside_) return fail(damaged(from_->path(), "gzip", "it ends within its stream"));
          break;
        }
        z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        z_.avail_in = static_cast<uInt>(in.size());
      }
      inside_ = true;
      const int rc = inflate(&z_, Z_NO_FLUSH);
      if (rc == Z_STREAM_END) {
        inside_ = false;
        inflateReset(&z_);  // members may follow
      } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
        if (z_.avail_out < out_.size()) break;  // what was good first; the fault comes again
        return fail(damaged(from_->path(), "gzip", z_.msg != nullptr ? z_.msg : "bytes that are no gzip"));
      }
    }
    return std::string_view(out_.data(), out_.size() - z_.avail_out);
  }
  int64_t taken() const override { return from_->taken(); }

 private:
  std::unique_ptr<Plain> from_;
  std::vector<char> out_;
  z_stream z_{};
  bool inside_ = false;  // a member has begun and not ended
};

class Zstd final : public LogSource {
 public:
  explicit Zstd(std::unique_ptr<Plain> from) : from_(std::move(from)), out_(block), context_(ZSTD_createDCtx()) {}
  ~Zstd() override { ZSTD_freeDCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Result<std::string_view> next() override {
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    while (out.pos < out.size) {
      if (in_.pos == in_.size) {
        const auto more = TRY(from_->next());
        if (more.empty()) {
          // Held back until the window is drained, and a fault only when nothing more comes out.
          const size_t before = out.pos;
          if (left_ != 0) left_ = ZSTD_decompressStream(context_, &out, &in_);
          if (out.pos > before && !ZSTD_isError(left_)) continue;
          if (out.pos == 0 && left_ != 0) return fail(damaged(from_->path(), "zstd", "it ends within its frame"));
          break;
        }
        in_ = {more.data(), more.size(), 0};
      }
      const size_t rc = ZSTD_decompressStream(context_, &out, &in_);
      if (ZSTD_isError(rc)) {
        if (out.pos > 0) break;
        return fail(damaged(from_->path(), "zstd", ZSTD_getErrorName(rc)));
      }
      left_ = rc;
    }
    return std::string_view(out_.data(), out.pos);
  }
  int64_t taken() const override { return from_->taken(); }

 private:
  std::unique_ptr<Plain> from_;
  std::vector<char> out_;
  ZSTD_DCtx* context_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  size_t left_ = 0;  // 0: between frames
};

Result<std::unique_ptr<LogSource>> container(const std::string& path, std::string kind, std::string next) {
  return fail(trouble("audit.container", path, "a " + kind + " file is not read", "logs are read as JSON, JSONL or CSV, plain, gzip or zstd",
                      std::move(next)));
}

}  // namespace

Result<std::unique_ptr<LogSource>> LogSource::open(const std::string& path) {
  const int file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(trouble("audit.file", path, "the log cannot be opened", std::strerror(errno), "check the path"));
  auto plain = std::make_unique<Plain>(file, path);
  struct stat info {};
  if (::fstat(file, &info) == 0 && S_ISDIR(info.st_mode))
    return fail(trouble("audit.file", path, "a directory is no log", "files are named one by one", "twolane audit " + path + "/*"));
  ::posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
  const auto head = TRY(plain->look());
  if (head.starts_with("\x1f\x8b")) return std::unique_ptr<LogSource>(new Gzip(std::move(plain)));
  if (head.starts_with("\x28\xb5\x2f\xfd")) return std::unique_ptr<LogSource>(new Zstd(std::move(plain)));
  if (head.starts_with("PAR1")) return container(path, "Parquet", "export JSONL or CSV instead (duckdb: COPY (FROM 'x.parquet') TO 'x.jsonl')");
  if (head.starts_with("PK\x03\x04")) return container(path, "zip or Excel", "unpack it, or save it as CSV");
  return std::unique_ptr<LogSource>(std::move(plain));
}

}  // namespace twolane::app
