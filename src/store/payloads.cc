// Segments and their reading. See payloads.h.
#include "store/payloads.h"

#include <algorithm>

namespace twolane::store {
namespace {

constexpr std::string_view directory = "payloads";
constexpr size_t buffer_bytes = 1 << 20;
constexpr size_t recent_files = 8;

std::string path_of(SegmentId id) { return std::string(directory) + "/" + id.hex(); }

class SegmentSource final : public wire::ByteSource {
 public:
  SegmentSource(std::unique_ptr<File> file, int64_t size) : file_(std::move(file)), size_(size) {}
  int64_t size() const override { return size_; }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    if (offset >= size_) return size_t{0};
    return file_->read(offset, to, std::min(length, static_cast<size_t>(size_ - offset)));
  }

 private:
  std::unique_ptr<File> file_;
  int64_t size_;
};

}  // namespace

Segment::Segment(SegmentId id, std::unique_ptr<File> file, int64_t size)
    : id_(id), file_(std::move(file)), size_(size) {}

Result<Slice> Segment::append(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffer_bytes) CHECKED(flush());
  const Slice slice{id_, size_, static_cast<int64_t>(bytes.size())};
  if (bytes.size() >= buffer_bytes) {
    CHECKED(file_->write(size_, bytes));
  } else {
    buffer_.append(bytes);
  }
  synced_ = false;
  size_ += slice.length;
  return slice;
}

Status Segment::flush() {
  if (buffer_.empty()) return {};
  CHECKED(file_->write(size_ - static_cast<int64_t>(buffer_.size()), buffer_));
  buffer_.clear();
  return {};
}

Status Segment::sync() {
  CHECKED(flush());
  if (synced_) return {};
  CHECKED(file_->sync());
  synced_ = true;
  return {};
}

Status Payloads::prepare() {
  CHECKED(disk_.make_directory(directory));
  return disk_.sync_directory("");
}

Result<std::unique_ptr<Segment>> Payloads::create(SegmentId id) {
  auto file = TRY(disk_.open(path_of(id), Disk::Mode::create));
  if (TRY(file->size()) > 0) CHECKED(file->truncate(0));
  // The name is made durable here, once, so that a segment's sync() is that of one file.
  CHECKED(disk_.sync_directory(directory));
  return std::make_unique<Segment>(id, std::move(file), 0);
}

Result<std::unique_ptr<Segment>> Payloads::reopen(SegmentId id) {
  if (!TRY(disk_.exists(path_of(id)))) return create(id);
  auto file = TRY(disk_.open(path_of(id), Disk::Mode::create));
  const int64_t size = TRY(file->size());
  return std::make_unique<Segment>(id, std::move(file), size);
}

Result<std::shared_ptr<File>> Payloads::opened(SegmentId id) {
  const auto known = std::find_if(recent_.begin(), recent_.end(),
                                  [id](const auto& entry) { return entry.first == id; });
  if (known != recent_.end()) {
    std::rotate(recent_.begin(), known, known + 1);
    return recent_.front().second;
  }
  std::shared_ptr<File> file = TRY(disk_.open(path_of(id), Disk::Mode::read));
  if (recent_.size() == recent_files) recent_.pop_back();
  recent_.insert(recent_.begin(), {id, file});
  return file;
}

Result<std::string> Payloads::read(const Slice& slice) {
  if (slice.length == 0) return std::string();
  const auto file = TRY(opened(slice.segment));
  std::string bytes(static_cast<size_t>(slice.length), '\0');
  const size_t got = TRY(file->read(slice.offset, bytes.data(), bytes.size()));
  if (got != bytes.size())
    return fail("store.corrupt", "payload " + slice.segment.hex() + " is too short",
                std::to_string(slice.length) + " bytes at " + std::to_string(slice.offset) +
                    " were wanted, " + std::to_string(got) + " are there");
  return bytes;
}

Result<std::shared_ptr<const wire::ByteSource>> Payloads::source(SegmentId id) {
  auto file = TRY(disk_.open(path_of(id), Disk::Mode::read));
  const int64_t size = TRY(file->size());
  return std::make_shared<const SegmentSource>(std::move(file), size);
}

Status Payloads::remove(SegmentId id) {
  std::erase_if(recent_, [id](const auto& entry) { return entry.first == id; });
  return disk_.remove(path_of(id));
}

Result<std::vector<SegmentId>> Payloads::list() {
  std::vector<SegmentId> ids;
  for (const auto& name : TRY(disk_.list(directory)))
    if (const auto id = SegmentId::from_hex(name)) ids.push_back(*id);
  return ids;
}

}  // namespace twolane::store
