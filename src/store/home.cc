// See home.h.
#include "store/home.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "store/sqlite/sqlite_store.h"

namespace twolane::store {
namespace {

constexpr const char* database = "/twolane.db";

// The process that the lock file names, as text; empty if it names none.
std::string owner_in(int fd) {
  char text[32];
  const ssize_t n = ::pread(fd, text, sizeof text, 0);
  std::string owner(text, n > 0 ? static_cast<size_t>(n) : 0);
  const size_t end = owner.find_first_not_of("0123456789");
  return owner.substr(0, end);
}

std::unexpected<Error> busy(const std::string& directory, const std::string& owner) {
  Error error;
  error.code = "home.busy";
  error.message = "another twolane works in " + directory;
  error.why = owner.empty() ? "one process owns a home at a time"
                            : "process " + owner + " owns it; one process does at a time";
  error.next = {"twolane jobs, twolane show JOB and twolane results JOB read beside it",
                "wait for it to end, or use another directory: --home DIR"};
  return fail(std::move(error));
}

}  // namespace

Home::Home(std::string directory, std::unique_ptr<Disk> disk)
    : directory_(std::move(directory)), disk_(std::move(disk)), payloads_(*disk_) {}

Home::~Home() {
  store_.reset();  // closed before another process may own it
  if (lock_ >= 0) ::close(lock_);
}

Status Home::take_lock() {
  const std::string path = directory_ + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail("store.io", "cannot open " + path, std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const std::string owner = owner_in(fd);
    ::close(fd);
    if (reason == EWOULDBLOCK) return busy(directory_, owner);
    return fail("store.io", "cannot lock " + path, std::strerror(reason));
  }
  lock_ = fd;
  const std::string owner = std::to_string(::getpid()) + "\n";
  // Only for the error message of others: a lock without a readable owner is still a lock.
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, owner.data(), owner.size(), 0) < 0)
    return fail("store.io", "cannot write " + path, std::strerror(errno));
  return {};
}

Status Home::remove_leftovers() {
  auto live = TRY(store_->live_segments());
  std::sort(live.begin(), live.end());
  for (const SegmentId id : TRY(payloads_.list()))
    if (!std::binary_search(live.begin(), live.end(), id)) CHECKED(payloads_.remove(id));
  return {};
}

Result<std::unique_ptr<Home>> Home::open(const std::string& directory) {
  auto disk = TRY(posix_disk(directory));
  std::unique_ptr<Home> home(new Home(directory, std::move(disk)));
  CHECKED(home->take_lock());
  CHECKED(home->payloads_.prepare());
  home->store_ = TRY(open_sqlite(directory + database));
  CHECKED(home->remove_leftovers());
  return home;
}

Result<std::unique_ptr<Home>> Home::beside(const std::string& directory) {
  auto store = open_sqlite_beside(directory + database);
  if (!store && store.error().code == "store.older") {
    // Nobody may own it: then it can be brought up to date on the way.
    if (auto owner = open(directory); !owner) return fail(std::move(owner).error());
    store = open_sqlite_beside(directory + database);
  }
  if (!store) return fail(std::move(store).error());
  auto disk = TRY(posix_disk(directory));
  std::unique_ptr<Home> home(new Home(directory, std::move(disk)));
  home->store_ = std::move(*store);
  return home;
}

Status Home::forget(JobId job) {
  for (const SegmentId segment : TRY(store_->forget(job))) CHECKED(payloads_.remove(segment));
  return {};
}

Result<int64_t> Home::sweep(Time now, Duration retention) {
  int64_t forgotten = 0;
  for (const Job& job : TRY(store_->jobs())) {
    const bool over = job.state == JobState::done || job.state == JobState::cancelled;
    if (!over || job.finished == Time{} || job.finished + retention >= now) continue;
    auto done = forget(job.id);
    // A cancelled job may still wait for what its provider bills: next time.
    if (!done && done.error().code == "store.active") continue;
    CHECKED(std::move(done));
    ++forgotten;
  }
  return forgotten;
}

}  // namespace twolane::store
