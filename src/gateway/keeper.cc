// The thread of the patient lane, and what its doors share.
#include "gateway/keeper.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <cstdio>

#include "gateway/allowed_models.h"
#include "gateway/job_json.h"
#include "gateway/metric_text.h"
#include "net/event_loop.h"
#include "net/spool.h"
#include "net/wall_clock.h"
#include "patient/output.h"
#include "patient/trouble.h"

namespace twolane::gateway {
namespace {

using wire::Json;

constexpr Duration between_looks = milliseconds(250);
constexpr int keeper_nice = 10;  // interactive calls go first where both want the processor
constexpr int looks_between_counts = 4;  // of what keys spend
constexpr Duration between_sweeps = minutes(1);  // of the shelf

// "at_risk; on_time=0.62; earliest=2026-01-01T06:00:00Z"
std::string promise_text(const plan::Verdict& v) {
  char chance[16];
  std::snprintf(chance, sizeof chance, "%.4g", v.on_time);
  return std::string(name_of(v.kind)) + "; on_time=" + chance +
         (v.earliest.ms == 0 ? std::string() : "; earliest=" + rfc3339(v.earliest));
}

}  // namespace

wire::HttpReply json_reply(const Json& json) {
  return {200, {{"content-type", "application/json"}}, wire::Body(wire::dump(json))};
}

wire::HttpReply no_such(const Ask& ask, std::string what) {
  return refuse(ask.door.dialect, Refusal(404, std::move(what)), ask.id);
}

wire::HttpReply defect(const Ask& ask, const Error& error) {
  std::fprintf(stderr, "%s: %s: %s\n", error.code.c_str(), error.message.c_str(), error.why.c_str());
  return refuse(ask.door.dialect, Refusal(500, "The server could not do this: " + error.message), ask.id);
}

std::optional<wire::HttpReply> refused_at_any_door(const Ask& ask, const Error& error) {
  if (error.code.starts_with("store.") || error.code.starts_with("shelf.")) return defect(ask, error);
  if (error.code != "gateway.model_not_allowed") return std::nullopt;
  std::string said = error.message + '.';
  said.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(said.front())));
  if (error.where.line > 0) said = "Line " + std::to_string(error.where.line) + ": " + error.message + '.';
  return refuse(ask.door.dialect, Refusal(403, std::move(said), "model_not_allowed", "model"), ask.id);
}

Result<std::unique_ptr<Keeper>> Keeper::open(Settings settings, KeyRing& keys) {
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(settings)));
  Settings& s = keeper->settings_;
  keeper->home_ = TRY(store::Home::open(s.home));
  keeper->shelf_ = TRY(Shelf::open(s.home));
  keeper->world_ = std::make_unique<net::LoopWorld>();
  if (!s.clock_origin.empty())
    s.engine.world = "simulator " + TRY(keeper->world_->follow_clock(s.clock_origin, s.speed)).id;
  s.engine.speed = s.speed;
  keeper->engine_ = std::make_unique<patient::Engine>(*keeper->world_, keeper->home_->store(),
                                                      keeper->home_->payloads(), s.engine);
  keeper->spending_ = std::make_unique<Spending>(keys, keeper->home_->store());
  CHECKED(keeper->spending_->load(keeper->now()));
  keeper->tickets_ = std::make_unique<Tickets>(*keeper, s.home + "/doors/tickets.jsonl");
  CHECKED(keeper->tickets_->load());
  if (!s.findings_file.empty()) {
    keeper->findings_ = std::make_unique<Findings>(s.findings_file, s.zone_minutes, s.zone);
    if (const Status read = keeper->findings_->load(); !read)
      std::fprintf(stderr, "findings begin anew: %s\n", read.error().why.c_str());
  }
  CHECKED(keeper->know_owners());
  CHECKED(keeper->take_up_all());
  return keeper;
}

Keeper::~Keeper() {
  stop();
  if (thread_.joinable()) thread_.join();
}

Status Keeper::take_up_all() {
  CHECKED(engine_->recover());
  for (const Job& job : TRY(home_->store().jobs()))
    if (job.world == settings_.engine.world && job.totals.unfinished() > 0) CHECKED(engine_->take_up(job.id));
  return {};
}

