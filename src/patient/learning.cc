// What the lanes teach: completion times of batches, kept in the store for the next process, and what follows
// when a lane is slow.
#include "patient/core.h"
#include "patient/trouble.h"

namespace twolane::patient {
namespace {

// Simulated lanes teach nothing about real ones.
std::string lane_fact(const std::string& world, const plan::Lane& lane) {
  return "lane." + world + '/' + lane.provider + '/' + std::string(wire_name(lane.endpoint)) + '/' + lane.model;
}

}  // namespace

plan::LaneId Engine::Core::lane_number(const plan::Lane& lane) {
  const size_t known = plan.lanes().size();
  const plan::LaneId id = plan.number(lane);
  if (plan.lanes().size() == known) return id;
  const auto saved = store.recall(lane_fact(settings.world, lane));
  // What cannot be read, or was written by another version, is learned anew.
  if (saved && !saved->empty() && !plan.learn(id, *saved)) note({}, "what was learned of " + lane.provider + " is learned anew");
  return id;
}

// A batch that was cancelled or expired shows only that it takes longer: logging the completed ones alone
// would hide the tail.
void Engine::Core::learn_from(const BatchAtWork& batch, bool by_itself) {
  if (batch.wave() || batch.row.sent.ms == 0) return;
  const plan::Lane lane{batch.row.provider, batch.row.endpoint, batch.row.model};
  const plan::LaneId id = lane_number(lane);
  const Time end = by_itself || batch.cancel_since.ms == 0 ? batch.row.ended : batch.cancel_since;
  plan::apply(plan, plan::BatchTook{id, batch.row.requests, batch.row.sent, std::max(end - batch.row.sent, Duration{0}), by_itself});
  ok(store.remember(lane_fact(settings.world, lane), plan.learned(id)));
}

void Engine::Core::slow(BatchId id) {
  auto batch = batches.find(id);
  if (batch == batches.end() || batch->second.row.cancelling) return;
  for (const auto& [job, unfinished] : batch->second.unfinished)
    if (auto j = jobs.find(job); j != jobs.end() && unfinished > 0) {
      ++j->second.restarts;
      tell_plan(j->second);
    }
  cancel(id, "because others were faster");
}

void Engine::Core::move(const plan::Move& action) {
  auto found = jobs.find(action.job);
  if (found == jobs.end()) return;
  ShapeAtWork& shape = found->second.shapes[static_cast<size_t>(action.shape)];
  for (size_t t = 0; t < shape.shape.targets.size(); ++t) {
    if (t == shape.target || plan.number(lane_of(shape, t)) != action.lane) continue;
    shape.target = t;
    if (!ok(store.remember(target_fact(action.job, action.shape), std::to_string(t)))) return;
    note(action.job, "goes on at " + shape.shape.targets[t].provider + ": its lane is slow");
    tell_plan(found->second, shape);
    return changed();
  }
}

}  // namespace twolane::patient
