// Three threads and a ring of aligned blocks between them and the caller.
#include "patient/input_pump.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/small_file.h"

namespace twolane::patient {
namespace {

constexpr size_t slot_count = 12;
constexpr size_t alignment = 4096;  // of memory, offset and length for writes past the page cache

std::string words_of(int error) { return std::strerror(error); }

Error input_error(const std::string& path, std::string message, std::string why, std::string next) {
  Error e;
  e.code = "input.file";
  e.message = std::move(message);
  e.why = std::move(why);
  e.where.file = path;
  e.next = {std::move(next)};
  return e;
}

Error copy_error(const std::string& path, std::string_view did, int error) {
  Error e;
  e.code = "store.io";
  e.message = "cannot " + std::string(did) + " the input's copy";
  e.why = words_of(error);
  e.where.file = path;
  e.next = {error == ENOSPC ? "free some disk space, or choose another --home"
                            : "check the disk and the permissions of --home"};
  return e;
}

}  // namespace

Result<std::unique_ptr<InputPump>> InputPump::open(const std::string& path, const std::string& copy_to, bool sealed) {
  std::unique_ptr<InputPump> pump(new InputPump);
  CHECKED(pump->prepare(path, copy_to, sealed));
  pump->reader_ = std::thread([p = pump.get()] { p->read_all(); });
  pump->hasher_ = std::thread([p = pump.get()] { p->hash_all(); });
  if (!copy_to.empty()) pump->writer_ = std::thread([p = pump.get()] { p->write_all(); });
  return pump;
}

Status InputPump::prepare(const std::string& path, const std::string& copy_to, bool sealed) {
  path_ = path;
  // Not blocking: opening a pipe must end here, not wait for its writer.
  input_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (input_ < 0)
    return fail(input_error(path, "cannot read the input", words_of(errno),
                            errno == ENOENT ? "check the path" : "check the file's permissions"));
  struct stat about{};
  if (::fstat(input_, &about) != 0)
    return fail(input_error(path, "cannot read the input", words_of(errno), "check the file"));
  if (S_ISDIR(about.st_mode))
    return fail(input_error(path, "the input is a directory", "a job is made of one file",
                            "name a file in it"));
  if (!S_ISREG(about.st_mode))
    return fail(input_error(path, "the input is no regular file",
                            "the same command must find the same bytes again to go on",
                            "write it to a file first"));
  ::posix_fadvise(input_, 0, 0, POSIX_FADV_SEQUENTIAL);
  if (!copy_to.empty()) {
    copy_path_ = copy_to;
    linked_ = sealed && ::link(path.c_str(), copy_to.c_str()) == 0;
    if (linked_) copy_ = ::open(copy_to.c_str(), O_RDONLY | O_CLOEXEC);
    else CHECKED(make_copy(copy_to, about.st_size));
    if (copy_ < 0) return fail(copy_error(copy_to, "read", errno));
  }
  slots_.resize(slot_count);
  for (Slot& slot : slots_) {
    slot.memory.reset(static_cast<char*>(std::aligned_alloc(alignment, block_bytes + padding)));
    if (!slot.memory) return fail("base.memory", "no memory to read the input with");
    // The first checked bytes may be looked at by wide loads before anything was put there.
    std::memset(slot.data() + block_bytes, 0, padding);
  }
  return {};
}

Status InputPump::make_copy(const std::string& copy_to, int64_t size) {
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  copy_ = ::open(copy_to.c_str(), flags | O_DIRECT, 0600);
  direct_ = copy_ >= 0;
  if (copy_ < 0 && errno == EINVAL) copy_ = ::open(copy_to.c_str(), flags, 0600);
  if (copy_ < 0) return fail(copy_error(copy_to, "create", errno));
  // Only a hint: extents are laid out at once, and a full disk is found at once.
  if (size > 0 && ::fallocate(copy_, 0, 0, size) != 0 && errno == ENOSPC)
    return fail(copy_error(copy_to, "reserve space for", ENOSPC));
  return {};
}

InputPump::~InputPump() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (reader_.joinable()) reader_.join();
  if (hasher_.joinable()) hasher_.join();
  if (writer_.joinable()) writer_.join();
  if (input_ >= 0) ::close(input_);
  if (copy_ >= 0) ::close(copy_);
  if (copy_ >= 0 && !kept_) ::unlink(copy_path_.c_str());
}

InputPump::Slot* InputPump::free_slot() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop_) return nullptr;
    for (Slot& slot : slots_)
      if (slot.users == 0) return &slot;
    changed_.wait(lock);
  }
}

void InputPump::release(Slot* slot) {
  {
    std::lock_guard lock(mutex_);
    --slot->users;
  }
  changed_.notify_all();
}

