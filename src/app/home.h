// The state directory at hand: owned by this process, or read beside the process that owns it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model/job.h"
#include "store/disk.h"
#include "store/home.h"
#include "store/payloads.h"
#include "store/store.h"

namespace twolane::app {

struct Home {
  std::string path;
  std::optional<store::HomeLock> lock;  // set: owned
  std::unique_ptr<store::Disk> disk;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Payloads> payloads;

  bool owned() const { return lock.has_value(); }
};

// Error store.busy when another process owns it.
Result<Home> own_home(const std::string& path);
// Error store.absent when there is nothing yet.
Result<Home> look_into_home(const std::string& path);
// Owned if nobody else does, beside its owner otherwise.
Result<Home> own_or_look(const std::string& path);

// The job whose name begins with these digits. Errors: usage.job, usage.job_ambiguous.
Result<Job> find_job(store::Store& store, const std::string& prefix);

// The request of a job with that custom_id, or else on that line of its input. Reads the input once.
// Error usage.request.
Result<int64_t> find_request(store::Store& store, store::Payloads& payloads, const Job& job,
                             const std::string& name);

}  // namespace twolane::app
