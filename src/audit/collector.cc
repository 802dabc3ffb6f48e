// Each call costs a few hashes, one price and some counters; nothing is kept of the call itself.
#include "audit/collector.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <limits>

#include "audit/hash.h"
#include "price/price.h"

namespace twolane::audit {
namespace {

constexpr size_t spans_of_all = size_t{1} << 20;  // of the callers' arrivals together: 16 MB
constexpr size_t fewest_spans = 256;              // of a caller
constexpr int64_t most_users_of_group = 500;
constexpr size_t most_groups = 1 << 16;
constexpr size_t most_bucket_sums = 4096;

std::string client_of(std::string_view agent) {
  if (agent.starts_with("Mozilla")) return "browser";
  return std::string(agent.substr(0, std::min(agent.find_first_of("/ ("), size_t{32})));
}

std::string family_of(const Call& call) {
  if (!call.prompt_name.empty()) return std::string(call.prompt_name);
  if (call.prompt_family == 0) return {};
  std::string hex;
  for (int shift = 60; shift >= 32; shift -= 4) hex += "0123456789abcdef"[(call.prompt_family >> shift) & 15];
  return hex;
}

uint64_t chained(uint64_t hash, std::string_view text) { return hash_text(text, hash + text.size() + 1); }

ServiceTier tier_of(const Call& call) { return call.tier.value_or(ServiceTier::standard); }

// The name without the user: strings are hashed, not built.
uint64_t group_of(const Call& call) {
  const std::string_view agent = call.user_agent.substr(0, std::min(call.user_agent.find_first_of("/ ("), size_t{32}));
  uint64_t h = chained(0x7777, call.key);
  h = chained(h, call.team);
  h = chained(h, call.route);
  h = chained(h, call.prompt_name) ^ (call.prompt_name.empty() ? call.prompt_family : 0);
  h = chained(h, agent);
  const int manner = call.streaming ? 1 + static_cast<int>(*call.streaming) : 0;
  return (h + static_cast<uint64_t>(manner * 8 + static_cast<int>(tier_of(call)))) * 0x9E3779B97F4A7C15ull;
}

int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

// The cell of that price, the latest used first.
PriceCell& cell_of(std::vector<PriceCell>& cells, const PriceCell& wanted) {
  if (!cells.empty() && cells.back().same_price(wanted)) return cells.back();
  const auto it = std::ranges::find_if(cells, [&](const PriceCell& c) { return c.same_price(wanted); });
  if (it == cells.end()) cells.push_back(wanted);
  else std::swap(*it, cells.back());
  return cells.back();
}

}  // namespace

Collector::Collector(Settings settings) { all_.settings = std::move(settings); }
Collector::~Collector() = default;

Profile& Collector::start_profile(const Call& call, uint64_t hash, uint64_t group, bool folded) {
  auto fresh = std::make_unique<Profile>();
  fresh->group = group;
  fresh->name = {.key = std::string(call.key),
                 .team = std::string(call.team),
                 .user = folded ? std::string() : std::string(call.user),
                 .route = std::string(call.route),
                 .family = family_of(call),
                 .client = client_of(call.user_agent),
                 .streaming = call.streaming,
                 .tier = tier_of(call)};
  Profile& p = *(profiles_[hash] = std::move(fresh));
  share_room();
  p.arrivals.limit(room_);
  return p;
}

// The more callers, the fewer spans for the arrivals of each.
void Collector::share_room() {
  const size_t room = std::max(fewest_spans, spans_of_all / std::bit_ceil(profiles_.size()));
  if (room >= room_) return;
  room_ = room;
  for (auto& [hash, p] : profiles_) p->arrivals.limit(room_);
}

Profile& Collector::profile_of(const Call& call, uint64_t& who) {
  const uint64_t group = group_of(call);
  who = chained(chained(0x1234, call.key), call.user);
  uint64_t hash = call.user.empty() ? group : chained(group, call.user);
  if (const auto it = profiles_.find(hash); it != profiles_.end()) return *it->second;
  const auto users = group_users_.find(group);
  const bool folded = !call.user.empty() && users != group_users_.end() && users->second >= most_users_of_group;
  if (folded) {
    hash = group + 1;
    if (const auto it = profiles_.find(hash); it != profiles_.end()) return *it->second;
  }
  if (profiles_.size() >= all_.settings.most_callers) fold();
  if (!call.user.empty() && group_users_.size() < most_groups) ++group_users_[group];
  return start_profile(call, hash, group, folded);
}

std::vector<uint64_t> Collector::cheapest(size_t how_many) const {
  std::vector<std::pair<PicoUsd, uint64_t>> order;
  for (const auto& [hash, p] : profiles_) order.emplace_back(p->spend, hash);
  std::ranges::sort(order);
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < how_many && i < order.size(); ++i) hashes.push_back(order[i].second);
  return hashes;
}