void InputPump::end_reading(std::optional<Error> error) {
  {
    std::lock_guard lock(mutex_);
    read_to_end_ = true;
    read_error_ = std::move(error);
  }
  changed_.notify_all();
}

void InputPump::end_writing(std::optional<Error> error) {
  {
    std::lock_guard lock(mutex_);
    copied_ = true;
    write_error_ = std::move(error);
    // Blocks are no longer needed for the copy, or the reader would wait for them.
    for (Slot* slot : to_copy_) --slot->users;
    to_copy_.clear();
  }
  changed_.notify_all();
}

void InputPump::read_all() {
  for (int64_t offset = 0;;) {
    Slot* slot = free_slot();
    if (!slot) return;
    size_t size = 0;
    while (size < block_bytes) {
      const ssize_t n = ::pread(input_, slot->data() + size, block_bytes - size,
                                offset + static_cast<int64_t>(size));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        return end_reading(
            input_error(path_, "cannot read the input", words_of(errno), "check the disk"));
      if (n == 0) break;
      size += static_cast<size_t>(n);
    }
    if (size == 0) break;
    if (size < block_bytes) std::memset(slot->data() + size, 0, padding);
    {
      std::lock_guard lock(mutex_);
      slot->size = size;
      slot->offset = offset;
      slot->users = 2;
      to_caller_.push_back(slot);
      to_hash_.push_back(slot);
      if (copy_ >= 0 && !linked_ && !copied_) {
        ++slot->users;
        to_copy_.push_back(slot);
      }
    }
    changed_.notify_all();
    offset += static_cast<int64_t>(size);
    bytes_ = offset;
    if (size < block_bytes) break;
  }
  end_reading(std::nullopt);
}

// The next block of a queue in its turn; nullptr when there is none to come.
InputPump::Slot* InputPump::take_next(std::deque<Slot*>& queue) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || !queue.empty() || read_to_end_; });
  if (stop_ || queue.empty()) return nullptr;
  Slot* slot = queue.front();
  queue.pop_front();
  return slot;
}

void InputPump::hash_all() {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
  while (Slot* slot = take_next(to_hash_)) {
    EVP_DigestUpdate(hash.get(), slot->data(), slot->size);
    release(slot);
  }
  EVP_DigestFinal_ex(hash.get(), digest_.data(), nullptr);
  {
    std::lock_guard lock(mutex_);
    hashed_ = true;
  }
  changed_.notify_all();
}

Status InputPump::write_block(Slot& slot) {
  size_t length = slot.size;
  if (direct_)
    length = (length + alignment - 1) / alignment * alignment;  // cut off again at the end
  for (size_t done = 0; done < length;) {
    const ssize_t n = ::pwrite(copy_, slot.data() + done, length - done,
                               slot.offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EINVAL && direct_) {  // opened, but the file system refuses after all
      direct_ = false;
      if (::fcntl(copy_, F_SETFL, 0) != 0) return fail(copy_error(copy_path_, "write", errno));
      length = slot.size;
      continue;
    }
    if (n < 0) return fail(copy_error(copy_path_, "write", errno));
    done += static_cast<size_t>(n);
  }
  return {};
}

void InputPump::write_all() {
  if (linked_) return make_durable();
  int64_t written = 0;
  while (Slot* slot = take_next(to_copy_)) {
    written = slot->offset + static_cast<int64_t>(slot->size);
    const Status status = write_block(*slot);
    release(slot);
    if (!status) return end_writing(status.error());
  }
  {
    std::lock_guard lock(mutex_);
    if (stop_ || read_error_) return;
  }
  if (::ftruncate(copy_, written) != 0) return end_writing(copy_error(copy_path_, "cut", errno));
  make_durable();
}

void InputPump::make_durable() {
  if (::fsync(copy_) != 0) return end_writing(copy_error(copy_path_, "sync", errno));
  if (const auto failed = store::sync_directory_of(copy_path_))
    return end_writing(copy_error(copy_path_, "sync the directory of", failed.value()));
  end_writing(std::nullopt);
}

Result<std::string_view> InputPump::next() {
  if (held_) release(held_);
  held_ = nullptr;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !to_caller_.empty() || read_to_end_; });
  if (to_caller_.empty()) {
    if (read_error_) return fail(*read_error_);
    changed_.wait(lock, [&] { return hashed_; });
    return std::string_view();
  }
  held_ = to_caller_.front();
  to_caller_.pop_front();
  return std::string_view(held_->data(), held_->size);
}

Status InputPump::sync_copy() {
  if (copy_ < 0) return {};
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return copied_ || read_error_; });
  if (read_error_) return fail(*read_error_);
  if (write_error_) return fail(*write_error_);
  return {};
}

}  // namespace twolane::patient
