// twolane cancel, retry, pause, resume, promote, deadline: what people ask of a job afterwards.
//
// A process that owns the home is left a word and obeys it. When there is none, cancel, retry, promote and
// resume take the job to its end here; pause and deadline only change what is stored.
#include "app/commands.h"
#include "app/config.h"
#include "app/errors_shown.h"
#include "app/figures.h"
#include "app/find.h"
#include "app/finish.h"
#include "app/job_source.h"
#include "app/signals.h"
#include "app/snapshot.h"
#include "app/verbs.h"
#include "patient/asking.h"

namespace twolane::app {
namespace {

class Amend {
 public:
  explicit Amend(const Shell& shell) : shell_(shell), display_(shell.in.common, shell.zone) {}

  Result<int> operator()() {
    config_ = TRY(load_config(shell_.in.common.config));
    home_ = TRY(own_or_look(home_directory(shell_.in.common.home, config_)));
    job_ = TRY(find_job(home_->store(), shell_.in.job.job));
    word_.job = job_.id;
    word_.verb = verb_of(shell_.in.verb);
    CHECKED(patient::may_be_asked(job_, word_.verb));
    CHECKED(find_requests());
    if (!home_->owned()) return leave_word();
    CHECKED(open());
    if (shell_.in.verb == Verb::pause || shell_.in.verb == Verb::deadline) return amend();
    return work();
  }

 private:
  // Which of its requests are meant, if not all.
  Status find_requests() {
    const JobFlags& flags = shell_.in.job;
    if (!flags.requests.empty())
      some_ = TRY(patient::find_requests(home_->store(), home_->payloads(), job_, flags.requests));
    if (!flags.rows.empty()) {
      const IndexRanges on_rows = TRY(patient::requests_on(home_->store(), job_, flags.rows));
      for (const IndexRange& range : on_rows.all()) some_.add(range);
    }
    word_.argument = some_.text();
    return {};
  }

  // The world in which the job lives, whatever the flags of its run were.
  Status open() {
    WorldFlags flags = shell_.in.world;
    if (const auto embedded = parse_embedded_name(job_.world)) {
      flags.sim = embedded->scenario;
      flags.seed = embedded->seed;
    }
    world_ = TRY(open_world(flags, config_, home_->directory(), home_->store()));
    return {};
  }

  Result<Time> deadline(Time now) {
    const auto t = TRY(parse_deadline(shell_.in.job.by, shell_.in.job.within, now, shell_.zone));
    return *t;
  }

  Result<int> leave_word() {
    if (shell_.in.verb == Verb::deadline)
      word_.argument = rfc3339(TRY(deadline(known_time(job_.world, home_->store())))) +
                       std::string(shell_.in.job.best_effort ? patient::best_effort_mark : "");
    CHECKED(home_->store().leave_word(word_));
    shell_.remark("job " + short_name(job_.id) + ": the process that owns the home was asked to " + std::string(asked_to(shell_.in.verb)) +
                  (some_.empty() ? "" : ' ' + counted(some_.count(), "request")) + '\n' +
                  "next  twolane show " + short_name(job_.id) + '\n');
    return answer(true);
  }

  Result<int> amend() {
    std::string text = "job " + short_name(job_.id) + ": ";
    if (shell_.in.verb == Verb::pause) {
      if (job_.state == JobState::running) job_.state = JobState::paused;
      text += "paused, batches at the providers go on";
    } else {
      const Time now = world_->world().now();
      job_.deadline = TRY(deadline(now));
      job_.kept = !shell_.in.job.best_effort;
      text += "due " + day_and_time(job_.deadline, now, shell_.zone) + (job_.kept ? ", kept" : ", best effort");
    }
    CHECKED(home_->store().amend(job_));
    shell_.remark(text + "\nnext  twolane resume " + short_name(job_.id) + '\n');
    return answer(false);
  }

  Result<int> answer(bool left_word) {
    const auto job = TRY(home_->store().job(job_.id));
    auto object = good_answer();
    object.update(job_json(job ? *job : job_, job_.deadline));
    object["left_word"] = left_word;
    object["error"] = nullptr;
    shell_.answer(object);
    return 0;
  }

  Result<int> work() {
    count_interrupts();
    if (world_->simulated()) display_.tell("SIMULATED: no money is spent, time is virtual\n");
    if (world_->name() != job_.world) return fail(other_world());
    patient::Settings settings;
    settings.accounts = world_->accounts();
    settings.world = world_->name();
    Driver driver(*world_, *home_, display_, std::move(settings));
    const auto bound = parse_usd(TRY(home_->store().recall(bound_fact(job_.id))));
    Watcher watcher(home_->store(), job_, bound ? *bound : PicoUsd{});
    display_.begin(TRY(watcher.look(nullptr, world_->shown_now())));
    const std::string output = TRY(home_->store().recall(output_fact(job_.id)));
    const Finishing finishing{job_.input_name, output, false, began_};
    CHECKED(driver.engine().recover());
    CHECKED(driver.engine().obey(word_));
    const Driven driven = drive(driver, watcher);
    driver.settle_down();
    return finish(shell_, *home_, driver, *world_, display_, watcher, driven, finishing);
  }

  // A paused job goes on when all of it is meant; a single request of it is taken to its outcome alone.
  Driven drive(Driver& driver, Watcher& watcher) {
    const auto row = watcher.job();
    if (!row || row->state != JobState::paused) return driver.drive(job_.id, watcher);
    if (word_.argument.empty()) {
      if (const auto obeyed = driver.engine().obey({0, job_.id, "resume", ""}); !obeyed) return {false, obeyed.error()};
      return driver.drive(job_.id, watcher);
    }
    return driver.drive_until(job_.id, watcher, [&] {
      if (!driver.engine().quiet() || !driver.engine().has_withdrawn(job_.id)) return false;
      if (shell_.in.verb == Verb::cancel) return true;
      const auto request = home_->store().request(job_.id, some_.all().front().from);
      return !request || !*request || (*request)->state != RequestState::live;
    });
  }

  Error other_world() {
    Error e;
    e.code = "config.world";
    e.message = "job " + short_name(job_.id) + " belongs to other providers than those configured";
    e.where.note = job_.world;
    e.why = "its batches are there, and only there";
    e.next = {"set the base URLs (and --speed) as they were when it was run"};
    return e;
  }

  const Shell& shell_;
  Display display_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Config config_;
  std::unique_ptr<store::Home> home_;
  std::unique_ptr<RunWorld> world_;
  Job job_;
  store::Word word_;
  IndexRanges some_;  // of its requests; none: the job as a whole is meant
};

}  // namespace

int amend_command(const Shell& shell) {
  if (!server_of(shell).empty()) return amend_on_server(shell);
  const auto done = Amend(shell)();
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app
