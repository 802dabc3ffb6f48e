// Where the jobs are that a command speaks of: in the home, or at a running server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/shell.h"
#include "base/result.h"
#include "gateway/job_json.h"

namespace twolane::app {

using gateway::JobView;

// Errors: those of the home and its store, or of the server (app/server_jobs.h); usage.job,
// usage.job_ambiguous for a name.
class JobSource {
 public:
  virtual ~JobSource() = default;
  virtual Result<std::vector<JobView>> jobs() = 0;  // newest first, without batches and causes
  virtual Result<JobView> show(const std::string& name) = 0;
  // The lines so far. A pipe that is closed is the error of `write`.
  virtual Result<void> results(const Job& job, const std::function<Status(std::string_view)>& write) = 0;
  // What a command that is suggested needs behind it to speak of the same jobs.
  virtual std::string flag() const = 0;
};

// --server or TWOLANE_SERVER, where the command names no home of its own; empty: the home.
std::string server_of(const Shell& shell);
Result<std::unique_ptr<JobSource>> job_source(const Shell& shell);

}  // namespace twolane::app
