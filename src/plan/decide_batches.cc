// Which batches are stuck or slow, and what is packed into the next ones.
#include <algorithm>
#include <cmath>

#include "plan/decision.h"

namespace twolane::plan {
namespace {

constexpr size_t portions_most = 4096;  // of a batch
constexpr int restarts_most = 2;        // of each batch's worth of a job
constexpr double quick_share = 0.09;    // t*: what the drain reaches before 9 % of batches end is not packed
constexpr double worth_a_move = 1.2;
constexpr int64_t worth_withdrawing = 2;  // wanted requests to each unwanted one
constexpr double likely_enough = 0.75;  // of a new batch for what is still wanted of a withdrawn one

}  // namespace

// ---------------------------------------------------------------- unwanted

void Decision::withdraw() {
  for (const BatchId id : s_.unwanted_) {
    const BatchView& b = s_.batches_.at(id);
    int64_t wanted = 0;
    for (const auto& [job, n] : b.members) wanted += n;
    const bool costs_nothing = wanted == 0 || b.sent.ms == 0;
    if (costs_nothing || (b.unwanted * worth_withdrawing >= wanted && room_for_another(b))) cancel(b, CancelFor::unwanted);
  }
}

bool Decision::room_for_another(const BatchView& b) const {
  return std::all_of(b.members.begin(), b.members.end(), [&](const auto& member) {
    const JobState* const job = s_.jobs_.find(member.first);
    if (job == nullptr || !job->places()) return false;  // what comes back would not be placed again
    const Duration left = job->view.kept ? std::min(wait_of(*job), job->end - now_) : job->view.deadline - now_;
    return likely_by(b.lane, b.requests, left - cancel_lead(time_of(*job))) >= likely_enough;
  });
}

// ---------------------------------------------------------------- stuck and slow

void Decision::restart(LaneState& lane) {
  for (const auto& [sent, id] : lane.in_flight) {
    const BatchView& b = s_.batches_.at(id);
    const auto& peers = lane.ended[size_class(b.requests)];
    const auto newer = std::count_if(peers.begin(), peers.end(), [&](const PeerEnd& p) { return p.sent >= sent; });
    const bool lone = lane.in_flight.size() == 1;
    if (newer < 3 && !lone) return;  // nor have those sent later been overtaken
    if (b.cancelling || b.members.empty()) continue;
    const JobState* const job = s_.jobs_.find(b.members.front().first);
    if (job == nullptr || !job->places() || restarted_enough(*job)) continue;
    if (newer >= 3) overtaken(b, peers);
    else alone(b, *job);
  }
}

bool Decision::restarted_enough(const JobState& job) const {
  return job.view.restarts >= restarts_most * (1 + job.view.requests / 10'000);
}

void Decision::overtaken(const BatchView& b, const std::deque<PeerEnd>& peers) {
  const std::vector<PeerEnd> all(peers.begin(), peers.end());
  const Time at = overtaken_at(b.sent, all);
  if (at <= now_) cancel(b, CancelFor::slow);
  else wake(at);
}

void Decision::alone(const BatchView& b, const JobState& job) {
  const CompletionTimes& times = s_.times(b.lane, b.requests);
  const Duration age = now_ - b.sent;
  const Time end = job.view.kept ? job.due : job.view.deadline + hours(24);
  if (restart_lone(times, age, end - now_, job.view.restarts)) cancel(b, CancelFor::slow);
  else if (age * 2 <= times.upper(0.85) * 3) wake(b.sent + times.upper(0.85) * 3 / 2 + milliseconds(1));
  else wake(now_ + std::max(minutes(10), age / 10));
}

// ---------------------------------------------------------------- packing

// Company comes from batches that return, and from answers behind which others become open. Steps that go by flex
// are no reason to stop waiting.
bool Decision::waits_for_company(const LaneState& lane) {
  for (const auto& [at, key] : lane.flush_at) {
    const JobState& job = s_.jobs_.at(key.first);
    const Group& g = group_of(job, key.second);
    if (at > now_ && (lane.returning > 0 || g.view.more)) {
      wake(at);
      if (lane.returning > 0) return true;  // and so do all behind it
    } else if (!goes_by_flex(job, g)) {
      return false;
    }
  }
  return true;
}

void Decision::pack(LaneState& lane) {
  if (lane.waiting.empty()) return;
  if (lane.held && *lane.held > now_) return wake(*lane.held);
  const bool full = s_.batch_requests > 0 && lane.open >= s_.batch_requests;
  if (!full && waits_for_company(lane)) return;
  const LaneId id{static_cast<uint32_t>(&lane - s_.lanes_.data())};
  Pack pack{id, {}, 0, false};
  int64_t taken = 0;
  for (const auto& [due, key] : lane.waiting) {
    const JobState& job = s_.jobs_.at(key.first);
    const Group& g = group_of(job, key.second);
    const int64_t most = batch_share(lane, job, g);
    if (most == 0) continue;
    if (const Alternative* better = better_lane(job, g)) {
      actions_.push_back(Move{key.first, key.second, better->lane});
      continue;
    }
    if (taken == 0) pack.batch_requests = size_for(lane, job);
    pack.kept = pack.kept || job.view.kept;
    pack.portions.push_back({key.first, key.second, most});
    taken += most;
    if (pack.portions.size() >= portions_most) break;
  }
  if (taken > 0) {
    share_batch(pack, taken);
    actions_.push_back(std::move(pack));
  }
}

int64_t Decision::size_for(const LaneState& lane, const JobState& job) const {
  if (!job.view.kept) return s_.batch_requests;
  const Provider& p = s_.providers_[lane.provider];
  return batch_size(job.view.requests, {s_.batch_requests, 0, p.rate.allowed_per_minute()});
}

int64_t Decision::batch_share(const LaneState& lane, const JobState& job, const Group& g) {
  if (!job.view.kept && !job.view.rush) return g.view.untried ? 0 : g.view.open;
  const Provider& p = s_.providers_[lane.provider];
  const Duration wait = wait_of(job);
  if (goes_by_flex(job, g)) return 0;
  if (job.view.rush || (g.view.untried && wait > Duration{0})) return 0;
  const CompletionTimes& times = s_.times(g.view.lane, job.view.requests);
  const Duration lead = lead_of(p, job);
  if (wait > lead) return 1 - times.beyond(wait) >= batch_pays_from ? g.view.open : 0;
  if (gambles(job, g)) return g.view.open;
  const Duration quick = times.quantile(quick_share) + (g.view.fresh ? Duration{0} : lead);
  const double full_us = 60e6 / p.rate.allowed_per_minute();
  const auto walked = turns_.find(job.view.id);
  if (walked == turns_.end()) return g.view.open;  // far behind what must start now
  const Duration room = std::max(quick - walked->second, Duration{0});
  const auto kept_back = static_cast<int64_t>(std::ceil(static_cast<double>(room.ms) * 1000 / full_us));
  return std::max<int64_t>(g.view.open - kept_back, 0);
}

const Alternative* Decision::better_lane(const JobState& job, const Group& g) const {
  if (g.view.elsewhere.empty()) return nullptr;
  const Duration left = std::max(wait_of(job), Duration{0});
  const Duration most = job.view.kept ? left : job.view.deadline - now_;
  LaneOffer best{g.view.price, likely_by(g.view.lane, job.view.requests, most) * worth_a_move};
  const Alternative* found = nullptr;
  for (const Alternative& a : g.view.elsewhere) {
    const LaneOffer offer{a.price, likely_by(a.lane, job.view.requests, most)};
    if (!worth_moving(best, offer)) continue;
    best = offer;
    found = &a;
  }
  return found;
}

double Decision::likely_by(LaneId lane, int64_t requests, Duration most) const {
  const LaneState& l = s_.lanes_[lane.n];
  const CompletionTimes& times = s_.times(lane, requests);
  const double anew = 1 - times.beyond(most);
  if (l.in_flight.size() < 3) return anew;
  const Duration age = now_ - l.in_flight.begin()->first;  // silent peers: they show how the lane is today
  const double alive = std::max(times.beyond(age), 1e-9);
  return std::min(anew, 1 - times.beyond(age + most) / alive);
}

void Decision::share_batch(Pack& pack, int64_t taken) {
  if (pack.batch_requests <= 0 || taken <= pack.batch_requests) return;
  std::map<uint32_t, Claim> claims;
  for (const Portion& x : pack.portions) {
    const JobView& job = s_.jobs_.at(x.job).view;
    Claim& c = claims[job.tenant];
    c.wants += static_cast<double>(x.most);
    c.weight = job.weight;
  }
  if (claims.size() < 2) return;
  std::vector<Claim> all;
  for (const auto& [tenant, claim] : claims) all.push_back(claim);
  const auto got = shares(static_cast<double>(pack.batch_requests), all);
  size_t i = 0;
  for (auto& [tenant, claim] : claims) claim.wants = std::ceil(got[i++]);
  for (Portion& x : pack.portions) {
    double& left = claims[s_.jobs_.at(x.job).view.tenant].wants;
    x.most = std::min(x.most, static_cast<int64_t>(left));
    left -= static_cast<double>(x.most);
  }
  std::erase_if(pack.portions, [](const Portion& x) { return x.most == 0; });
}

}  // namespace twolane::plan
