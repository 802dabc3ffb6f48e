#include "trial/planned.h"

#include <algorithm>
#include <cmath>

namespace twolane::trial {

using namespace plan;

namespace {

constexpr double flex_pause = 1.0 / 6;       // after a wave of which everything was shed
constexpr double flex_median = 1, flex_sigma = 1.264;  // minutes: p95 8
constexpr int flex_parts = 8;                // a wave's answers come in so many portions
const Lane first_lane{"one", Endpoint::chat_completions, "model"};
const Lane second_lane{"two", Endpoint::chat_completions, "model"};

}  // namespace

Planned::Planned(const Weather& weather, PlannedPolicy policy)
    : weather_(weather), policy_(policy), state_(policy.headroom) {
  tell_setting();
}

void Planned::tell_setting() {
  lane_ = state_.number(first_lane);
  apply(state_, RateKnown{first_lane.provider, {.requests_per_minute = weather_.live_nominal()}, 0});
  apply(state_, FlexOffered{lane_, policy_.flex});
  if (policy_.quota_requests > 0) state_.batch_requests = static_cast<int64_t>(policy_.quota_requests / 4);
  if (!policy_.second_lane) return;
  second_ = state_.number(second_lane);
  apply(state_, RateKnown{second_lane.provider, {.requests_per_minute = weather_.live_nominal()}, 0});
}

std::vector<Tally> Planned::run(const std::vector<Task>& tasks) {
  jobs_.clear();
  first_job_ += 1'000'000;
  for (const Task& task : tasks) {
    jobs_.push_back({task, {}, {}, static_cast<double>(task.requests), 0, 0});
    schedule(task.start, Happens::arrival, jobs_.size() - 1);
  }
  now_ = live_free_ = flex_free_ = wake_ = 0;
  size_t arrived = 0;
  while (!events_.empty()) {
    const Event first = events_.top();
    now_ = first.at;
    while (!events_.empty() && events_.top().at <= now_) {
      const Event e = events_.top();
      events_.pop();
      arrived += e.what == Happens::arrival;
      happen(e);
    }
    if (at_every_event) at_every_event(now_);
    decide();
    if (after_decision) after_decision(now_);
    if (arrived == jobs_.size() && batches_.empty() && waves_.empty() && done()) events_ = {};
  }
  std::vector<Tally> all;
  for (const Job& job : jobs_) {
    all.push_back(job.tally);
    apply(state_, JobGone{job.group.job});
  }
  return all;
}

bool Planned::done() const {
  return std::all_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.unfinished <= 0; });
}

void Planned::happen(const Event& e) {
  switch (e.what) {
    case Happens::arrival: {
      Job& job = jobs_[e.subject];
      job.group.job = JobId{first_job_ + e.subject};
      job.group.lane = lane_;
      job.group.open = job.task.requests;
      job.group.since = time(now_);
      if (policy_.second_lane) job.group.elsewhere = {{second_, 0.5}};
      tell(job);
      tell_group(job);
      return;
    }
    case Happens::batch_ends:
      if (auto b = batches_.find(e.subject); b != batches_.end()) end_batch(e.subject, now_, b->second.takes <= window_minutes);
      return;
    case Happens::cancel_works:
      if (batches_.contains(e.subject)) end_batch(e.subject, now_, false);
      return;
    case Happens::live_answers:
    case Happens::flex_answers: answer(e.subject); return;
    case Happens::wake: return;
  }
}

// ---------------------------------------------------------------- what the planner hears

void Planned::tell(const Job& job) {
  const Task& t = job.task;
  JobView v;
  v.id = job.group.job;
  v.accepted = time(t.start);
  v.deadline = time(t.deadline);
  v.kept = true;
  v.requests = t.requests;
  v.on_time = policy_.on_time;
  v.tenant = t.tenant;
  v.weight = t.weight;
  v.steps_after = t.steps_after;
  v.restarts = job.restarts;
  apply(state_, JobChanged{v});
}

void Planned::tell_group(Job& job) { apply(state_, GroupChanged{job.group}); }

void Planned::tell(uint64_t number, const Batch& batch) {
  BatchView v;
  v.id = BatchId{number};
  v.lane = batch.lane;
  v.cancelling = batch.cancelled > 0;
  v.requests = static_cast<int64_t>(batch.requests);
  v.sent = time(batch.sent);
  if (v.cancelling) v.cancel_since = time(batch.cancelled);
  for (const Member& m : batch.members)
    v.members.emplace_back(jobs_[m.job].group.job, static_cast<int64_t>(m.requests - m.taken));
  apply(state_, BatchChanged{std::move(v)});
}

