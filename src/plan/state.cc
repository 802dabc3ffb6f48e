#include "plan/state.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "plan/planner.h"

namespace twolane::plan {
namespace {

constexpr Duration best_effort_grace = hours(24);  // past the window, then what is unanswered expires
constexpr size_t peers_remembered = 32;
constexpr double flex_memory = 50;                 // attempts
constexpr double stressed_up_to = 0.7;             // of the job's time
constexpr Duration rides_from = hours(4);          // half of it is longer than most batches take

}  // namespace

int size_class(int64_t requests) { return requests <= 1 ? 0 : requests <= 100 ? 1 : requests <= 10'000 ? 2 : 3; }

LaneId State::number(const Lane& lane) {
  if (auto known = lane_numbers_.find(lane); known != lane_numbers_.end()) return {known->second};
  const auto n = static_cast<uint32_t>(lanes_.size());
  LaneState state;
  state.lane = lane;
  state.provider = provider(lane.provider);
  lanes_.push_back(std::move(state));
  lane_numbers_.emplace(lane, n);
  return {n};
}

uint32_t State::provider(const std::string& name) {
  for (uint32_t i = 0; i < providers_.size(); ++i)
    if (providers_[i].name == name) return i;
  Provider p;
  p.name = name;
  p.rate.headroom(headroom_);
  providers_.push_back(std::move(p));
  const auto n = static_cast<uint32_t>(providers_.size() - 1);
  rates_changed(n);
  return n;
}

// ---------------------------------------------------------------- bookings

// Work that fits at the stressed rate within 0.7 of the job's time is booked at that rate, where nothing is to
// be left to chance; the rest at the rate that drains really reached.
Pace State::pace_of(const JobState& job) const {
  if (gamble(job.view.on_time) > 0 || job.booked.empty()) return Pace::measured;
  const Provider& p = providers_[job.booked.front().provider];
  const auto time = static_cast<double>((job.view.deadline - job.view.accepted).ms) * 1000;
  const auto need = static_cast<double>(job.view.requests) * static_cast<double>(p.need_us[static_cast<int>(Pace::stressed)]);
  return need <= stressed_up_to * time ? Pace::stressed : Pace::measured;
}

// More than the live lane can do by the deadline: to go live at once would pay list price and be late all
// the same. Where a little may be left to chance, such a job drains only what its batches have not
// returned in half of its time.
bool State::rides(const JobState& job, uint32_t number) const {
  const Duration time = job.view.deadline - job.view.accepted;
  const auto need = static_cast<double>(job.view.requests) * static_cast<double>(providers_[number].need_us[static_cast<int>(Pace::measured)]);
  return job.known && job.view.kept && !job.view.rush && gamble(job.view.on_time) > 0 && time >= rides_from &&
         need > static_cast<double>(time.ms) * 1000;
}

void State::end_rides(Time now) {
  while (!riding_.empty() && riding_.begin()->first <= now) {
    JobState& job = jobs_.at(riding_.begin()->second);
    riding_.erase(riding_.begin());
    job.rides = false;
    rebook(job);
  }
}

void State::book(JobState& job, uint32_t number, int64_t requests) {
  if (requests == 0) return;
  auto b = std::find_if(job.booked.begin(), job.booked.end(), [&](const auto& x) { return x.provider == number; });
  if (b == job.booked.end()) {
    b = job.booked.insert(b, {number, 0, 0});
    if (job.booked.size() == 1) {
      job.pace = pace_of(job);
      job.rides = rides(job, number);
      if (job.rides) riding_.emplace(ride_end(job), job.view.id);
    }
  }
  const int64_t before = b->requests;
  b->requests += requests;
  if (!job.books()) return;
  Provider& p = providers_[number];
  if (p.by_due.empty()) p.tree.move_to(job.view.accepted);
  const int64_t need = b->requests * p.need_us[static_cast<int>(job.pace)];
  p.tree.add(job.due, need - b->need_us);
  b->need_us = need;
  if (before <= 0 && b->requests > 0) p.by_due.emplace(job.due, job.view.id);
  if (before > 0 && b->requests <= 0) p.by_due.erase({job.due, job.view.id});
}

void State::rebook(JobState& job) {
  for (JobState::Booked& b : job.booked) {
    Provider& p = providers_[b.provider];
    const int64_t need = job.books() ? b.requests * p.need_us[static_cast<int>(job.pace)] : 0;
    if (p.by_due.empty()) p.tree.move_to(job.view.accepted);
    p.tree.add(job.due, need - b.need_us);
    b.need_us = need;
    if (job.books() && b.requests > 0) p.by_due.emplace(job.due, job.view.id);
    else p.by_due.erase({job.due, job.view.id});
  }
}

// Everything booked is booked anew: whoever tells rates tells those that changed by a few per cent.
void State::rates_changed(uint32_t number) {
  Provider& p = providers_[number];
  const int64_t now[2] = {p.rate.need_us(Pace::measured), p.rate.need_us(Pace::stressed)};
  if (now[0] == p.need_us[0] && now[1] == p.need_us[1]) return;
  std::copy(now, now + 2, p.need_us);
  const auto booked = p.by_due;
  for (const auto& [due, id] : booked) rebook(jobs_.at(id));
}

// ---------------------------------------------------------------- jobs and groups

void State::take(const JobChanged& e) {
  JobState& job = jobs_[e.job.id];
  if (job.known) {  // out of every index, under the old view
    for (JobState::Booked& b : job.booked) {
      providers_[b.provider].by_due.erase({job.due, e.job.id});
      providers_[b.provider].tree.add(job.due, -b.need_us);
      b.need_us = 0;
    }
    for (Group& g : job.groups) take_from_lane(g);
    best_effort_.erase({job.view.deadline + best_effort_grace, e.job.id});
    riding_.erase({ride_end(job), e.job.id});
  }
  job.view = e.job;
  job.known = true;
  job.end = step_deadline(job.view.accepted, job.view.deadline, job.view.steps_after);
  job.due = job.end - margin(job.end - job.view.accepted);
  job.pace = pace_of(job);
  job.rides = !job.booked.empty() && rides(job, job.booked.front().provider);
  if (job.rides) riding_.emplace(ride_end(job), e.job.id);
  rebook(job);
  for (Group& g : job.groups) place_in_lane(job, g);
  if (job.view.rush && job.places()) rush_.insert(e.job.id);
  else rush_.erase(e.job.id);
  if (job.view.steps_after > 0 && job.view.kept && job.places()) chained_.insert(e.job.id);
  else chained_.erase(e.job.id);
  if (!job.view.kept) best_effort_.emplace(job.view.deadline + best_effort_grace, e.job.id);
}

void State::take(const JobGone& e) {
  JobState* const found = jobs_.find(e.job);
  if (found == nullptr) return;
  JobState& job = *found;
  for (const JobState::Booked& b : job.booked) {
    providers_[b.provider].tree.add(job.due, -b.need_us);
    providers_[b.provider].by_due.erase({job.due, e.job});
  }
  for (Group& g : job.groups) take_from_lane(g);
  for (const BatchId id : job.batches)
    std::erase_if(batches_.at(id).members, [&](const auto& m) { return m.first == e.job; });
  best_effort_.erase({job.view.deadline + best_effort_grace, e.job});
  rush_.erase(e.job);
  chained_.erase(e.job);
  riding_.erase({ride_end(job), e.job});
  jobs_.erase(e.job);
}

// Brings the lane's indexes up to the group's view.
void State::place_in_lane(JobState& job, Group& g) {
  LaneState& lane = lanes_[g.view.lane.n];
  const GroupKey key{job.view.id, g.view.shape};
  const bool waits = job.places() && !job.view.capped && g.view.open > 0;
  const Time flush = g.view.fresh ? Time{0} : g.view.since + flush_after(job.view.deadline - g.view.since);
  if (!waits || !g.waiting || flush != g.flush) {
    take_from_lane(g);
    if (!waits) return;
    g.waiting = true;
    g.due = job.view.deadline;
    g.flush = flush;
    lane.waiting.emplace(g.due, key);
    lane.flush_at.emplace(g.flush, key);
  }
  lane.open += g.view.open - g.counted;
  g.counted = g.view.open;
  if (g.view.untried) untried_.insert(key);
  else if (!untried_.empty()) untried_.erase(key);
}

void State::take_from_lane(Group& g) {
  if (!g.waiting) return;
  LaneState& lane = lanes_[g.view.lane.n];
  const GroupKey key{g.view.job, g.view.shape};
  lane.waiting.erase({g.due, key});
  lane.flush_at.erase({g.flush, key});
  lane.open -= g.counted;
  g.counted = 0;
  g.waiting = false;
  untried_.erase(key);
}

void State::take(const GroupChanged& e) {
  JobState& job = jobs_[e.group.job];
  if (!job.known) job.view.id = e.group.job;
  auto g = std::find_if(job.groups.begin(), job.groups.end(), [&](const Group& x) { return x.view.shape == e.group.shape; });
  if (g == job.groups.end()) {
    g = job.groups.insert(g, Group{});
    g->view.job = e.group.job;
    g->view.shape = e.group.shape;
    g->view.lane = e.group.lane;
  }
  const uint32_t before = lanes_[g->view.lane.n].provider, after = lanes_[e.group.lane.n].provider;
  if (g->view.lane == e.group.lane) {
    book(job, after, e.group.open - g->view.open);
  } else {
    book(job, before, -g->view.open);
    book(job, after, e.group.open);
    take_from_lane(*g);
  }
  g->view = e.group;
  place_in_lane(job, *g);
}

// ---------------------------------------------------------------- batches

// Takes a batch out of every index, as it was told last.
void State::unbatch(const BatchView& b, bool gone) {
  LaneState& lane = lanes_[b.lane.n];
  for (const auto& [id, n] : b.members) {
    JobState* const job = jobs_.find(id);
    if (job == nullptr) continue;
    book(*job, lane.provider, -n);
    if (gone) std::erase(job->batches, b.id);
  }
  if (b.live) return;
  lane.in_flight.erase({b.sent, b.id});
  if (b.returning && !b.members.empty()) --lane.returning;
}

void State::take(const BatchChanged& e) {
  const bool fresh = !batches_.contains(e.batch.id);
  BatchView& told = batches_[e.batch.id];
  // Booked before it is unbooked: the job never seems to have nothing left in between.
  LaneState& lane = lanes_[e.batch.lane.n];
  for (const auto& [id, n] : e.batch.members) {
    JobState& job = jobs_[id];
    job.view.id = id;
    book(job, lane.provider, n);
    auto& theirs = job.batches;
    if (std::find(theirs.begin(), theirs.end(), e.batch.id) == theirs.end()) theirs.push_back(e.batch.id);
  }
  if (!fresh) {
    unbatch(told, false);
    for (const auto& [id, n] : told.members) {
      const auto same = [&](const auto& m) { return m.first == id; };
      if (std::any_of(e.batch.members.begin(), e.batch.members.end(), same)) continue;
      if (JobState* const job = jobs_.find(id)) std::erase(job->batches, e.batch.id);
    }
  }
  told = e.batch;
  if (e.batch.live) return;
  if (told.unwanted > 0 && !told.cancelling && told.returning) unwanted_.insert(told.id);
  else unwanted_.erase(told.id);
  if (e.batch.sent.ms != 0 && !e.batch.members.empty()) lane.in_flight.emplace(e.batch.sent, e.batch.id);
  else lane.in_flight.erase({e.batch.sent, e.batch.id});
  if (e.batch.returning && !e.batch.members.empty()) ++lane.returning;
}

void State::take(const BatchGone& e) {
  const BatchView* const found = batches_.find(e.batch);
  if (found == nullptr) return;
  unbatch(*found, true);
  unwanted_.erase(e.batch);
  batches_.erase(e.batch);
}

// ---------------------------------------------------------------- what is learned

void State::take(const BatchTook& e) {
  LaneState& lane = lanes_[e.lane.n];
  const int64_t day = e.sent.unix_seconds() / 86'400;
  CompletionTimes& times = lane.times[size_class(e.requests)];
  if (times.batches() == 0)  // begins with what is known of its neighbours
    for (const CompletionTimes& other : lane.times)
      if (other.batches() > 0) times.set_prior(other.curve());
  if (e.by_itself) times.ended(day, e.took);
  else times.not_ended(day, e.took);
  if (!e.by_itself) return;
  auto& ended = lane.ended[size_class(e.requests)];
  ended.push_back({e.sent, e.took});
  if (ended.size() > peers_remembered) ended.pop_front();
}

void State::take(const RateKnown& e) {
  const uint32_t n = provider(e.provider);
  providers_[n].rate.allow(e.limits);
  providers_[n].rate.reserve(e.reserved);
  rates_changed(n);
}

void State::take(const RateMeasured& e) {
  const uint32_t n = provider(e.provider);
  providers_[n].rate.measured(e.per_minute);
  rates_changed(n);
}

void State::take(const FlexOffered& e) {
  lanes_[e.lane.n].flex = e.offered;
  Flex& flex = provider_of(e.lane).flex;
  flex.offered = flex.offered || e.offered;
}

void State::take(const FlexHeard& e) {
  Flex& flex = providers_[provider(e.provider)].flex;
  if (e.at - flex.heard > hours(1)) flex.tried = flex.shed = 0;
  flex.tried += static_cast<double>(e.tried);
  flex.shed += static_cast<double>(e.shed);
  flex.heard = e.at;
  if (flex.tried <= flex_memory) return;
  flex.shed *= flex_memory / flex.tried;
  flex.tried = flex_memory;
}

// For each size class that has evidence a line with its curve and one with its peers that ended.
std::string State::learned(LaneId id) const {
  const LaneState& lane = lanes_[id.n];
  std::string text;
  for (int c = 0; c < 4; ++c) {
    if (lane.times[c].batches() == 0) continue;
    text += std::to_string(c) + ' ' + lane.times[c].saved() + '\n' + std::to_string(c) + 'p';
    for (const PeerEnd& p : lane.ended[c]) text += ' ' + std::to_string(p.sent.ms) + ' ' + std::to_string(p.took.ms);
    text += '\n';
  }
  return text;
}

Status State::learn(LaneId id, std::string_view text) {
  LaneState& lane = lanes_[id.n];
  const auto wrong = [] { return fail("plan.evidence", "what was learned of a lane cannot be read"); };
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() < 2 || line[0] < '0' || line[0] > '3') return wrong();
    const int c = line[0] - '0';
    if (line[1] == ' ') {
      lane.times[c] = TRY(CompletionTimes::restored(line.substr(2)));
      continue;
    }
    lane.ended[c].clear();
    const char* at = line.data() + 2;
    const char* const stop = line.data() + line.size();
    while (at < stop) {
      PeerEnd peer;
      const auto first = std::from_chars(at + 1, stop, peer.sent.ms);
      if (first.ec != std::errc{} || first.ptr == stop) return wrong();
      const auto second = std::from_chars(first.ptr + 1, stop, peer.took.ms);
      if (second.ec != std::errc{}) return wrong();
      lane.ended[c].push_back(peer);
      at = second.ptr;
    }
  }
  return {};
}

std::string State::learned(const std::string& name) const {
  for (const Provider& p : providers_) {
    if (p.name != name) continue;
    char text[96];
    std::snprintf(text, sizeof text, "%.17g %.17g %lld", p.flex.tried, p.flex.shed, static_cast<long long>(p.flex.heard.ms));
    return text + p.rate.saved();
  }
  return {};
}

Status State::learn(const std::string& name, std::string_view text) {
  const uint32_t number = provider(name);
  Flex& flex = providers_[number].flex;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto tried = std::from_chars(at, end, flex.tried);
  const auto shed = tried.ptr < end ? std::from_chars(tried.ptr + 1, end, flex.shed) : tried;
  const auto heard = shed.ptr < end ? std::from_chars(shed.ptr + 1, end, flex.heard.ms) : shed;
  if (heard.ec != std::errc{} || heard.ptr == shed.ptr) return fail("plan.evidence", "what was learned of a live lane cannot be read");
  CHECKED(providers_[number].rate.restore(text.substr(static_cast<size_t>(heard.ptr - at))));
  rates_changed(number);
  return {};
}

void apply(State& state, const Event& event) {
  std::visit([&](const auto& e) { state.take(e); }, event);
}

}  // namespace twolane::plan
