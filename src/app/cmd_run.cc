// twolane run INPUT: from a file of requests to a file of answers and the bill.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "app/commands.h"
#include "app/config.h"
#include "app/errors_shown.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/find.h"
#include "app/finish.h"
#include "app/input_flags.h"
#include "app/output_file.h"
#include "app/quoting.h"
#include "app/sample.h"
#include "app/signals.h"
#include "app/snapshot.h"
#include "dialect/catalogue.h"
#include "patient/intake.h"
#include "patient/output.h"
#include "patient/standing.h"
#include "patient/token_counting.h"

namespace twolane::app {
namespace {

class Run {
 public:
  explicit Run(const Shell& shell)
      : shell_(shell), flags_(shell.in.run), display_(shell.in.common, shell.zone) {}

  int operator()() {
    if (const auto ready = prepare(); !ready) return shell_.refuse(ready.error(), true);
    if (const auto accepted = accept(); !accepted) return shell_.refuse(accepted.error(), true);
    if (flags_.dry_run) return quote();
    const auto job = home_->store().job(checked_.id);
    if (!job) return shell_.refuse(job.error());
    job_ = **job;
    if (const auto amended = amend(); !amended) return shell_.refuse(amended.error());
    return drive();
  }

 private:
  // Everything that can be wrong before the input is read.
  Status prepare() {
    config_ = TRY(load_config(shell_.in.common.config));
    const Config& config = config_;
    CHECKED(read_options());
    const std::string path = home_directory(shell_.in.common.home, config);
    // A quote may be had beside a running job, except from the simulator inside that job's process.
    const bool beside = flags_.dry_run && !shell_.in.world.sim;
    home_ = TRY(beside ? own_or_look(path) : store::Home::open(path));
    world_ = TRY(open_world(shell_.in.world, config, path, home_->store()));
    if (world_->simulated()) display_.tell("SIMULATED: no money is spent, time is virtual\n");
    deadline_ = TRY(parse_deadline(flags_.by, flags_.within, world_->world().now(), shell_.zone));
    CHECKED(sweep(config.retention));
    CHECKED(check_keys());
    return flags_.dry_run ? Status() : check_output();
  }

  // Only jobs of this world: other worlds have clocks of their own.
  Status sweep(Duration retention) {
    if (!home_->owned() || retention.ms == 0) return {};
    for (const auto& job : TRY(home_->store().jobs()))
      if (job.world == world_->name() && job.finished.ms != 0 && job.totals.unfinished() == 0 &&
          world_->world().now() - job.finished > retention)
        CHECKED(home_->forget(job.id));
    return {};
  }

  // OUT can be written, and is not INPUT.
  Status check_output() {
    output_ = flags_.output.empty() ? patient::default_output_path(flags_.input) : flags_.output;
    std::error_code ignored;
    if (std::filesystem::equivalent(output_, flags_.input, ignored)) {
      Error e;
      e.code = "usage.output";
      e.message = "the answers would replace the requests";
      e.where.field = "-o " + output_;
      e.why = "it is the input file";
      e.next = {"name another file"};
      return fail(std::move(e));
    }
    TRY(OutputFile::create(output_));
    return {};
  }

  Status read_options() {
    options_ = TRY(read_input_flags(flags_));
    if (flags_.again) options_.salt = std::to_string(std::random_device{}()) + '-' + std::to_string(::time(nullptr));
    return {};
  }

  // A model that nobody here has a key for is refused before the input is read.
  Status check_keys() {
    const auto known = world_->accounts();
    for (const auto& target : options_.input.models) {
      const bool there = std::any_of(known.begin(), known.end(),
                                     [&](const auto& a) { return a.provider == target.provider; });
      if (there) continue;
      const auto* entry = dialect::find_provider(target.provider);
      Error e;
      e.code = "config.no_key";
      e.message = "no API key for " + target.provider;
      e.where.field = "--model " + target.provider + '/' + target.model;
      e.why = entry && entry->driven ? std::string(entry->key_env) + " and key_file are both unset"
                                     : "this build runs no batches there";
      e.next = {entry && entry->driven ? "export one, or rehearse with --sim" : "choose another provider"};
      return fail(std::move(e));
    }
    return {};
  }

  Status accept() {
    const Time now = world_->world().now();
    Job job;
    job.input_name = flags_.input;
    job.world = world_->name();
    job.accepted = now;
    job.deadline = deadline_.value_or(now + hours(24));
    job.kept = deadline_.has_value() && !flags_.best_effort;
    cap_ = flags_.max_cost.cap;
    job.cap = cap_;
    if (flags_.sample > 0) job.state = JobState::paused;
    if (flags_.max_cost.quote || flags_.cache) {
      quoting_.emplace(config_, home_->directory());
      options_.see = quoting_->watcher();
    }
    const SegmentId fresh{(static_cast<uint64_t>(std::random_device{}()) << 32 | std::random_device{}()) | 1};
    auto checked = patient::take_in(flags_.input, options_, job, fresh, home_->directory(), home_->store(),
                                    home_->payloads(), flags_.dry_run);
    if (!checked) return fail(with_advice(std::move(checked.error())));
    checked_ = std::move(*checked);
    draft_ = std::move(job);
    if (flags_.max_cost.quote) CHECKED(quote_the_cap());
    if (!flags_.dry_run) CHECKED(set_marks());
    if (!flags_.dry_run && (flags_.steps_after >= 0 || flags_.on_time > 0)) CHECKED(set_terms());
    if (flags_.dry_run || checked_.existed || !checked_.price_known) return {};
    return home_->store().remember(bound_fact(checked_.id), exact_usd(checked_.list_bound));
  }