void Planned::tell_everything() {
  for (Job& job : jobs_) {
    if (!job.group.job || job.unfinished <= 0) continue;
    tell(job);
    tell_group(job);
  }
  for (const auto& [number, batch] : batches_) tell(number, batch);
  for (const auto& [number, wave] : waves_) {
    BatchView v;
    v.id = BatchId{number | (uint64_t{1} << 63)};
    v.lane = jobs_[wave.job].group.lane;
    v.live = true;
    v.members = {{jobs_[wave.job].group.job, static_cast<int64_t>(wave.requests)}};
    apply(state_, BatchChanged{std::move(v)});
  }
}

// ---------------------------------------------------------------- what the planner decides

void Planned::decide() {
  for (bool again = true; again;) {
    again = false;
    ++decisions_;
    for (const Action& action : step(state_, Tick{}, time(now_))) again = act(action) || again;
  }
}

// True where the planner is to be asked again at once.
bool Planned::act(const Action& action) {
  if (const auto* a = std::get_if<Pack>(&action)) {
    pack(*a);
    return true;
  }
  if (const auto* a = std::get_if<Move>(&action)) {
    Job& job = jobs_[job_index(a->job)];
    job.group.lane = a->lane;
    job.group.elsewhere = {{a->lane == lane_ ? second_ : lane_, 0.5}};
    tell_group(job);
    return true;
  }
  if (const auto* a = std::get_if<Cancel>(&action)) {
    cancel(*a);
    return false;
  }
  if (const auto* a = std::get_if<Drain>(&action)) return send(*a);
  if (const auto* a = std::get_if<Overtake>(&action)) return overtake(*a);
  if (const auto* a = std::get_if<WakeAt>(&action)) {
    const double at = minutes_of(a->at);
    if (wake_ > now_ && wake_ <= at) return false;
    wake_ = at;
    schedule(at, Happens::wake, 0);
  }
  return false;
}

