// Two kinds of storage: strings in memory, and files with a journal beside them.

#include "sim/storage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "sim/json_text.h"

namespace twolane::sim {
namespace {

std::unexpected<Error> io_error(std::string what) {
  return fail("sim.storage", "the simulator's state cannot be " + std::move(what),
              std::strerror(errno));
}

// --- in memory

class TextSource final : public wire::ByteSource {
 public:
  explicit TextSource(std::shared_ptr<const std::string> text)
      : text_(std::move(text)), size_(text_->size()) {}
  int64_t size() const override { return static_cast<int64_t>(size_); }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    const size_t size = std::min(size_, text_->size());  // it may have been cut since
    if (offset < 0 || static_cast<size_t>(offset) >= size) return size_t{0};
    const size_t n = std::min(length, size - static_cast<size_t>(offset));
    std::memcpy(to, text_->data() + offset, n);
    return n;
  }

 private:
  std::shared_ptr<const std::string> text_;
  size_t size_;  // as it was when opened: the text may grow
};

class MemoryBlob final : public Blob {
 public:
  explicit MemoryBlob(std::shared_ptr<std::string> text) : text_(std::move(text)) {}
  Status append(std::string_view bytes) override {
    text_->append(bytes);
    return {};
  }
  int64_t size() const override { return static_cast<int64_t>(text_->size()); }

 private:
  std::shared_ptr<std::string> text_;
};

class Memory final : public Storage {
 public:
  Result<std::unique_ptr<Blob>> create(std::string_view name) override {
    auto text = std::make_shared<std::string>();
    blobs_[std::string(name)] = text;
    return std::make_unique<MemoryBlob>(text);
  }
  Result<std::unique_ptr<Blob>> extend(std::string_view name, int64_t size) override {
    auto& text = blobs_[std::string(name)];
    if (!text) text = std::make_shared<std::string>();
    text->resize(static_cast<size_t>(size));
    return std::make_unique<MemoryBlob>(text);
  }
  Result<Source> read(std::string_view name) override {
    auto at = blobs_.find(std::string(name));
    if (at == blobs_.end()) return fail("sim.storage", "no blob of that name");
    return std::make_shared<TextSource>(at->second);
  }
  void remove(std::string_view name) override { blobs_.erase(std::string(name)); }
  Status charge(std::string_view lines) override {
    ledger_->append(lines);
    return {};
  }
  Result<Source> ledger() override { return std::make_shared<TextSource>(ledger_); }
  Status commit(std::string_view) override { return {}; }
  std::vector<std::string> take_records() override { return {}; }

 private:
  std::map<std::string, std::shared_ptr<std::string>> blobs_;
  std::shared_ptr<std::string> ledger_ = std::make_shared<std::string>();
};

// --- in a directory

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int operator*() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("written");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

class FileSource final : public wire::ByteSource {
 public:
  FileSource(Fd fd, int64_t size) : fd_(std::move(fd)), size_(size) {}
  int64_t size() const override { return size_; }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    if (offset < 0 || offset >= size_) return size_t{0};
    const size_t most = std::min<size_t>(length, static_cast<size_t>(size_ - offset));
    for (;;) {
      const ssize_t n = ::pread(*fd_, to, most, offset);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error("read");
      return static_cast<size_t>(n);
    }
  }

 private:
  Fd fd_;
  int64_t size_;
};

class FileBlob final : public Blob {
 public:
  FileBlob(Fd fd, int64_t size) : fd_(std::move(fd)), size_(size) {}
  Status append(std::string_view bytes) override {
    CHECKED(write_all(*fd_, bytes));
    size_ += static_cast<int64_t>(bytes.size());
    return {};
  }
  int64_t size() const override { return size_; }

 private:
  Fd fd_;
  int64_t size_;
};

