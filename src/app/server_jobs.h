// Jobs at a running `twolane serve`, over /twolane/v1/jobs (gateway/objects_jobs.cc).
//
// The key comes from TWOLANE_KEY and is sent to that server only. Threads: one. Errors: usage.server (no
// URL), server.unreachable, server.key, server.other (something else answers there), server.answer, and
// those that the server tells.
#pragma once

#include <memory>
#include <string>

#include "app/job_source.h"
#include "net/loop_world.h"
#include "wire/http.h"

namespace twolane::app {

class ServerJobs final : public JobSource {
 public:
  static Result<std::unique_ptr<ServerJobs>> open(const std::string& url);

  Result<std::vector<JobView>> jobs() override;
  Result<JobView> show(const std::string& name) override;
  Status results(const Job& job, const std::function<Status(std::string_view)>& write) override;
  std::string flag() const override { return " --server " + url_; }

  // What `twolane VERB JOB` asks for: the job as it stands then. `argument`: a query, or empty; `body`: null, or
  // which of its requests are meant.
  Result<JobView> ask(const std::string& verb, const std::string& name, const std::string& argument,
                      const wire::Json& body);

 private:
  explicit ServerJobs(std::string url) : url_(std::move(url)) {}
  Result<wire::Json> get(const std::string& path);
  Result<wire::Json> json_of(wire::HttpCall call);
  Result<wire::HttpReply> send(wire::HttpCall call);
  Error refused(const wire::HttpReply& reply) const;

  std::string url_, key_;
  std::unique_ptr<net::LoopWorld> world_;
};

}  // namespace twolane::app