void Planned::pack(const Pack& action) {
  double room = static_cast<double>(action.batch_requests > 0 ? action.batch_requests : 50'000);
  if (policy_.quota_requests > 0) room = std::min(room, policy_.quota_requests - quota_used_);
  if (room < 1) {
    apply(state_, LaneHeld{action.lane, time(now_ + 10)});
    return;
  }
  const uint64_t number = next_batch_++;
  Batch batch;
  batch.lane = action.lane;
  batch.sent = now_;
  for (const Portion& p : action.portions) {
    Job& job = jobs_[job_index(p.job)];
    const double n = std::min({room, static_cast<double>(p.most), static_cast<double>(job.group.open)});
    if (n <= 0) break;
    room -= n;
    if (batch.members.empty()) {
      batch.job_number = job.task.number;
      batch.ordinal = job.batches++ + (action.lane == lane_ ? 0 : 2048);
      ++job.tally.batches;
    }
    batch.members.push_back({job_index(p.job), n, 0});
    batch.requests += n;
    job.group.open -= static_cast<int64_t>(n);
    if (job.group.open == 0) job.group.fresh = false;
  }
  // Another provider has days of its own: those of half a run later.
  const double day_there = action.lane == lane_ ? 0 : 200 * day_minutes;
  batch.takes = weather_.batch_takes(now_ + day_there, batch.job_number, batch.ordinal, batch.requests);
  quota_used_ += batch.requests;
  schedule(now_ + std::min(batch.takes, window_minutes), Happens::batch_ends, number);
  tell(number, batch);
  for (const Member& m : batch.members) tell_group(jobs_[m.job]);
  batches_.emplace(number, std::move(batch));
}

void Planned::cancel(const Cancel& action) {
  Batch& batch = batches_.at(action.batch.n);
  if (batch.cancelled > 0) return;
  batch.cancelled = now_;
  batch.slow = action.why == CancelFor::slow;
  Job& job = jobs_[batch.members.front().job];
  ++job.tally.cancels;
  if (batch.slow) {
    ++job.restarts;
    tell(job);
  }
  schedule(now_ + weather_.cancel_lag(batch.job_number, batch.ordinal), Happens::cancel_works, action.batch.n);
  tell(action.batch.n, batch);
}

// Live calls go out in waves of a few seconds; the lane is busy as long as its rate makes it.
double Planned::chunk(const Job& job) const {
  const double seconds = std::clamp((job.task.deadline - job.task.start) * 60 / 240, 5.0, 60.0);
  return std::max(1.0, std::floor(weather_.live_nominal() * seconds / 60));
}

bool Planned::send(const Drain& drain) {
  Job& job = jobs_[job_index(drain.job)];
  const bool flex = drain.tier == ServiceTier::flex;
  if (live_free_ > now_ || (flex && flex_free_ > now_)) return false;
  const double n = std::min({chunk(job), static_cast<double>(drain.most), static_cast<double>(job.group.open)});
  if (n <= 0) return false;
  job.group.open -= static_cast<int64_t>(n);
  if (job.group.open == 0) job.group.fresh = false;
  if (flex) send_flex(job, n, static_cast<double>(drain.patience.ms) / 60'000);
  else begin_live(job_index(drain.job), n, 0);
  tell_group(job);
  return true;
}

bool Planned::overtake(const Overtake& action) {
  auto found = batches_.find(action.batch.n);
  if (live_free_ > now_ || found == batches_.end()) return false;
  const size_t j = job_index(action.job);
  for (Member& m : found->second.members) {
    const double n = m.job == j ? std::min(chunk(jobs_[j]), m.requests - m.taken) : 0;
    if (n <= 0) continue;
    m.taken += n;
    begin_live(j, n, action.batch.n);
    tell(action.batch.n, found->second);
    return true;
  }
  return false;
}

void Planned::begin_live(size_t j, double requests, uint64_t from_batch) {
  const double rate = weather_.live_rate(now_);
  const double end = weather_.live_end(now_, requests / rate);
  // What a drain reached is told once a minute's worth has gone through without a pause.
  if (now_ > live_free_ + 1e-6) drained_ = 0, drain_began_ = now_;
  drained_ += requests;
  if (end - drain_began_ >= 1) {
    apply(state_, RateMeasured{state_.lanes()[jobs_[j].group.lane.n].lane.provider, drained_ / (end - drain_began_)});
    drained_ = 0;
    drain_began_ = end;
  }
  live_free_ = end;
  const uint64_t number = next_wave_++;
  waves_.emplace(number, Wave{j, requests, now_, end + live_latency, from_batch});
  schedule(end + live_latency, Happens::live_answers, number);
  schedule(end, Happens::wake, 0);
  BatchView v{BatchId{number | (uint64_t{1} << 63)}, jobs_[j].group.lane, true, false, false, 0, {}, {}, {{jobs_[j].group.job, static_cast<int64_t>(requests)}}};
  apply(state_, BatchChanged{std::move(v)});
}

// A share is shed at once and not billed; the others are answered when they are, or given up after
// `patience` and billed all the same.
void Planned::send_flex(Job& job, double requests, double patience) {
  const double end = weather_.live_end(now_, requests / weather_.live_rate(now_));
  live_free_ = end;
  const uint64_t number = next_wave_;
  const Draw draw{number, 77, job.task.number, static_cast<uint64_t>(now_ * 60)};
  const double wanted = requests * weather_.flex_shed(now_);
  const double shed = std::min(requests, std::floor(wanted + draw.uniform(Stream::flex)));
  apply(state_, FlexHeard{state_.lanes()[job.group.lane.n].lane.provider, static_cast<int64_t>(requests), static_cast<int64_t>(shed), time(now_)});
  const double taken = requests - shed;
  if (shed > 0) job.group.open += static_cast<int64_t>(shed);
  if (taken == 0) {
    flex_free_ = now_ + flex_pause;
    schedule(flex_free_, Happens::wake, 0);
    return;
  }
  const int parts = static_cast<int>(std::min<double>(flex_parts, taken));
  for (int part = 0; part < parts; ++part) {
    const double n = std::floor((part + 1) * taken / parts) - std::floor(part * taken / parts);
    const double share = (part + (parts > 1 ? 0.5 : draw.uniform(Stream::state))) / parts;
    const double takes = flex_median * std::exp(flex_sigma * normal_at(share));
    const bool abandoned = takes > patience;
    const double at = end + std::min(takes, patience);
    const uint64_t wave = next_wave_++;
    waves_.emplace(wave, Wave{static_cast<size_t>(&job - jobs_.data()), n, now_, at, 0, true, abandoned});
    schedule(at, Happens::flex_answers, wave);
    BatchView v{BatchId{wave | (uint64_t{1} << 63)}, job.group.lane, true, false, false, 0, {}, {}, {{job.group.job, static_cast<int64_t>(n)}}};
    apply(state_, BatchChanged{std::move(v)});
  }
  schedule(end, Happens::wake, 0);
}

// ---------------------------------------------------------------- what happens

void Planned::end_batch(uint64_t number, double at, bool by_itself) {
  Batch batch = std::move(batches_.at(number));
  batches_.erase(number);
  quota_used_ -= batch.requests;
  if (policy_.quota_requests > 0) apply(state_, LaneFreed{batch.lane});
  const double age = std::min(at - batch.sent, window_minutes);
  const bool ended = by_itself || batch.takes <= age + 1e-9;
  const double share = ended ? 1 : done_share(age, batch.takes);
  apply(state_, BatchTook{batch.lane, static_cast<int64_t>(batch.requests), time(batch.sent),
                          Duration{static_cast<int64_t>((ended ? batch.takes : age) * 60'000)}, ended});
  for (const Member& m : batch.members) {
    Job& job = jobs_[m.job];
    const double done = std::floor(m.requests * share + 1e-9);
    const double twice = std::round(done * m.taken / m.requests);
    const double fresh = std::min(done - twice, m.requests - m.taken);
    job.tally.batch += done;
    job.tally.twice += done - fresh;
    finish(job, fresh, at);
    reopen(job, m.requests - m.taken - fresh);
  }
  apply(state_, BatchGone{BatchId{number}});
}

void Planned::answer(uint64_t number) {
  const Wave wave = waves_.at(number);
  waves_.erase(number);
  Job& job = jobs_[wave.job];
  (wave.flex ? job.tally.flex : job.tally.live) += wave.requests;
  if (wave.abandoned) {
    job.tally.twice += wave.requests;
    reopen(job, wave.requests);
  } else if (wave.flex) {
    finish(job, wave.requests, wave.end);
  } else {  // answers come evenly between begin and end
    const double in_time = (job.task.deadline - live_latency - wave.begun) / std::max(wave.end - live_latency - wave.begun, 1e-9);
    const double on_time = std::floor(wave.requests * std::clamp(in_time, 0.0, 1.0) + 1e-9);
    job.tally.on_time += on_time;
    job.unfinished -= wave.requests;
    ended_ = now_;
  }
  apply(state_, BatchGone{BatchId{number | (uint64_t{1} << 63)}});
}

void Planned::reopen(Job& job, double requests) {
  if (requests <= 0) return;
  if (job.group.open == 0) job.group.since = time(now_);
  job.group.open += static_cast<int64_t>(requests);
  job.group.fresh = false;
  tell_group(job);
}

void Planned::finish(Job& job, double requests, double at) {
  if (requests <= 0) return;
  if (at <= job.task.deadline + 1e-9) job.tally.on_time += requests;
  job.unfinished -= requests;
  ended_ = at;
}

Planned::Sample Planned::sample() const {
  Sample s;
  const Job& job = jobs_.front();
  s.open = static_cast<double>(job.group.open);
  s.done = static_cast<double>(job.task.requests) - job.unfinished;
  s.done_live = job.tally.live;
  for (const auto& [number, batch] : batches_)
    for (const Member& m : batch.members)
      if (m.job == 0) {
        s.in_batches += m.requests - m.taken;
        if (batch.cancelled > 0) s.cancelling += m.requests - m.taken;
      }
  for (const auto& [number, wave] : waves_)
    if (wave.job == 0) s.live += wave.requests;
  const Time start = plan::outlook(state_, job.group.job, time(now_)).takeover;
  s.wait = start.ms == 0 ? 0 : minutes_of(start) - now_;
  return s;
}

// ---------------------------------------------------------------- crashes

void Planned::crash() {
  State again(policy_.headroom);
  std::swap(state_, again);
  tell_setting();
  for (const LaneState& lane : again.lanes()) {
    const LaneId id = state_.number(lane.lane);
    (void)state_.learn(id, again.learned(id));
    (void)state_.learn(lane.lane.provider, again.learned(lane.lane.provider));
  }
  tell_everything();
}

std::string Planned::would_do() {
  std::string text;
  const auto say = [&](std::string_view word, std::initializer_list<int64_t> figures) {
    text += word;
    for (const int64_t f : figures) text += ' ' + std::to_string(f);
    text += '\n';
  };
  const auto id = [](auto x) { return static_cast<int64_t>(x.n); };
  for (const Action& action : step(state_, Tick{}, time(now_))) {
    if (const auto* pack = std::get_if<Pack>(&action)) {
      say("pack", {pack->lane.n, pack->batch_requests});
      for (const Portion& p : pack->portions) say("  of", {id(p.job), p.most});
    } else if (const auto* drain = std::get_if<Drain>(&action)) {
      say("drain", {id(drain->job), static_cast<int64_t>(drain->tier), drain->patience.ms, drain->most});
    } else if (const auto* cancel = std::get_if<Cancel>(&action)) {
      say("cancel", {id(cancel->batch), static_cast<int64_t>(cancel->why)});
    } else if (const auto* overtaken = std::get_if<Overtake>(&action)) {
      say("overtake", {id(overtaken->job), id(overtaken->batch)});
    } else if (const auto* risk = std::get_if<AtRisk>(&action)) {
      say("at risk", {id(risk->job), risk->finish.ms, static_cast<int64_t>(risk->probability * 1e9)});
    } else if (const auto* wake = std::get_if<WakeAt>(&action)) {
      say("wake", {wake->at.ms});
    } else {
      say("other", {static_cast<int64_t>(action.index())});
    }
  }
  return text;
}

}  // namespace twolane::trial
