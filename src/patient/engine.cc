// The engine's face, its jobs at work, and the planning loop.
#include "patient/engine.h"

#include <algorithm>
#include <cmath>

#include "patient/core.h"
#include "patient/trouble.h"

namespace twolane::patient {

constexpr Duration hold_retry = minutes(10);  // a provider without credit is asked again after this

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

Engine::Engine(net::World& world, store::Store& store, store::Payloads& payloads, Settings settings,
               std::function<void(const Notice&)> notice)
    : core_(std::make_unique<Core>(world, store, payloads, std::move(settings), std::move(notice))) {}
Engine::~Engine() = default;

Status Engine::recover() { return core_->recover(); }
Status Engine::take_up(JobId job) { return core_->take_up(job); }
Status Engine::buy_live(JobId job, const std::vector<int64_t>& indexes) {
  return core_->buy_live(job, indexes);
}
Status Engine::obey(const store::Word& word) { return core_->obey(word); }
bool Engine::has_withdrawn(JobId job) const {
  return std::none_of(core_->batches.begin(), core_->batches.end(), [&](const auto& entry) {
    const BatchAtWork& b = entry.second;
    const auto some = [](const auto& of_job) { return of_job.second > 0; };
    const auto unwanted = b.unwanted.find(job);
    const bool to_end = unwanted != b.unwanted.end() && unwanted->second > 0 && std::none_of(b.unfinished.begin(), b.unfinished.end(), some);
    return to_end && b.row.state < BatchState::ended && !(b.row.cancelling() && b.cancel_sent);
  });
}
bool Engine::let_go(JobId job) { return core_->let_go(job); }
void Engine::stop() { core_->stopping = true; }
bool Engine::quiet() const {
  return core_->calls == 0 && core_->heard_live.empty() && !core_->settling_live;
}
bool Engine::finished(JobId job) const { return core_->finished(job); }
std::optional<Error> Engine::broken() const { return core_->broken; }
std::optional<Error> Engine::held(JobId job) const {
  auto j = core_->jobs.find(job);
  return j == core_->jobs.end() ? std::nullopt : j->second.trouble;
}

Engine::Forecast Engine::forecast(JobId id) const {
  Forecast f;
  auto j = core_->jobs.find(id);
  if (j == core_->jobs.end()) return f;
  f.takeover = core_->takeover(j->second);
  const Standing& standing = j->second.standing;
  f.miss = standing.miss;
  if (standing.promise) f.promise = *standing.promise;
  if (standing.miss) f.finish = standing.miss->finish;
  for (const auto& [batch_id, batch] : core_->batches) {
    if (!batch.jobs.contains(id) || batch.next_look.ms == 0) continue;
    if (f.next_at.ms != 0 && batch.next_look >= f.next_at) continue;
    f.next_at = batch.next_look;
    f.next = batch.row.state == BatchState::submitted ? "poll" : "go on with a batch";
    if (!batch.row.said.empty()) f.next += " (last: " + batch.row.said + ")";
  }
  return f;
}

Engine::Load Engine::load() const {
  Load load;
  for (const auto& [id, job] : core_->jobs) {
    if (job.job.totals.unfinished() == 0) continue;
    ++load.open;
    if (job.standing.miss) ++load.misses_foreseen;
  }
  return load;
}

Engine::Core::Core(net::World& w, store::Store& s, store::Payloads& p, Settings set,
                   std::function<void(const Notice&)> n)
    : world(w), store(s), payloads(p), settings(std::move(set)), notice(std::move(n)) {
  for (const Account& account : settings.accounts) {
    const dialect::ProviderEntry* entry = dialect::find_provider(account.provider);
    if (entry == nullptr) continue;
    Line line;
    line.account = account;
    line.entry = entry;
    line.api = &dialect::batch_api(entry->dialect);
    line.per_minute = account.live_per_minute;
    line.refilled = world.now();
    recall_pace(line);
    tell_plan(lines.emplace(account.provider, std::move(line)).first->second);
    recall_live(account.provider);
    offer_flex(account.provider);
  }
  if (settings.batch_requests > 0) plan.batch_requests = settings.batch_requests;
}

Line* Engine::Core::line_of(std::string_view provider) {
  auto l = lines.find(provider);
  return l == lines.end() ? nullptr : &l->second;
}

void Engine::Core::broke(Error error) {
  if (!broken) broken = std::move(error);
  stopping = true;
}

bool Engine::Core::ok(const Status& status) {
  if (!status) broke(status.error());
  return status.has_value();
}

void Engine::Core::note(JobId job, std::string text) {
  if (notice) notice(Notice{now(), job, std::move(text)});
}

void Engine::Core::call(wire::HttpCall call, std::function<void(wire::HttpResult)> then) {
  ++calls;
  world.call(std::move(call), guarded([this, then = std::move(then)](wire::HttpResult result) {
               --calls;
               if (!broken) then(std::move(result));
             }));
}

// ---------------------------------------------------------------- jobs

Status Engine::Core::recover() {
  for (Batch& row : TRY(store.unfinished_batches())) {
    CHECKED(recover_batch(std::move(row)));
    if (broken) return fail(*broken);
  }
  for (CachedContent& row : TRY(store.unfinished_contents())) CHECKED(recover_content(std::move(row)));
  changed();
  return {};
}

// A batch is followed for whichever job it works, except for jobs of another world (a simulator's, other
// accounts') and providers that this process has no key for: those wait for a process that has.
Status Engine::Core::recover_batch(Batch row) {
  const BatchId id = row.id;
  BatchAtWork batch;
  batch.line = line_of(row.provider);
  if (batch.line == nullptr) {
    note({}, "a batch at " + row.provider + " waits for that provider's key");
    return {};
  }
  batch.row = std::move(row);
  batch.spec = {id.hex(), batch.row.endpoint, batch.row.model, batch.row.requests};
  const std::vector<store::Member> members = TRY(store.members(id));
  for (const store::Member& m : members) {
    if (batch.jobs.insert(m.job).second && !jobs.contains(m.job)) {
      JobAtWork* job = TRY(load_job(m.job));
      if (job->job.world != settings.world) {
        forget_stages(m.job);
        jobs.erase(m.job);
        return {};
      }
    }
  }
  count_waiting(batch, members);
  BatchAtWork& at_work = batches.emplace(id, std::move(batch)).first->second;
  tell_plan(at_work);
  if (at_work.wave()) {
    recover_wave(at_work);
  } else if (at_work.row.state != BatchState::submitting || save(at_work, BatchState::doubtful)) {
    later(at_work, Duration{0});
  }
  return {};
}

Result<JobAtWork*> Engine::Core::load_job(JobId id) {
  std::optional<Job> row = TRY(store.job(id));
  if (!row) return fail("store.unknown_job", "no job " + id.hex());
  JobInput input = TRY(JobInput::open(*row, payloads));
  input.set_marks(TRY(recall_marks(store, id)));
  const bool known = jobs.contains(id);
  JobAtWork& job = jobs[id];
  if (!known) job.standing = TRY(recall_standing(store, id));
  if (!known) job.cut = TRY(recall_cut(store, id));
  job.terms = TRY(recall_terms(store, id));
  std::vector<ShapeAtWork> before = std::move(job.shapes);
  job.shapes.clear();
  job.input = std::move(input);
  job.job = std::move(*row);
  job.trouble = trouble_from_json(job.job.trouble);
  for (Shape& shape : TRY(store.shapes(id))) {
    ShapeAtWork s;
    s.open = TRY(store.open_count(id, shape.number));
    const std::string chosen = TRY(store.recall(target_fact(id, shape.number)));
    if (!chosen.empty()) s.target = std::min<size_t>(std::stoul(chosen), shape.targets.size() - 1);
    const auto number = static_cast<size_t>(shape.number);
    if (number < job.standing.returned.size()) s.returned = job.standing.returned[number];
    if (number < before.size()) s.trying = before[number].trying;
    s.shape = std::move(shape);
    job.shapes.push_back(std::move(s));
  }
  job.level_requests.assign(1, 0);
  for (const ShapeAtWork& s : job.shapes) {
    const auto level = static_cast<size_t>(s.shape.steps_after);
    job.level_requests.resize(std::max(job.level_requests.size(), level + 1));
    job.level_requests[level] += s.shape.requests;
  }
  job.needs.clear();
  job.needs_from = std::numeric_limits<int64_t>::min() / 2;
  look_at_levels(job);
  tell_plan(job);
  return &job;
}

Status Engine::Core::take_up(JobId id) {
  JobAtWork* job = TRY(load_job(id));
  job->active = true;
  for (const ShapeAtWork& s : job->shapes)
    if (const std::string& provider = s.shape.targets[s.target].provider; line_of(provider) == nullptr)
      return fail(no_key(provider));
  tell_plan(*job);
  look_at_promise(*job);
  takeovers_told = {};  // told with the next plan
  close_cancelled(*job);
  job->capped = false;
  if (job->trouble) release(*job, std::string(job->trouble->code));  // what holds it will say so again
  conclude(id);
  changed();
  if (broken) return fail(*broken);
  return {};
}

Status Engine::Core::refresh(JobAtWork& job) {
  std::optional<Job> row = TRY(store.job(job.job.id));
  if (!row) return fail("store.unknown_job", "no job " + job.job.id.hex());
  job.job.totals = row->totals;
  job.job.last_answer = row->last_answer;
  return {};
}

void Engine::Core::hold(JobAtWork& job, Error error) {
  if (job.trouble && job.trouble->code == error.code) return;
  note(job.job.id, error.message);
  job.job.trouble = trouble_to_json(error);
  job.trouble = std::move(error);
  ok(store.amend(job.job));
  tell_plan(job);
  if (job.trouble->retryable)
    world.at(now() + hold_retry, guarded([this, id = job.job.id, code = job.trouble->code] {
               if (auto j = jobs.find(id); j != jobs.end()) release(j->second, code);
             }));
}

void Engine::Core::release(JobAtWork& job, std::string_view code) {
  if (!job.trouble || job.trouble->code != code) return;
  job.trouble.reset();
  job.job.trouble.clear();
  ok(store.amend(job.job));
  tell_plan(job);
  changed();
}

bool Engine::Core::finished(JobId id) const {
  auto found = jobs.find(id);
  if (found == jobs.end()) return true;
  const JobAtWork& job = found->second;
  const bool capped = job.trouble && job.trouble->code == "money.cap";
  const Totals& t = job.job.totals;
  if (t.unfinished() > 0 && !(capped && t.of(RequestState::batched) + t.of(RequestState::live) == 0))
    return false;
  const auto is_its = [&](const auto& content) { return content.second.row.job == id; };
  if (std::any_of(contents.begin(), contents.end(), is_its)) return false;  // its fee is still open
  return std::none_of(batches.begin(), batches.end(), [&](const auto& entry) {
    const BatchAtWork& b = entry.second;
    return b.jobs.contains(id) && !b.given_up && b.row.state != BatchState::settled;
  });
}

bool Engine::Core::let_go(JobId id) {
  if (!finished(id)) return false;
  for (auto& [batch_id, batch] : batches) {
    batch.jobs.erase(id);
    std::erase_if(batch.unfinished, [&](const auto& waiting) { return at_stage(waiting.first)->job.id == id; });
    batch.unwanted.erase(id);
  }
  if (jobs.erase(id) > 0) forget_stages(id);
  std::erase_if(stages, [&](const auto& stage) { return stage.second.job == id; });
  return true;
}

void Engine::Core::conclude(JobId id) {
  auto found = jobs.find(id);
  if (found == jobs.end() || !finished(id)) return;
  JobAtWork& job = found->second;
  if (job.job.totals.unfinished() > 0 || job.job.state == JobState::done ||
      job.job.state == JobState::cancelled)
    return;
  job.job.state = job.job.state == JobState::cancelling ? JobState::cancelled : JobState::done;
  job.job.finished = job.job.last_answer.ms != 0 ? job.job.last_answer : now();
  job.job.trouble.clear();
  job.trouble.reset();
  ok(store.amend(job.job));
  if (job.standing.miss && job.job.totals.late == 0 && job.job.totals.of(RequestState::expired) == 0) {
    job.standing.miss.reset();
    keep_standing(job);
  }
  forget_stages(id);
}

// ---------------------------------------------------------------- planning

plan::Lane Engine::Core::lane_of(const ShapeAtWork& s, size_t number) const {
  const Target& target = s.shape.targets[number];
  auto endpoint = dialect::endpoint_at(target.provider, s.shape.endpoint, ServiceTier::batch);
  return {target.provider, endpoint ? *endpoint : s.shape.endpoint, target.model};
}

void Engine::Core::tell_plan(JobAtWork& job) {
  const Job& j = job.job;
  const bool paused = !job.active || j.state == JobState::paused || j.state == JobState::cancelling || job.trouble;
  tell_stages(job, {.id = j.id, .accepted = j.accepted, .deadline = j.deadline, .kept = j.kept, .paused = paused, .capped = job.capped,
                                      .rush = job.standing.rush, .requests = j.requests - job.cut.count(), .on_time = job.terms.on_time,
                                      .tenant = tenant_of(job.terms.owner), .weight = job.terms.weight,
                                      .steps_after = job.terms.steps_after, .restarts = job.standing.restarts});
  for (ShapeAtWork& shape : job.shapes) tell_plan(job, shape);
}

void Engine::Core::tell_plan(JobAtWork& job, ShapeAtWork& s) {
  if (is_open(job, s.shape.steps_after)) plan::apply(plan, plan::GroupChanged{view_of(job, s)});
}

plan::GroupView Engine::Core::view_of(JobAtWork& job, ShapeAtWork& s) {
  const bool fresh = s.returned.ms == 0;
  plan::GroupView group{stage_of(job, s.shape.number), s.shape.number, lane_number(lane_of(s, s.target)), s.open,
                        fresh ? job.job.accepted : s.returned, fresh, false, s.trying};
  group.more = s.shape.steps_after < job.most_steps_left;
  price_targets(job, s);
  for (size_t t = 0; t < s.batch_prices.size(); ++t)
    if (t == s.target) group.price = s.batch_prices[t];
    else if (line_of(s.shape.targets[t].provider) != nullptr)
      group.elsewhere.push_back({lane_number(lane_of(s, t)), s.batch_prices[t]});
  group.untried = settings.probe && s.shape.proof == Shape::Proof::untried &&
                  s.shape.requests >= settings.probe_from && probe_tier(job.job, s.shape.targets[s.target]);
  return group;
}

void Engine::Core::tell_plan(const BatchAtWork& batch) {
  plan::BatchView view;
  view.id = batch.row.id;
  view.lane = lane_number({batch.row.provider, batch.row.endpoint, batch.row.model});
  view.requests = batch.row.requests;
  if (!batch.row.provider_id.empty() || batch.wave()) view.sent = batch.row.sent;
  view.cancel_since = batch.row.cancel_asked;
  view.live = batch.wave();
  // Nothing can be cancelled in a batch that has ended: what it lacks is waited for no longer either.
  view.cancelling = batch.row.cancelling() || batch.row.state >= BatchState::ended;
  view.returning = !batch.given_up && batch.row.state != BatchState::settled;
  std::set<std::string> owners;
  for (const auto& [stage, n] : batch.unfinished) {
    if (n <= 0) continue;
    const JobAtWork& job = *at_stage(stage);
    owners.insert(job.terms.owner);
    if (job.job.state == JobState::cancelling) view.unwanted += n;
    else view.members.emplace_back(stage, n);
  }
  for (const auto& [job, n] : batch.unwanted) {
    if (n > 0) owners.insert(jobs.at(job).terms.owner);
    view.unwanted += n;
  }
  // What one owner cancels does not delay another's answers.
  if (owners.size() > 1 && !view.members.empty() && view.sent.ms != 0) view.unwanted = 0;
  plan::apply(plan, plan::BatchChanged{std::move(view)});
}

void Engine::Core::changed() {
  if (planning || broken) return;
  planning = true;
  world.at(now(), guarded([this] {
             planning = false;
             replan();
           }));
}

void Engine::Core::replan() {
  if (stopping || broken) return;
  drains.clear();
  for (auto& [name, line] : lines) forget_pace(line);
  for (const plan::Action& action : plan::step(plan, plan::Tick{}, now())) {
    act(of_jobs(action));
    if (broken) return;
  }
  foresee_chains();
  withdraw_misses();
  tell_takeovers();
  pump_all();
}

void Engine::Core::act(const plan::Action& action) {
  std::visit(Overloaded{
                 [&](const plan::Try& a) {
                   if (auto j = jobs.find(a.job); j != jobs.end())
                     try_shape(j->second, j->second.shapes[static_cast<size_t>(a.shape)]);
                 },
                 [&](const plan::Pack& a) { pack(a); },
                 [&](const plan::Move& a) { move(a); },
                 [&](const plan::Drain& a) {
                   drains.push_back(a);
                   if (a.tier == ServiceTier::standard) foresee_cap(a.job);
                 },
                 [&](const plan::Overtake& a) { drains.push_back(a); },
                 [&](const plan::Cancel& a) {
                   if (a.why == plan::CancelFor::slow) return slow(a.batch);
                   if (a.why == plan::CancelFor::deadline) foresee_caps(a.batch);
                   cancel(a.batch, a.why == plan::CancelFor::unwanted ? "by its user" : "for the deadline");
                 },
                 [&](const plan::Expire& a) { expire(a.job); },
                 [&](const plan::AtRisk& a) { foresee(a); },
                 [&](const plan::WakeAt& a) {
                   if (wake != 0 && wake_at <= a.at && wake_at > now()) return;
                   if (wake != 0) world.forget(wake);
                   wake_at = a.at;
                   wake = world.at(a.at, guarded([this] {
                                     wake = 0;
                                     replan();
                                   }));
                 },
             },
             action);
}

}  // namespace twolane::patient