class Directory final : public Storage {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}

  Status prepare() {
    std::error_code ec;
    std::filesystem::create_directories(path_ + "/blobs", ec);
    if (ec) return fail("sim.storage", "the simulator's directory cannot be made", ec.message());
    journal_ = open_file(path_ + "/journal.jsonl", O_RDWR | O_CREAT | O_APPEND);
    ledger_ = open_file(path_ + "/ledger.jsonl", O_RDWR | O_CREAT | O_APPEND);
    if (!journal_ || !ledger_) return io_error("opened");
    return recover();
  }

  Result<std::unique_ptr<Blob>> create(std::string_view name) override { return extend(name, 0); }
  Result<std::unique_ptr<Blob>> extend(std::string_view name, int64_t size) override {
    Fd fd = open_file(blob_path(name), O_WRONLY | O_CREAT | O_APPEND);
    if (!fd || ::ftruncate(*fd, size) != 0) return io_error("written");
    return std::make_unique<FileBlob>(std::move(fd), size);
  }
  Result<Source> read(std::string_view name) override { return source(blob_path(name)); }
  void remove(std::string_view name) override { ::unlink(blob_path(name).c_str()); }

  Status charge(std::string_view lines) override {
    CHECKED(write_all(*ledger_, lines));
    ledger_size_ += static_cast<int64_t>(lines.size());
    return {};
  }
  Result<Source> ledger() override { return source(path_ + "/ledger.jsonl"); }

  Status commit(std::string_view record) override {
    line_ = "{\"ledger\":";
    append_number(line_, ledger_size_);
    line_ += ",\"effect\":";
    line_ += record;
    line_ += "}\n";
    return write_all(*journal_, line_);
  }
  std::vector<std::string> take_records() override { return std::move(records_); }

 private:
  static Fd open_file(const std::string& path, int flags) {
    return Fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  }
  std::string blob_path(std::string_view name) const {
    return path_ + "/blobs/" + std::string(name);
  }

  static Result<Source> source(const std::string& path) {
    Fd fd = open_file(path, O_RDONLY);
    struct stat about{};
    if (!fd || ::fstat(*fd, &about) != 0) return io_error("read");
    return std::make_shared<FileSource>(std::move(fd), about.st_size);
  }

  // Reads the complete records and cuts off what a death left behind them, here and in the ledger.
  Status recover() {
    Source all = TRY(source(path_ + "/journal.jsonl"));
    std::string text(static_cast<size_t>(all->size()), '\0');
    for (size_t got = 0; got < text.size();) {
      const size_t n =
          TRY(all->read(static_cast<int64_t>(got), text.data() + got, text.size() - got));
      if (n == 0) break;
      got += n;
    }
    size_t kept = 0;
    for (size_t end; (end = text.find('\n', kept)) != std::string::npos; kept = end + 1)
      if (!take_record(std::string_view(text).substr(kept, end - kept)))
        return fail("sim.storage", "the simulator's journal is damaged", path_ + "/journal.jsonl");
    if (::ftruncate(*journal_, static_cast<off_t>(kept)) != 0) return io_error("cut");
    struct stat about{};
    if (::fstat(*ledger_, &about) != 0) return io_error("read");
    if (about.st_size < ledger_size_)
      return fail("sim.storage", "the simulator's ledger is shorter than its journal says");
    if (::ftruncate(*ledger_, static_cast<off_t>(ledger_size_)) != 0) return io_error("cut");
    return {};
  }

  bool take_record(std::string_view line) {
    constexpr std::string_view head = "{\"ledger\":", middle = ",\"effect\":";
    if (!line.starts_with(head) || !line.ends_with('}')) return false;
    const char* end = line.data() + line.size();
    auto [stop, ec] = std::from_chars(line.data() + head.size(), end, ledger_size_);
    std::string_view rest(stop, static_cast<size_t>(end - stop));
    if (ec != std::errc{} || !rest.starts_with(middle)) return false;
    rest.remove_prefix(middle.size());
    rest.remove_suffix(1);
    records_.emplace_back(rest);
    return true;
  }

  std::string path_;
  Fd journal_, ledger_;
  int64_t ledger_size_ = 0;
  std::vector<std::string> records_;
  std::string line_;
};

}  // namespace

Result<std::unique_ptr<Storage>> Storage::open(const std::string& directory) {
  if (directory.empty()) return std::make_unique<Memory>();
  auto made = std::make_unique<Directory>(directory);
  CHECKED(made->prepare());
  return made;
}

}  // namespace twolane::sim