  // --max-cost quote: the quote's high figure becomes the cap before anything is bought.
  Status quote_the_cap() {
    const QuoteTerms terms{draft_.deadline, deadline_.has_value(), draft_.kept, false,
                           flags_.cache,    PicoUsd{},             flags_.output_tokens};
    const auto choices = TRY(quoting_->answer(terms, checked_.shapes, *world_, home_->store()));
    if (choices.empty()) return {};
    cap_ = TRY(patient::cap_of(choices.front(), draft_.kept));
    draft_.cap = cap_;
    if (flags_.dry_run || checked_.existed) return {};
    Job stored = *TRY(home_->store().job(checked_.id));
    stored.cap = cap_;
    return home_->store().amend(stored);
  }

  // --cache: what is sent from now on gets marks where they pay; without it, none.
  Status set_marks() {
    if (checked_.existed && TRY(home_->store().job(checked_.id))->finished.ms != 0) return {};
    marks_ = flags_.cache ? TRY(quoting_->marks(*world_, home_->store())) : patient::CacheMarks();
    return patient::remember_marks(home_->store(), checked_.id, marks_);
  }

  // --steps-after, --on-time: a job that is known keeps what the command does not name.
  Status set_terms() {
    patient::Terms terms = TRY(patient::recall_terms(home_->store(), checked_.id));
    if (flags_.steps_after >= 0) terms.steps_after = flags_.steps_after;
    if (flags_.on_time > 0) terms.on_time = flags_.on_time;
    return patient::remember(home_->store(), checked_.id, terms);
  }

  // What to do about a price is known here, where the cap was given.
  static Error with_advice(Error e) {
    if (e.code != "money.unknown_price" || !e.next.empty()) return e;
    e.where.field = "--max-cost";
    e.next = {"drop --max-cost, or name a model whose price is known"};
    return e;
  }

  // --dry-run: what was found, and what it can cost at most.
  int quote() {
    std::string out = counted(checked_.requests, "request") + ", " + grouped(checked_.invalid) + " invalid, due " +
                      day_and_time(draft_.deadline, world_->world().now(), shell_.zone) +
                      (draft_.kept ? " (kept)\n" : " (best effort)\n");
    const auto price = [this](PicoUsd p) {
      return checked_.price_known ? "at most " + spoken_usd(p) + " USD\n" : std::string("unknown\n");
    };
    out += "  models    " + escaped(models_of(checked_.shapes)) + '\n';
    out += "  input     about " + grouped(checked_.input_tokens_estimated) + " tokens, estimated\n";
    out += "  batch     " + price(checked_.batch_bound);
    out += "  list      " + price(checked_.list_bound);
    if (checked_.invalid > 0) out += "  invalid   first: " + escaped(checked_.first_invalid.message, 60) + '\n';
    out += checked_.existed ? "known as job " + short_name(checked_.id) + ". Nothing was bought.\n"
                            : "Nothing was bought.\n";
    if (!shell_.in.common.json) shell_.print(out);
    auto object = good_answer();
    object["job"] = checked_.id.hex();
    object["dry_run"] = true;
    object["known"] = checked_.existed;
    object["requests"] = checked_.requests;
    object["invalid"] = checked_.invalid;
    object["deadline"] = rfc3339(draft_.deadline);
    object["kept"] = draft_.kept;
    object["input_bytes"] = checked_.input_bytes;
    object["input_tokens_estimated"] = checked_.input_tokens_estimated;
    const bool known = checked_.price_known;
    object["batch_bound_usd"] = known ? wire::Json(exact_usd(checked_.batch_bound)) : wire::Json(nullptr);
    object["list_bound_usd"] = known ? wire::Json(exact_usd(checked_.list_bound)) : wire::Json(nullptr);
    object["cost_usd"] = "0.00";
    object["error"] = nullptr;
    shell_.answer(object);
    return 0;
  }

  bool over() const { return job_.totals.unfinished() == 0 && job_.finished.ms != 0; }