// A crash may have forgotten a job and not yet its batch: that one goes now.
Status Keeper::know_owners() {
  for (const Object* batch : shelf_->all(Object::Kind::batch)) {
    const auto id = JobId::from_hex(wire::string_at(batch->about, "job"));
    if (!id || batch->about.contains("gone")) continue;
    if (TRY(home_->store().job(*id))) CHECKED(belongs(*id, batch->owner));
    else CHECKED(shelf_->remove(std::string(batch->id)));
  }
  return {};
}

Status Keeper::belongs(JobId job, std::string_view owner) {
  if (!owners_.insert_or_assign(job, std::string(owner)).second) return {};
  return spending_->watch(job, owner);
}

std::string_view Keeper::owner_of(JobId job) const {
  const auto it = owners_.find(job);
  return it == owners_.end() ? std::string_view() : std::string_view(it->second);
}

void Keeper::start() {
  look();
  thread_ = std::thread([this] {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), keeper_nice);
    world_->run_until([this] { return stopping_.load(std::memory_order_relaxed); });
    engine_->stop();
    const auto until = net::Clock::now() + std::chrono::seconds(5);
    world_->run_until([&] { return engine_->quiet() || net::Clock::now() > until; });
    look_at_spending();
    look_at_findings(true);
  });
}

void Keeper::stop() {
  stopping_ = true;
  world_->loop().post([] {});
}

// Words that other processes left, and whether the engine still works.
void Keeper::look() {
  const auto words = home_->store().words();
  if (words)
    for (const auto& word : *words) {
      const Status obeyed = obey(word);
      if (!obeyed) std::fprintf(stderr, "%s: %s\n", word.verb.c_str(), obeyed.error().message.c_str());
      if (!home_->store().drop_word(word.id)) break;
    }
  if (const auto error = engine_->broken(); error && !broken_) {
    broken_ = true;
    std::fprintf(stderr, "the patient lane stands still: %s: %s\n", error->message.c_str(), error->why.c_str());
  }
  const auto load = engine_->load();
  jobs_open_ = load.open;
  if (misses_foreseen_.exchange(load.misses_foreseen) != load.misses_foreseen) tell_misses();
  if (!broken_) {
    if (const Status looked = tickets_->look(now()); !looked)
      std::fprintf(stderr, "tickets: %s: %s\n", looked.error().message.c_str(), looked.error().why.c_str());
  }
  if (++looks_ % looks_between_counts == 0) look_at_spending();
  if (looks_ % looks_between_counts == 1) look_at_findings(false);
  if (now() >= swept_ + between_sweeps) {
    swept_ = now();
    if (const Status swept = sweep(); !swept)
      std::fprintf(stderr, "retention: %s: %s\n", swept.error().message.c_str(), swept.error().why.c_str());
  }
  if (const Status retired = retire_one(); !retired)
    std::fprintf(stderr, "retention: %s: %s\n", retired.error().message.c_str(), retired.error().why.c_str());
  const auto virtual_pause = static_cast<int64_t>(static_cast<double>(between_looks.ms) * settings_.speed);
  world_->at(world_->now() + milliseconds(std::max<int64_t>(1, virtual_pause)), [this] { look(); });
}

// A deadline that will be missed is said when that is foreseen, and when it no longer is.
void Keeper::tell_misses() {
  const auto jobs = home_->store().jobs();
  if (!jobs) return;
  std::set<JobId> missing;
  for (const Job& job : *jobs) {
    if (job.totals.unfinished() == 0) continue;
    const auto standing = patient::recall_standing(home_->store(), job.id);
    if (!standing || !standing->miss) continue;
    missing.insert(job.id);
    if (missing_.contains(job.id)) continue;
    std::fprintf(stderr, "%s job %s: the deadline %s will be missed; live, the rest takes until %s\n", rfc3339(now()).c_str(),
                 job.id.hex().c_str(), rfc3339(job.deadline).c_str(), rfc3339(standing->miss->finish).c_str());
  }
  for (const JobId id : missing_)
    if (!missing.contains(id) && !engine_->finished(id))
      std::fprintf(stderr, "%s job %s: the deadline can be kept again\n", rfc3339(now()).c_str(), id.hex().c_str());
  missing_ = std::move(missing);
}

