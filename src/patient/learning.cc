// What the lanes teach: completion times of batches, kept in the store for the next process, and what follows
// when a lane is slow: another batch, or another model that the caller named, at its price.
#include "patient/learning.h"

#include <array>
#include <charconv>

#include "patient/core.h"
#include "patient/trouble.h"
#include "price/price.h"

namespace twolane::patient {
namespace {

constexpr double unknown_price = 0.5;  // of list: what batches cost wherever they are sold
constexpr std::string_view index_fact = "lanes";  // a line for each lane of which something was learned

// World, provider, endpoint and model. Simulated lanes teach nothing about real ones.
std::string lane_line(const std::string& world, const plan::Lane& lane) {
  return world + '\t' + lane.provider + '\t' + std::to_string(static_cast<int>(lane.endpoint)) + '\t' + lane.model;
}

std::string lane_fact(const std::string& line) { return "lane." + line; }
std::string held_fact(const std::string& line) { return "held." + line; }

std::optional<KnownLane> read_line(std::string_view line) {
  std::array<std::string_view, 4> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t end = std::min(line.find('\t'), line.size());
    parts[i] = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  int endpoint = -1;
  std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), endpoint);
  if (parts[3].empty() || endpoint < 0 || endpoint >= endpoint_count) return std::nullopt;
  return KnownLane{std::string(parts[0]), {std::string(parts[1]), static_cast<Endpoint>(endpoint), std::string(parts[3])}, {}};
}

}  // namespace

Result<std::vector<KnownLane>> known_lanes(store::Store& store) {
  std::vector<KnownLane> known;
  const std::string index = TRY(store.recall(index_fact));
  for (std::string_view rest = index; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto lane = read_line(line);
    if (!lane) continue;
    lane->learned = TRY(store.recall(lane_fact(line)));
    known.push_back(std::move(*lane));
  }
  return known;
}

plan::LaneId Engine::Core::lane_number(const plan::Lane& lane) {
  const size_t known = plan.lanes().size();
  const plan::LaneId id = plan.number(lane);
  if (plan.lanes().size() == known) return id;
  const auto saved = store.recall(lane_fact(lane_line(settings.world, lane)));
  // What cannot be read, or was written by another version, is learned anew.
  if (saved && !saved->empty() && !plan.learn(id, *saved)) note({}, "what was learned of " + lane.provider + " is learned anew");
  const auto held = store.recall(held_fact(lane_line(settings.world, lane)));
  Time until;
  if (held) std::from_chars(held->data(), held->data() + held->size(), until.ms);
  if (until > now()) plan::apply(plan, plan::LaneHeld{id, until});
  plan::apply(plan, plan::FlexOffered{id, sells_flex(lane)});
  return id;
}

// Its quota is full, or it refused for now: nothing is packed for it before `until`, by the next process neither.
void Engine::Core::hold_lane(plan::LaneId id, Time until) {
  plan::apply(plan, plan::LaneHeld{id, until});
  ok(store.remember(held_fact(lane_line(settings.world, plan.lanes()[id.n].lane)), std::to_string(until.ms)));
}

void Engine::Core::free_lane(plan::LaneId id) {
  if (!plan.lanes()[id.n].held) return;
  plan::apply(plan, plan::LaneFreed{id});
  ok(store.remember(held_fact(lane_line(settings.world, plan.lanes()[id.n].lane)), ""));
}

// A batch that was cancelled or expired shows only that it takes longer: logging the completed ones alone
// would hide the tail.
void Engine::Core::learn_from(const BatchAtWork& batch, bool by_itself) {
  if (batch.wave() || batch.row.sent.ms == 0) return;
  const plan::Lane lane{batch.row.provider, batch.row.endpoint, batch.row.model};
  const plan::LaneId id = lane_number(lane);
  const Time end = by_itself || !batch.row.cancelling() ? batch.row.ended : batch.row.cancel_asked;
  plan::apply(plan, plan::BatchTook{id, batch.row.requests, batch.row.sent, std::max(end - batch.row.sent, Duration{0}), by_itself});
  const std::string line = lane_line(settings.world, lane);
  if (!ok(store.remember(lane_fact(line), plan.learned(id)))) return;
  if (!listed.insert(line).second) return;
  auto index = store.recall(index_fact);
  if (!index) return broke(index.error());
  if (('\n' + *index).find('\n' + line + '\n') == std::string::npos) ok(store.remember(index_fact, *index + line + '\n'));
}

void Engine::Core::slow(BatchId id) {
  auto batch = batches.find(id);
  if (batch == batches.end() || batch->second.row.cancelling()) return;
  for (const auto& [stage, unfinished] : batch->second.unfinished)
    if (JobAtWork* const job = at_stage(stage); job != nullptr && unfinished > 0) {
      ++job->standing.restarts;
      keep_standing(*job);
      tell_plan(*job);
    }
  cancel(id, "because others were faster");
}

// By the price book, for a request like the job's first. A token is about four bytes, and answers are a quarter
// as long as their limits, which are set to be far away. A price that nobody knows is taken for half.
void Engine::Core::price_targets(const JobAtWork& job, ShapeAtWork& s) {
  const std::vector<Target>& targets = s.shape.targets;
  if (targets.size() < 2 || !s.batch_prices.empty()) return;
  const auto first = store.request(job.job.id, 0);
  if (!first) return broke(first.error());
  Usage usage;
  usage.fresh = std::max<int64_t>(*first ? (*first)->input_bound / 4 : 0, 1);
  usage.output = *first ? (*first)->output_bound / 4 : 0;
  const auto cost = [&](const Target& target, ServiceTier tier) {
    const auto charge = price::charge(target, tier, usage, {.at = now()});
    return charge ? static_cast<double>(charge->n) : 0;
  };
  const double list = cost(targets[s.target], ServiceTier::standard);
  for (const Target& target : targets) {
    const double batch = cost(target, ServiceTier::batch);
    s.batch_prices.push_back(list > 0 && batch > 0 ? batch / list : unknown_price);
  }
}

void Engine::Core::move(const plan::Move& action) {
  auto found = jobs.find(action.job);
  if (found == jobs.end()) return;
  ShapeAtWork& shape = found->second.shapes[static_cast<size_t>(action.shape)];
  for (size_t t = 0; t < shape.shape.targets.size(); ++t) {
    if (t == shape.target || plan.number(lane_of(shape, t)) != action.lane) continue;
    shape.target = t;
    shape.batch_prices.clear();
    if (!ok(store.remember(target_fact(action.job, action.shape), std::to_string(t)))) return;
    note(action.job, "goes on at " + shape.shape.targets[t].provider + ": its lane is slow");
    tell_plan(found->second, shape);
    return changed();
  }
}

}  // namespace twolane::patient
