// The thread of the patient lane, and what its doors share.
#include "gateway/keeper.h"

#include <cstdio>

#include "net/event_loop.h"
#include "net/spool.h"
#include "patient/output.h"

namespace twolane::gateway {
namespace {

using wire::Json;

constexpr Duration between_looks = milliseconds(250);

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

Result<std::unique_ptr<Keeper>> Keeper::open(Settings settings) {
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(settings)));
  Settings& s = keeper->settings_;
  keeper->home_ = TRY(store::Home::open(s.home));
  keeper->shelf_ = TRY(Shelf::open(s.home));
  keeper->world_ = std::make_unique<net::LoopWorld>();
  if (!s.clock_origin.empty())
    s.engine.world = "simulator " + TRY(keeper->world_->follow_clock(s.clock_origin, s.speed)).id;
  keeper->engine_ = std::make_unique<patient::Engine>(*keeper->world_, keeper->home_->store(),
                                                      keeper->home_->payloads(), s.engine);
  keeper->tickets_ = std::make_unique<Tickets>(*keeper, s.home + "/doors/tickets.jsonl");
  CHECKED(keeper->tickets_->load());
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

void Keeper::start() {
  look();
  thread_ = std::thread([this] {
    world_->run_until([this] { return stopping_.load(std::memory_order_relaxed); });
    engine_->stop();
    const auto until = net::Clock::now() + std::chrono::seconds(5);
    world_->run_until([&] { return engine_->quiet() || net::Clock::now() > until; });
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
      const Status obeyed = word.verb == "forget" ? home_->forget(word.job) : engine_->obey(word);
      if (!obeyed) std::fprintf(stderr, "%s: %s\n", word.verb.c_str(), obeyed.error().message.c_str());
      if (!home_->store().drop_word(word.id)) break;
    }
  if (const auto error = engine_->broken(); error && !broken_) {
    broken_ = true;
    std::fprintf(stderr, "the patient lane stands still: %s: %s\n", error->message.c_str(), error->why.c_str());
  }
  if (!broken_) {
    if (const Status looked = tickets_->look(now()); !looked)
      std::fprintf(stderr, "tickets: %s: %s\n", looked.error().message.c_str(), looked.error().why.c_str());
  }
  const auto virtual_pause = static_cast<int64_t>(static_cast<double>(between_looks.ms) * settings_.speed);
  world_->at(world_->now() + milliseconds(std::max<int64_t>(1, virtual_pause)), [this] { look(); });
}

void Keeper::ask(std::shared_ptr<Ask> ask, std::function<void(wire::HttpReply)> then) {
  world_->loop().post([this, ask = std::move(ask), then = std::move(then)] { then(answer(*ask)); });
}

wire::HttpReply Keeper::answer(Ask& ask) {
  if (broken_) return defect(ask, *engine_->broken());
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
  std::optional<PicoUsd> cap;
  if (ask.key && ask.key->rules.budget_per_day) {
    const PicoUsd left = *ask.key->rules.budget_per_day - ask.key->spent_today(now());
    cap = left.n > 0 ? left : PicoUsd{};
  }
  Order salted = order;
  salted.options.salt = batch.id;
  Job job = TRY(accept_job(batch.id, salted, cap));
  batch.about["job"] = job.id.hex();
  CHECKED(shelf_->put(std::move(batch)));
  CHECKED(engine_->take_up(job.id));
  return job;
}

// Accepted before by the same name and bytes, it is that job.
Result<Job> Keeper::accept_job(std::string name, const Order& order, std::optional<PicoUsd> cap) {
  Job job;
  job.input_name = std::move(name);
  job.world = settings_.engine.world;
  job.accepted = world_->now();
  job.deadline = job.accepted + order.window;
  job.kept = order.kept;
  job.cap = cap;
  const SegmentId fresh{world_->random() | 1};
  const auto checked = TRY(patient::take_in(order.path, order.options, job, fresh, settings_.home, home_->store(),
                                            home_->payloads(), false));
  auto stored = TRY(home_->store().job(checked.id));
  if (!stored) return fail("store.unknown_job", "the job is not there");
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
  net::Spool spool(1 << 20, incoming_directory());
  const auto wanted = [&](std::string_view line) {
    if (good && bad) return true;
    const bool succeeded = line.find("\"error\":null") != line.npos && line.find("\"status_code\":200") != line.npos;
    return succeeded ? good : bad;
  };
  std::string line;  // pieces may end within one
  const auto write = [&](std::string_view piece) -> Status {
    while (!piece.empty()) {
      const size_t end = std::min(piece.find('\n'), piece.size() - 1) + 1;
      line.append(piece.substr(0, end));
      piece.remove_prefix(end);
      if (!line.ends_with('\n')) break;
      if (wanted(line) && skip-- <= 0) CHECKED(spool.append(line));
      line.clear();
    }
    return {};
  };
  CHECKED(patient::write_output(home_->store(), home_->payloads(), *job, true, write));
  return spool.take();
}

}  // namespace twolane::gateway