  // What this command line says of a job that is known already.
  Status amend() {
    if (!checked_.existed || over()) return {};
    const Time now = world_->world().now(), before = job_.deadline;
    if (deadline_) {
      job_.deadline = *deadline_;
      job_.kept = true;
    }
    if (flags_.best_effort) job_.kept = false;
    if (flags_.max_cost.given) job_.cap = cap_;
    if (flags_.sample > 0 && job_.state == JobState::running) job_.state = JobState::paused;
    else if (flags_.sample == 0 && job_.state == JobState::paused) job_.state = JobState::running;
    CHECKED(home_->store().amend(job_));
    std::string text = "job " + short_name(job_.id) + " goes on: " +
                       grouped(job_.requests - job_.totals.unfinished()) + " of " + grouped(job_.requests) +
                       " done, deadline ";
    if (before == job_.deadline) text += "still " + day_and_time(before, now, shell_.zone);
    else text += "moved from " + day_and_time(before, now, shell_.zone) + " to " +
                 day_and_time(job_.deadline, now, shell_.zone);
    display_.tell(text + '\n');
    return {};
  }

  patient::Settings settings() const {
    patient::Settings s;
    s.accounts = world_->accounts();
    s.world = world_->name();
    s.probe = !flags_.no_probe;
    if (!shell_.in.world.sim) s.speed = shell_.in.world.speed.value_or(1);
    s.output_tokens = flags_.output_tokens;
    return s;
  }

  int drive() {
    count_interrupts();
    Finishing finishing{flags_.input, output_, false, began_};
    Driver driver(*world_, *home_, display_, settings());
    Watcher watcher(home_->store(), job_, list_most());
    if (over()) {
      display_.tell("job " + short_name(job_.id) + " is done already: its result again (--again buys anew)\n");
      return finish(shell_, *home_, driver, *world_, display_, watcher, {}, finishing);
    }
    if (const auto started = start(driver, watcher); !started) {
      Driven stopped;
      stopped.error = started.error();
      return finish(shell_, *home_, driver, *world_, display_, watcher, stopped, finishing);
    }
    Driven driven;
    bool rest = true;
    if (flags_.sample > 0) {
      Sample sample{shell_, *home_, driver, *world_, display_, watcher, checked_.list_bound};
      rest = sample.buy(job_, flags_.sample, driven);
      finishing.sampled = !rest;
    }
    if (rest) driven = driver.drive(job_.id, watcher);
    driver.settle_down();
    learn();
    return finish(shell_, *home_, driver, *world_, display_, watcher, driven, finishing);
  }

  // What the answers' usage says of our estimates. Quotes are better for it; nothing depends on it.
  void learn() {
    const auto job = home_->store().job(job_.id);
    if (!job || !*job || (*job)->totals.unfinished() > 0) return;
    if (const auto learned = patient::learn_tokens(home_->store(), home_->payloads(), **job); !learned)
      display_.warn("nothing was learned about token counts: " + learned.error().message + '\n');
    if (const auto learned = patient::learn_hits(home_->store(), **job); !learned)
      display_.warn("nothing was learned about cache hits: " + learned.error().message + '\n');
  }

  Status start(Driver& driver, Watcher& watcher) {
    std::error_code ignored;
    CHECKED(home_->store().remember(output_fact(job_.id), std::filesystem::absolute(output_, ignored).string()));
    display_.begin(TRY(watcher.look(nullptr, world_->shown_now())));
    std::string text = "checked: " + grouped(checked_.invalid) + " invalid, ";
    text += checked_.price_known ? spoken_usd(checked_.batch_bound) + " USD at most in batches" : "price unknown";
    if (job_.cap) text += ", cap " + spoken_usd(*job_.cap);
    const int64_t marked = marks_.requests();
    if (flags_.cache)
      text += marked > 0 ? ", cache marks for " + counted(marked, "request") : ", no cache mark would pay";
    display_.change(world_->shown_now(), text);
    CHECKED(driver.engine().recover());
    CHECKED(driver.engine().take_up(job_.id));
    const auto promise = driver.engine().forecast(job_.id).promise;
    const std::string promised = promise_text(promise, world_->shown_now(), shell_.zone);
    if (job_.kept && !promised.empty()) display_.warn(promised);
    if (job_.kept && job_.cap && checked_.price_known)
      if (const std::string risk = cap_risk_text(*job_.cap, checked_.batch_bound, checked_.list_bound); !risk.empty()) display_.warn(risk);
    return {};
  }

  PicoUsd list_most() const {
    if (checked_.price_known) return checked_.list_bound;
    const auto remembered = home_->store().recall(bound_fact(job_.id));
    if (!remembered || remembered->empty()) return {};
    const auto amount = parse_usd(*remembered);
    return amount ? *amount : PicoUsd{};
  }

  const Shell& shell_;
  const RunFlags& flags_;
  Display display_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  patient::IntakeOptions options_;
  std::unique_ptr<store::Home> home_;
  std::unique_ptr<RunWorld> world_;
  std::optional<Time> deadline_;
  Config config_;
  std::optional<Quoting> quoting_;
  patient::CacheMarks marks_;
  std::optional<PicoUsd> cap_;
  patient::Checked checked_;
  Job draft_, job_;
  std::string output_;
};

}  // namespace

int run_command(const Shell& shell) { return Run(shell)(); }

}  // namespace twolane::app
