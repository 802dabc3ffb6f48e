// The live lane: synchronous calls for what must not wait, within what the provider allows.
//
// Calls go out in waves. A wave is one committed batch row with an attempt for each call, written before
// any of them is sent; after a crash its calls can be neither repeated nor asked about, so what was not
// heard is shown as unconfirmed and its requests are open again.
#include <algorithm>

#include "dialect/translate.h"
#include "patient/core.h"
#include "patient/trouble.h"
#include "price/price.h"

namespace twolane::patient {

using dialect::Refusal;
using dialect::Verdict;

constexpr Duration pump_pause = seconds(1);  // waves are at least this far apart
constexpr int32_t flex_tries = 2;            // failures after which a request waits for the standard tier
constexpr int probes = 3;                    // refused one after the other, before a shape is
constexpr int64_t segment_most = 64 << 20;   // of answers, before a new payload segment is begun

ServiceTier tier_of(const plan::Drain& drain) { return drain.tier; }
ServiceTier tier_of(const plan::Overtake&) { return ServiceTier::standard; }

void Engine::Core::pump_later(Line& line, ServiceTier tier) {
  const double per_ms = pace(line) / 60'000;
  Time at = now() + pump_pause;
  if (line.tokens < 1) at = std::max(at, now() + Duration{static_cast<int64_t>((1 - line.tokens) / per_ms) + 1});
  at = std::max(at, line.paused_until);
  if (tier == ServiceTier::flex) at = std::max(at, line.flex_paused_until);
  if (line.pump != 0 && line.pump_at <= at) return;
  if (line.pump != 0) world.forget(line.pump);
  line.pump_at = at;
  line.pump = world.at(at, guarded([this, &line] {
                         line.pump = 0;
                         replan();
                       }));
}

void Engine::Core::pump_all() {
  if (drains.empty())
    for (auto& [name, line] : lines) works(line, false);
  if (drains.empty() || stopping) return;
  for (auto& [name, line] : lines) pump(line);
}

// In the order of the drains, until there is no room for a standard call: flex takes nothing from those.
void Engine::Core::pump(Line& line) {
  std::optional<ServiceTier> more;
  for (const auto& next : drains) {
    const ServiceTier tier = std::visit([](const auto& action) { return tier_of(action); }, next);
    const bool works = std::visit(
        [&](const auto& action) {
          if constexpr (std::is_same_v<std::decay_t<decltype(action)>, plan::Drain>) return drain(line, action);
          else return overtake(line, action);
        },
        next);
    if (broken) return;
    if (!works) continue;
    if (!more || tier == ServiceTier::standard) more = tier;
    if (tier == ServiceTier::standard && live_room(line, tier) == 0) break;
  }
  works(line, more == ServiceTier::standard);
  if (more) pump_later(line, *more);
}

bool Engine::Core::drain(Line& line, const plan::Drain& action) {
  JobAtWork& job = jobs.at(action.job);
  ShapeAtWork& shape = job.shapes[static_cast<size_t>(action.shape)];
  if (line_of(shape.shape.targets[shape.target].provider) != &line || shape.open == 0 || job.capped) return false;
  const int64_t room = live_room(line, action.tier);
  if (room == 0) return true;
  auto rows = store.open_requests(job.job.id, action.shape, 0, room);
  if (!rows) return broke(rows.error()), true;
  if (action.tier == ServiceTier::flex) {
    std::erase_if(*rows, [](const RequestRow& row) { return row.tries >= flex_tries; });
    if (rows->empty()) return false;
  }
  const Duration patience = action.tier == ServiceTier::flex ? std::min(action.patience, answer_within) : patience_of(line, job);
  send_wave(line, job, shape, std::move(*rows), action.tier, true, false, patience);
  return true;
}

int64_t Engine::Core::send_wave(Line& line, JobAtWork& job, ShapeAtWork& shape, std::vector<RequestRow> rows,
                                ServiceTier tier, bool promotion, bool probe, Duration patience) {
  const Target target = shape.shape.targets[shape.target];
  auto endpoint = dialect::endpoint_at(target.provider, shape.shape.endpoint, tier);
  if (!endpoint) return 0;
  std::vector<store::Placement> placements;
  std::vector<std::string> bodies;
  int64_t were_open = 0;
  PicoUsd spent;
  for (const RequestRow& row : rows) {
    auto rendered = render(job, row, *endpoint, target.model);
    if (!rendered) {
      close_open(job, shape.shape.number, row.index, RequestState::failed, rendered.error());
      if (broken) return 0;
      continue;
    }
    PicoUsd reserve;
    if (auto bound = price::bound(target, tier, rendered->input_bound, row.output_bound, {.at = now()}))
      reserve = *bound;
    const Totals& t = job.job.totals;
    if (job.job.cap && t.cost + t.reserved + t.unconfirmed + spent + reserve > *job.job.cap) {
      job.capped = true;
      break;
    }
    spent += reserve;
    placements.push_back({job.job.id, row.index, reserve});
    bodies.push_back(std::move(rendered->body));
    if (row.state == RequestState::open) ++were_open;
  }
  if (placements.empty()) {
    look_at_cap(job);
    return 0;
  }
  Batch row;
  row.id = {world.random() | 1};
  row.provider = target.provider;
  row.account = line.account.fingerprint;
  row.model = target.model;
  row.endpoint = *endpoint;
  row.tier = tier;
  row.promotion = promotion;
  row.probe = probe;
  row.state = BatchState::submitted;
  row.created = row.sent = now();
  const auto sent = static_cast<int64_t>(placements.size());
  BatchAtWork* wave = place(std::move(row), placements, {{{job.job.id, shape.shape.number}, sent}});
  if (wave == nullptr) return 0;
  shape.open -= were_open;
  tell_plan(*wave);
  tell_plan(job);
  (tier == ServiceTier::flex ? line.flex_in_flight : line.in_flight) += static_cast<int>(placements.size());
  line.tokens -= static_cast<double>(placements.size());
  for (size_t i = 0; i < bodies.size(); ++i) {
    wire::HttpCall http = line.api->live_call(line.account.access, *endpoint, target.model, bodies[i], tier);
    http.timeout = Duration{std::max<int64_t>(static_cast<int64_t>(static_cast<double>(patience.ms) / settings.speed), 1)};
    await(line, *wave, static_cast<int32_t>(i), std::move(http), patience);
  }
  if (tier == ServiceTier::flex) look_at_shed_later(wave->row.id);
  look_at_cap(job);
  changed();
  return sent;
}

// Sends a wave's call. What flex takes says nothing of how many standard calls fit into a minute.
void Engine::Core::await(Line& line, const BatchAtWork& wave, int32_t position, wire::HttpCall http, Duration patience) {
  const bool flex = wave.row.tier == ServiceTier::flex;
  call(std::move(http), [this, id = wave.row.id, position, &line, flex, patience, sent = now()](wire::HttpResult result) {
    const Duration took = now() - sent;
    --(flex ? line.flex_in_flight : line.in_flight);
    if (!flex) {
      line.takes = line.takes + (took - line.takes) / 16;
      if (result.reply() != nullptr) line.answers_in = line.answers_in + (took - line.answers_in) / 16;
      tell_plan(line);
    }
    const bool short_of_time = flex || patience < answer_within;
    const bool given_up = short_of_time && result.failure() != nullptr && result.failure()->sent && took >= patience;
    answered({id, position, given_up, std::move(result)});
  });
}

void Engine::Core::try_shape(JobAtWork& job, ShapeAtWork& shape) {
  const Target& target = shape.shape.targets[shape.target];
  Line* line = line_of(target.provider);
  const auto tier = probe_tier(job.job, target);
  if (line == nullptr || !tier) return;
  if (live_room(*line, *tier) == 0) return pump_later(*line, *tier);
  auto rows = store.open_requests(job.job.id, shape.shape.number, 0, 1);
  if (!rows) return broke(rows.error());
  if (rows->empty()) return;
  shape.trying = true;
  send_wave(*line, job, shape, std::move(*rows), *tier, false, true);
}

// Requests whose batch is being cancelled and takes too long about it. Its answers may still come, and
// are then booked as paid twice.
bool Engine::Core::overtake(Line& line, const plan::Overtake& action) {
  JobAtWork* const job = at_stage(action.job);
  auto batch = batches.find(action.batch);
  if (job == nullptr || job->capped || batch == batches.end() || batch->second.line != &line) return false;
  const int64_t room = live_room(line, ServiceTier::standard);
  if (room == 0) return true;
  auto members = store.members(action.batch);
  if (!members) return broke(members.error()), true;
  std::map<int32_t, std::vector<RequestRow>> by_shape;
  int64_t taken = 0;
  for (const store::Member& m : *members) {
    if (taken >= room) break;
    if (m.job != job->job.id || stage_of(*job, m.shape) != action.job) continue;
    if (!m.current || m.request != RequestState::batched || job->cut.contains(m.index)) continue;
    by_shape[m.shape].push_back({m.job, m.index, m.offset, m.length, 0, m.shape, m.request, m.tries,
                                 m.input_bound, m.output_bound});
    ++taken;
  }
  for (auto& [shape, rows] : by_shape) {
    // What a cap holds back stays in its batch.
    left(batch->second, action.job,
         send_wave(line, *job, job->shapes[static_cast<size_t>(shape)], std::move(rows),
                   ServiceTier::standard, true, false));
    if (broken) return true;
  }
  tell_plan(batch->second);
  return true;
}

void Engine::Core::answered(HeardLive heard) {
  heard_live.push_back(std::move(heard));
  if (settling_live) return;
  settling_live = true;
  world.at(now() + answer_gathering, guarded([this] {
             settling_live = false;
             if (!broken) settle_answers();
           }));
}

// All answers of the last moment: their bytes made durable by one sync, then one commit for each wave.
void Engine::Core::settle_answers() {
  std::vector<HeardLive> heard = std::move(heard_live);
  heard_live.clear();
  std::stable_sort(heard.begin(), heard.end(),
                   [](const HeardLive& a, const HeardLive& b) { return a.wave < b.wave; });
  if (!live_segment || live_segment->size() > segment_most) {
    auto fresh = payloads.create({world.random() | 1});
    if (!fresh) return broke(fresh.error());
    live_segment = std::move(*fresh);
  }
  std::vector<store::Settlement> settlements;
  std::vector<store::Member> members;
  std::deque<std::string> texts;  // what the settlements' views point into
  std::vector<size_t> ends;       // of each wave's settlements
  for (size_t i = 0; i < heard.size();) {
    BatchAtWork& wave = batches.at(heard[i].wave);
    auto all = store.members(wave.row.id);
    if (!all) return broke(all.error());
    const BatchId id = heard[i].wave;
    for (; i < heard.size() && heard[i].wave == id; ++i) {
      const store::Member& m = (*all)[static_cast<size_t>(heard[i].position)];
      if (m.attempt != AttemptState::running) continue;
      store::Settlement s;
      take_answer(wave, m, heard[i], s, texts);
      if (broken) return;
      s.key = {id, m.position};
      settlements.push_back(s);
      members.push_back(m);
    }
    ends.push_back(settlements.size());
  }
  if (!ok(live_segment->sync())) return;
  for (size_t w = 0, from = 0; w < ends.size(); from = ends[w++]) {
    if (from == ends[w]) continue;
    BatchAtWork& wave = batches.at(settlements[from].key.batch);
    std::vector<store::Settlement> some(settlements.begin() + static_cast<ptrdiff_t>(from),
                                        settlements.begin() + static_cast<ptrdiff_t>(ends[w]));
    std::vector<store::Member> theirs(members.begin() + static_cast<ptrdiff_t>(from),
                                      members.begin() + static_cast<ptrdiff_t>(ends[w]));
    wave.ours += static_cast<int64_t>(some.size());
    const bool over = wave.ours == wave.row.requests;
    if (over) wave.row.state = BatchState::closed;
    settle(wave, some, theirs, over ? &wave.row : nullptr);
    if (broken) return;
    for (size_t k = 0; k < some.size(); ++k) prove(wave, theirs[k], some[k]);
    look_at_shed(wave, over);
    tell_plan(wave);
    const std::set<JobId> touched = wave.jobs;
    if (over) forget_batch(wave.row.id);
    for (const JobId job : touched) {
      look_at_cap(jobs.at(job));
      conclude(job);
    }
  }
}

// What the provider's own records call the answer: embeddings have no id but that of the call.
std::string id_of(const wire::HttpReply& reply, const dialect::Served& served, const BatchAtWork& wave,
                  const store::Member& m) {
  if (!served.response_id.empty()) return served.response_id;
  for (const char* name : {"x-request-id", "request-id"})
    if (const auto id = wire::header(reply.headers, name); !id.empty()) return std::string(id);
  return dialect::custom_id_of(wave.spec.token, m.position);
}

// What one call's result means, and its bytes appended to the segment of answers.
void Engine::Core::take_answer(BatchAtWork& wave, const store::Member& m, const HeardLive& heard, store::Settlement& s,
                               std::deque<std::string>& texts) {
  const wire::HttpReply* reply = heard.result.reply();
  if (reply == nullptr) return take_silence(wave, m, heard, s, texts);
  const Circumstances how = circumstances(m);
  Line& line = *wave.line;
  // What flex cannot serve has the standard tier before it: the request is not to blame.
  const bool flex_overloaded = wave.row.tier == ServiceTier::flex && reply->status >= 500;
  const bool all_fail = is_down(line) || flex_overloaded;
  const std::string body = reply->body.text().value_or(std::string());
  const bool good = reply->status / 100 == 2;
  auto served = dialect::read_served(wave.row.endpoint, body);
  const bool silent = !served && served.error().code == "dialect.no_usage";
  hear_limits(line, wave.row.model, *reply, good && served ? &served->usage : nullptr);
  const auto book = [&] {
    const auto tier = line.api->read_tier(wave.row.endpoint, *reply, body);
    price(s, wave, tier ? *tier : wave.row.tier, served->usage);
    s.response_id = texts.emplace_back(id_of(*reply, *served, wave, m));
  };
  if (good && (silent || (served && !served->failed))) {
    line.refusals = line.pauses = 0;
    s = patient::settle(m, {Heard::What::answer, Verdict::unavailable, !silent, false}, how);
    s.served = wave.row.tier;
    if (!silent) book();
    s.http_status = reply->status;
    auto slice = live_segment->append(body);
    if (!slice) return broke(slice.error());
    s.result = *slice;
    return;
  }
  Refusal refusal = line.api->read_refusal(*reply);
  if (good) refusal.verdict = Verdict::unavailable;
  const bool shed = is_shed(wave, refusal, reply->status);
  if (shed) refusal.verdict = Verdict::no_capacity;
  const bool charged = good && served && served->usage != Usage{};
  s = patient::settle(m, {Heard::What::error, refusal.verdict, charged, false, all_fail}, how);
  if (charged) book();
  s.http_status = reply->status;
  s.error = texts.emplace_back(refusal.json);
  if (refusal.verdict == Verdict::account || refusal.verdict == Verdict::no_credit)
    hold(jobs.at(m.job), trouble_of(wave.row.provider, refusal));
  if (shed) ++wave.shed;
  else slow_down(line, refusal);
}

// No answer. A call that was given up may have been run, and be billed; it is not its request's own fault.
void Engine::Core::take_silence(BatchAtWork& wave, const store::Member& m, const HeardLive& heard, store::Settlement& s,
                                std::deque<std::string>& texts) {
  const wire::NetFailure& failure = *heard.result.failure();
  const bool excused = heard.given_up || is_down(*wave.line);
  const auto what = failure.sent ? Heard::What::error : Heard::What::never_ran;
  s = patient::settle(m, {what, Verdict::unavailable, false, !excused, excused}, circumstances(m));
  Error lost;
  lost.code = heard.given_up ? "provider.given_up" : "provider.no_answer";
  lost.message = heard.given_up ? "no answer while there was time to wait for it" : failure.message;
  s.error = texts.emplace_back(trouble_to_json(lost));
  const bool shed = heard.given_up && wave.row.tier == ServiceTier::flex;  // says nothing of the line
  if (!shed) slow_down(*wave.line, {});
}

// A shape is proven by its first answer, and refused after three clear refusals.
void Engine::Core::prove(BatchAtWork& wave, const store::Member& m, const store::Settlement& s) {
  JobAtWork& job = jobs.at(m.job);
  ShapeAtWork& shape = job.shapes[static_cast<size_t>(m.shape)];
  if (wave.row.probe) shape.trying = false;
  if (s.state == AttemptState::answered) {
    regain(*wave.line);
    if (wave.row.tier == ServiceTier::standard) count_drained(*wave.line);
  }
  if (shape.shape.proof != Shape::Proof::untried) return;
  if (s.state == AttemptState::answered) {
    shape.shape.proof = Shape::Proof::proven;
    ok(store.set_proof(m.job, m.shape, shape.shape.proof, ""));
    if (wave.row.probe) note(m.job, "a first request was answered live");
  } else if (wave.row.probe && s.request && *s.request == RequestState::failed && ++shape.refused_tries >= probes) {
    shape.shape.proof = Shape::Proof::refused;
    shape.shape.refusal = std::string(s.error);
    ok(store.set_proof(m.job, m.shape, shape.shape.proof, shape.shape.refusal));
    Error why;
    why.code = "provider.refused_shape";
    why.message = "not bought: " + std::to_string(probes) + " requests like it were refused";
    why.why = std::string(s.error);
    close_open(job, m.shape, std::nullopt, RequestState::failed, why);
  }
  if (!broken) tell_plan(job);
}

void Engine::Core::recover_wave(BatchAtWork& wave) {
  if (!may_step(batch_steps, wave.row.state, BatchState::closed)) return;
  wave.row.state = BatchState::closed;
  if (!settle_rest(wave, {Heard::What::missing, Verdict::unavailable, false, false})) return;
  forget_batch(wave.row.id);
}

Status Engine::Core::buy_live(JobId id, const std::vector<int64_t>& indexes) {
  JobAtWork& job = jobs.at(id);
  std::map<int32_t, std::vector<RequestRow>> by_shape;
  for (const int64_t index : indexes)
    if (auto row = TRY(store.request(id, index)); row && row->state == RequestState::open)
      by_shape[row->shape].push_back(*row);
  for (auto& [number, rows] : by_shape) {
    ShapeAtWork& shape = job.shapes[static_cast<size_t>(number)];
    Line* line = line_of(shape.shape.targets[shape.target].provider);
    send_wave(*line, job, shape, std::move(rows), ServiceTier::standard, false, false);
    if (broken) return fail(*broken);
  }
  return {};
}

}  // namespace twolane::patient