// The cheaper half of the users goes into their groups; where that does not help, the cheapest into "others".
void Collector::fold() {
  for (const uint64_t hash : cheapest(profiles_.size() / 2)) {
    if (profiles_.at(hash)->name.user.empty()) continue;
    const auto node = profiles_.extract(hash);
    Profile& p = *node.mapped();
    p.close_run();
    p.folded = p.calls;
    auto& target = profiles_[p.group + 1];
    if (!target) {
      target = std::make_unique<Profile>();
      target->group = p.group;
      target->name = p.name;
      target->name.user.clear();
      target->arrivals.limit(room_);
    }
    target->merge(p);
    if (group_users_.size() < most_groups) group_users_[p.group] = most_users_of_group;
  }
  const size_t most = all_.settings.most_callers;
  if (profiles_.size() * 4 <= most * 3) return;
  for (const uint64_t hash : cheapest(profiles_.size() - most / 2)) {
    const auto node = profiles_.extract(hash);
    node.mapped()->close_run();
    if (!all_.others) all_.others.emplace();
    all_.others->merge(*node.mapped());
    ++all_.others->name.users;
  }
}

PicoUsd Collector::price(Profile& p, const Call& call) {
  const auto by_log = [&] {
    if (call.cost) p.unpriced += *call.cost;
    else if (call.usage) ++p.unknown_calls;
    return call.cost.value_or(PicoUsd{});
  };
  if (!call.usage) {
    ++p.without_usage;
    return by_log();
  }
  const bool named = !call.model.empty() || all_.settings.assumed.model.empty();
  const price::Model* model = named ? models_.find(call.provider, call.model)
                                    : models_.find(all_.settings.assumed.provider, all_.settings.assumed.model);
  all_.assumed_calls += named ? 0 : 1;
  if (model == nullptr && p.unknown_model.empty()) p.unknown_model = call.model.substr(0, 80);
  PriceCell wanted;
  wanted.model = model, wanted.tier = tier_of(call);
  const int64_t input = call.usage->input();
  const Time at = call.start && !call.clock_from_zero ? *call.start : Time{};
  if (model != nullptr)
    for (size_t t = 0; t < wanted.rows.size(); ++t)
      wanted.rows[t] = price::book().row(*model, static_cast<ServiceTier>(t), input, at);
  const uint64_t scope = model != nullptr ? reinterpret_cast<uint64_t>(model) : hash_text(call.model);
  CacheUse cached{call.usage->cache_read, call.usage->cache_write_5m + call.usage->cache_write_1h};
  if (!call.prefix.empty() && call.start) {
    const CacheUse could = reuse_.take(scope, *call.start, call.prefix, input, model ? &model->caching : nullptr, p.reuse);
    if (could.read > cached.read) cached = could;
  }
  const price::Row* row = wanted.rows[static_cast<size_t>(wanted.tier)];
  std::optional<PicoUsd> charge;
  if (row != nullptr)
    if (const auto known = price::charge(row->ranked, *call.usage)) charge = *known;
  wanted.priced = charge.has_value();
  PriceCell& cell = cell_of(p.cells, wanted);
  ++cell.calls;
  cell.measured = cell.measured || !call.prefix.empty();
  add(cell.usage, *call.usage);
  cell.read += cached.read, cell.written += cached.written;
  return charge ? *charge : by_log();
}