std::string Keeper::metrics() const {
  std::string out;
  put_gauge(out, "twolane_jobs_open", jobs_open_);
  put_gauge(out, "twolane_deadline_misses_foreseen", misses_foreseen_);
  return out;
}

void Keeper::follow(std::vector<Books*> books) {
  if (findings_) findings_->follow(std::move(books));
}

void Keeper::look_at_findings(bool last) {
  if (!findings_) return;
  Status looked = findings_->look(net::wall_time());
  if (looked && last) looked = findings_->save();
  if (!looked) std::fprintf(stderr, "%s: %s\n", looked.error().message.c_str(), looked.error().where.file.c_str());
}

wire::Json Keeper::told_findings(std::optional<std::string_view> key, bool whole) {
  look_at_findings(false);
  return findings_ ? findings_->told(net::wall_time(), key, whole) : wire::Json::object();
}

// Keys are limited in real time, whatever the clock of the jobs.
void Keeper::look_at_spending() {
  if (const Status looked = spending_->look(now(), net::wall_time()); !looked)
    std::fprintf(stderr, "spending: %s: %s\n", looked.error().message.c_str(), looked.error().why.c_str());
  if (settings_.clock_origin.empty()) return;
  // For those who read beside this process.
  (void)home_->store().remember(patient::clock_fact(settings_.engine.world), std::to_string(now().ms)).has_value();
}

std::optional<PicoUsd> Keeper::left_of(std::string_view owner) { return spending_->left(owner, net::wall_time()); }

Status Keeper::obey(const store::Word& word) {
  if (word.verb == "forget") return forget(word.job);
  if (word.verb == "retry") CHECKED(spending_->watch_again(word.job, owner_of(word.job)));
  return engine_->obey(word);
}

void Keeper::ask(std::shared_ptr<Ask> ask, std::function<void(wire::HttpReply)> then) {
  world_->loop().post([this, ask = std::move(ask), then = std::move(then)] { then(answer(*ask)); });
}

// What was promised for a job that a request brought goes with the answer to it.
wire::HttpReply Keeper::answer(Ask& ask) {
  if (broken_) return defect(ask, *engine_->broken());
  if (const auto on_time = asked_on_time(ask.headers); !on_time)
    return refuse(ask.door.dialect, Refusal(400, on_time.error().message), ask.id);
  if (const auto steps = asked_steps_after(ask.headers); !steps)
    return refuse(ask.door.dialect, Refusal(400, steps.error().message), ask.id);
  accepted_.reset();
  wire::HttpReply reply = at_its_door(ask);
  if (accepted_) reply.headers.emplace_back("twolane-promise", promise_text(engine_->forecast(*accepted_).promise));
  return reply;
}

wire::HttpReply Keeper::at_its_door(Ask& ask) {
  if (ask.door.want == Want::tickets) return own_objects(*this, ask);
  if (ask.door.want == Want::responses) return response_objects(*this, ask);
  switch (ask.door.dialect) {
    case Dialect::anthropic: return anthropic_batches(*this, ask);
    case Dialect::gemini: return gemini_objects(*this, ask);
    case Dialect::openai: break;
  }
  return openai_objects(*this, ask);
}

std::string Keeper::fresh_id(size_t length) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  while (id.size() < length) id += letters[world_->random() % letters.size()];
  return id;
}

// A crash between the two leaves a job that no batch names; it was not yet taken up, and the client was
// told nothing: see take_up_all().
Result<Job> Keeper::accept(const Ask& ask, Object batch, const Order& order) {
  const auto cap = left_of(batch.owner);
  if (ask.key) CHECKED(check_models(*ask.key, order.path, order.options.input));
  Order salted = order;
  salted.on_time = TRY(asked_on_time(ask.headers)).value_or(order.on_time);
  salted.steps_after = TRY(asked_steps_after(ask.headers));
  salted.options.salt = batch.id;
  Job job = TRY(accept_job(batch.id, batch.owner, salted, cap));
  batch.about["job"] = job.id.hex();
  CHECKED(shelf_->put(std::move(batch)));
  CHECKED(engine_->take_up(job.id));
  accepted_ = job.id;
  return job;
}

