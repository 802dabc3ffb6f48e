// Where the jobs are that a command speaks of.
#include "app/job_source.h"

#include <cstdlib>

#include "app/config.h"
#include "app/find.h"
#include "app/server_jobs.h"
#include "app/worlds.h"
#include "patient/output.h"
#include "store/home.h"

namespace twolane::app {
namespace {

// Read beside whoever owns the home.
class HomeJobs final : public JobSource {
 public:
  explicit HomeJobs(std::string directory) : directory_(std::move(directory)) {}

  Result<std::vector<JobView>> jobs() override {
    std::vector<JobView> views;
    if (const Status opened = open(); !opened) {
      if (opened.error().code == "store.absent") return views;
      return fail(opened.error());
    }
    for (auto& job : TRY(home_->store().jobs())) {
      const Time now = known_time(job.world, home_->store());
      views.push_back({std::move(job), now, {}, {}});
    }
    return views;
  }

  Result<JobView> show(const std::string& name) override {
    CHECKED(open());
    JobView view;
    view.job = TRY(find_job(home_->store(), name));
    view.now = known_time(view.job.world, home_->store());
    view.batches = TRY(home_->store().batches_of(view.job.id));
    view.causes = TRY(patient::causes_of(home_->store(), view.job));
    const auto standing = TRY(patient::recall_standing(home_->store(), view.job.id));
    view.promise = standing.promise;
    view.miss = standing.miss;
    view.takeover = standing.takeover;
    view.cut = TRY(patient::recall_cut(home_->store(), view.job.id)).count();
    return view;
  }

  Status results(const Job& job, const std::function<Status(std::string_view)>& write) override {
    CHECKED(open());
    return patient::write_output(home_->store(), home_->payloads(), job, true, write);
  }

  std::string flag() const override { return {}; }

 private:
  Status open() {
    if (!home_) home_ = TRY(store::Home::beside(directory_));
    return {};
  }

  std::string directory_;
  std::unique_ptr<store::Home> home_;
};

}  // namespace

std::string server_of(const Shell& shell) {
  if (!shell.in.job.server.empty()) return shell.in.job.server;
  const char* named = std::getenv("TWOLANE_SERVER");
  return named && shell.in.common.home.empty() ? named : "";
}

Result<std::unique_ptr<JobSource>> job_source(const Shell& shell) {
  const auto config = TRY(load_config(shell.in.common.config));
  if (const std::string server = server_of(shell); !server.empty()) return TRY(ServerJobs::open(server));
  return std::make_unique<HomeJobs>(home_directory(shell.in.common.home, config));
}

}  // namespace twolane::app