void Collector::place_in_time(Profile& p, const Call& call, PicoUsd spend) {
  const int64_t tokens = call.usage ? call.usage->input() + call.usage->output : 0;
  const int64_t minute = floor_div(call.start->ms, 60'000);
  if (p.name.tier != ServiceTier::batch) {
    all_.live.add(minute, 1, tokens);
    p.arrivals.add(minute, 1, tokens);
  }
  if (call.clock_from_zero) {
    p.undated = true;
    return;
  }
  const int64_t local = floor_div(call.start->ms, 60'000) + all_.settings.zone_minutes;
  const int64_t hour = floor_div(local, 60);
  // 1970-01-01 was a Thursday; a week of the table begins on Sunday.
  const auto at = static_cast<size_t>(((hour + 4 * 24) % week_hours + week_hours) % week_hours);
  ++p.calls_at[at];
  p.spend_at[at] += spend;
  const int64_t day = floor_div(hour, 24);
  if (day != p.last_day) ++p.days_active, p.last_day = day;
  if (!p.dated || *call.start < p.first) p.first = *call.start;
  if (!p.dated || p.last < *call.start) p.last = *call.start;
  if (!all_.dated || *call.start < all_.first) all_.first = *call.start;
  if (!all_.dated || all_.last < *call.start) all_.last = *call.start;
  p.dated = all_.dated = true;
}

void Collector::shape(Profile& p, const Call& call) {
  const int64_t start = call.start->ms;
  const int64_t end = start + (call.latency ? call.latency->ms : 1000);
  int64_t running = 0, first_end = std::numeric_limits<int64_t>::max();
  bool at_end = false;
  size_t first = 0;  // of those kept, the call that ended first: it gives way to this one
  for (size_t i = 0; i < p.ends.size(); ++i) {
    const int64_t e = p.ends[i];
    running += e > start ? 1 : 0;
    at_end |= e <= start && e > start - 300;
    first = e < first_end ? i : first;
    first_end = std::min(e, first_end);
  }
  p.in_flight.add(running);
  if (call.latency) {
    ++p.ends_known;
    p.start_at_end += at_end ? 1 : 0;
  }
  p.ends[first] = end;
  Run& run = p.open_run;
  if (run.calls > 0 && (start > run.end.ms + run_gap.ms || start < run.start.ms - run_gap.ms)) p.close_run();
  if (run.calls == 0) run = {{start}, {end}, 0};
  ++run.calls;
  run.end.ms = std::max(run.end.ms, end);
}

void Collector::count(Profile& p, const Call& call) {
  ++p.calls;
  ++all_.calls;
  if (call.outcome != Outcome::unknown) ++p.outcomes;
  p.failed += call.outcome == Outcome::failed ? 1 : 0;
  p.disconnected += call.outcome == Outcome::disconnected ? 1 : 0;
  p.retried += call.retries > 0 ? 1 : 0;
  p.refused += call.http_status && (*call.http_status == 429 || *call.http_status == 503) ? 1 : 0;
  p.free_calls += call.gateway_cached ? 1 : 0;
  p.estimated += call.usage_estimated ? 1 : 0;
  if (call.latency) p.latency.add(call.latency->ms);
  if (call.first_token) p.first_token.add(call.first_token->ms);
  if (p.model.empty()) p.model = call.model.substr(0, 80);
  if (!call.user.empty()) p.users.add(hash_text(call.user));
  if (!call.session.empty()) p.sessions.add(hash_text(call.session));
  if (call.cost) {
    p.logged += *call.cost;
    ++p.logged_calls;
  }
}

void Collector::call(const Call& call) {
  uint64_t who = 0;
  Profile& p = profile_of(call, who);
  count(p, call);
  if (p.name.user.empty() && !call.user.empty()) ++p.folded;
  const PicoUsd spend = call.gateway_cached ? PicoUsd{} : price(p, call);
  p.spend += spend;
  if (call.usage) add(p.usage, *call.usage);
  if (!call.start) return;
  place_in_time(p, call, spend);
  shape(p, call);
  const Link link = links_.take(call, who);
  p.joined += link.joined ? 1 : 0;
  p.repeated += link.repeated ? 1 : 0;
  if (!link.answer_age) return;
  ++(link.answer_age->ms <= 10'000 ? p.chained : p.turns);
  p.until_used.add(link.answer_age->ms);
}

void Collector::bucket(const Bucket& bucket) {
  if (!bucket.clock_from_zero) {
    if (all_.buckets_first.ms == 0 || bucket.start < all_.buckets_first) all_.buckets_first = bucket.start;
    all_.buckets_last = std::max(all_.buckets_last, bucket.start + bucket.width);
  }
  std::string key(bucket.model);
  key.append(1, '\n').append(bucket.key).append(1, static_cast<char>(bucket.tier ? 'a' + static_cast<int>(*bucket.tier) : '-'));
  auto it = bucket_index_.find(key);
  if (it == bucket_index_.end()) {
    if (all_.buckets.size() >= most_bucket_sums) key = "\n(others)-";
    it = bucket_index_.try_emplace(key, all_.buckets.size()).first;
    if (it->second == all_.buckets.size())
      all_.buckets.push_back({std::string(bucket.model.empty() ? bucket.line_item : bucket.model),
                              std::string(bucket.key), bucket.tier});
  }
  BucketSum& sum = all_.buckets[it->second];
  ++sum.buckets;
  if (bucket.requests) sum.requests += *bucket.requests, sum.requests_known = true;
  if (bucket.cost) sum.logged += *bucket.cost, sum.cost_known = true;
  if (!bucket.usage) return;
  add(sum.usage, *bucket.usage);
  const price::Model* model = models_.find({}, bucket.model);
  if (model == nullptr) return;
  const auto* row = price::book().row(*model, bucket.tier.value_or(ServiceTier::standard),
                                      bucket.long_context ? 200'001 : 0, bucket.clock_from_zero ? Time{} : bucket.start);
  if (row == nullptr) return;
  if (const auto charge = price::charge(row->ranked, *bucket.usage)) sum.list += *charge, sum.priced = true;
}

void Collector::close(Collected& all, std::vector<Profile> callers) const {
  if (all.others) all.others->close_run();
  all.live.tidy();
  for (Profile& p : callers) {
    p.close_run();
    p.arrivals.tidy();
  }
  all.callers = std::move(callers);
  std::ranges::sort(all.callers, [](const Profile& a, const Profile& b) {
    if (a.spend != b.spend) return b.spend < a.spend;
    return a.group != b.group ? a.group < b.group : a.name.user < b.name.user;
  });
  for (const Profile& p : all.callers) all.reuse.add(p.reuse);
  if (all.others) all.reuse.add(all.others->reuse);
  all.pieces_forgotten = reuse_.forgotten();
}

Collected Collector::finish() {
  std::vector<Profile> callers;
  callers.reserve(profiles_.size());
  for (auto& [hash, p] : profiles_) callers.push_back(std::move(*p));
  profiles_.clear();
  group_users_.clear();
  Collected out = std::move(all_);
  all_ = {};
  all_.settings = out.settings;
  close(out, std::move(callers));
  return out;
}

Collected Collector::so_far() const {
  std::vector<Profile> callers;
  callers.reserve(profiles_.size());
  for (const auto& [hash, p] : profiles_) callers.push_back(*p);
  Collected out = all_;
  close(out, std::move(callers));
  return out;
}

}  // namespace twolane::audit