// Accepted before by the same name and bytes, it is that job.
Result<Job> Keeper::accept_job(std::string name, std::string_view owner, const Order& order,
                               std::optional<PicoUsd> cap) {
  Job job;
  job.input_name = std::move(name);
  job.world = settings_.engine.world;
  job.accepted = world_->now();
  job.deadline = job.accepted + order.window;
  job.kept = order.kept;
  job.cap = cap;
  const SegmentId fresh{world_->random() | 1};
  auto options = order.options;
  options.sealed = true;  // files of the shelf and of Incoming are written once
  const auto checked = TRY(patient::take_in(order.path, options, job, fresh, settings_.home, home_->store(),
                                            home_->payloads(), false));
  auto stored = TRY(home_->store().job(checked.id));
  if (!stored) return fail("store.unknown_job", "the job is not there");
  patient::Terms terms{std::string(owner), 1, order.on_time, order.steps_after};
  if (settings_.weight_of) terms.weight = settings_.weight_of(owner);
  CHECKED(patient::remember(home_->store(), checked.id, terms));
  CHECKED(belongs(checked.id, owner));
  return std::move(*stored);
}

Status Keeper::check_ids(const Order& order) {
  Job draft;
  draft.world = settings_.engine.world;
  draft.deadline = world_->now() + order.window;
  patient::IntakeOptions options = order.options;
  options.skip_invalid = false;
  const auto checked = patient::take_in(order.path, options, draft, SegmentId{world_->random() | 1}, settings_.home,
                                        home_->store(), home_->payloads(), true);
  if (checked) return {};
  const Error& e = checked.error();
  if (e.code == "input.duplicate_id" || e.where.field.ends_with("custom_id")) return fail(e);
  return {};
}

std::optional<Job> Keeper::job_of(const Object& batch) {
  const auto id = JobId::from_hex(wire::string_at(batch.about, "job"));
  if (!id) return std::nullopt;
  if (const Json* gone = wire::find(batch.about, "gone")) {
    auto view = view_from_json(*gone);
    return view ? std::optional(std::move(view->job)) : std::nullopt;
  }
  auto job = home_->store().job(*id);
  return job ? *job : std::nullopt;
}

Status Keeper::cancel(Object& batch) {
  const auto job = job_of(batch);
  if (!job) return fail("store.unknown_job", "the batch never ran");
  batch.about["cancelled_ms"] = now().ms;
  CHECKED(shelf_->put(batch));
  store::Word word;
  word.job = job->id;
  word.verb = "cancel";
  return engine_->obey(word);
}

Result<wire::Body> Keeper::results(const Object& batch, bool good, bool bad, int64_t skip) {
  const auto job = job_of(batch);
  if (!job) return fail("store.unknown_job", "the batch never ran");
  return lines_of(*job, [&](std::string_view line) {
    const bool succeeded = line.find("\"error\":null") != line.npos && line.find("\"status_code\":200") != line.npos;
    const bool wanted = (good && bad) || (succeeded ? good : bad);
    return wanted && skip-- <= 0;
  });
}

Result<wire::Body> Keeper::lines_of(const Job& job, const std::function<bool(std::string_view line)>& wanted) {
  net::Spool spool(1 << 20, incoming_directory());
  std::string line;  // pieces may end within one
  const auto write = [&](std::string_view piece) -> Status {
    while (!piece.empty()) {
      const size_t end = std::min(piece.find('\n'), piece.size() - 1) + 1;
      line.append(piece.substr(0, end));
      piece.remove_prefix(end);
      if (!line.ends_with('\n')) break;
      if (wanted(line)) CHECKED(spool.append(line));
      line.clear();
    }
    return {};
  };
  CHECKED(patient::write_output(home_->store(), home_->payloads(), job, true, write));
  return spool.take();
}

}  // namespace twolane::gateway
