// The flex tier: synchronous calls at the price of batches, which take minutes and which a provider sheds when
// it has no capacity for them.
//
// A shed call was not run: it costs nothing, uses up none of its request's tries, and says nothing of the standard
// tier. Sheddings come at once, answers when they come: how many calls of a wave were shed is told to the plan
// once, a few seconds after the wave was sent.
#include <algorithm>

#include "patient/core.h"
#include "price/price.h"

namespace twolane::patient {

using dialect::Refusal;
using dialect::Verdict;

namespace {

constexpr Duration shed_within = seconds(5);
constexpr Duration shed_pause = seconds(10), longest_shed_pause = minutes(1);  // after a wave of which all was shed

std::string live_fact(const std::string& world, const std::string& provider) { return "live." + world + '\t' + provider; }

}  // namespace

bool Engine::Core::sells_flex(const plan::Lane& lane) {
  const dialect::ModelEntry* const model = dialect::find_model(lane.provider, lane.model);
  if (model == nullptr || !model->flex || !dialect::sells(lane.provider, operation_of(lane.endpoint), ServiceTier::flex))
    return false;
  const Target target{lane.provider, lane.model};
  const auto flex = price::rates(target, ServiceTier::flex, 0, {.at = now()});
  const auto list = price::rates(target, ServiceTier::standard, 0, {.at = now()});
  return flex && list && flex->fresh.n < list->fresh.n && flex->output.n < list->output.n;
}

// Told of one lane of each provider from the beginning: how far the plan looks ahead must not depend on which
// jobs a process has seen.
void Engine::Core::offer_flex(const std::string& provider) {
  for (const dialect::ModelEntry& model : dialect::models()) {
    if (model.provider != provider || !model.flex) continue;
    const auto endpoint = dialect::endpoint_at(provider, Endpoint::chat_completions, ServiceTier::flex);
    if (endpoint) lane_number({provider, *endpoint, std::string(model.name)});
    return;
  }
}

// Gemini says so with a plain 503. What flex alone does not take may still be good at the standard tier, which is
// asked when its time has come.
bool Engine::Core::is_shed(const BatchAtWork& wave, const Refusal& refusal, int status) const {
  if (wave.row.tier != ServiceTier::flex) return false;
  if (refusal.verdict == Verdict::no_capacity) return true;
  if (refusal.verdict == Verdict::unavailable) return status == 503 && wave.line->entry->dialect == Dialect::gemini;
  return refusal.verdict == Verdict::invalid && !wave.row.probe;
}

void Engine::Core::look_at_shed_later(BatchId id) {
  world.at(now() + shed_within, guarded([this, id] {
             const auto wave = batches.find(id);
             if (broken || wave == batches.end() || wave->second.shed_told) return;
             tell_shed(wave->second, wave->second.row.requests, wave->second.shed);
             changed();
           }));
}

void Engine::Core::look_at_shed(BatchAtWork& wave, bool over) {
  if (wave.row.tier != ServiceTier::flex || !over) return;
  if (!wave.shed_told) tell_shed(wave, wave.row.requests, wave.shed);
  Line& line = *wave.line;
  if (wave.shed < wave.row.requests) {
    line.flex_pauses = 0;
    return;
  }
  const int64_t longer = int64_t{1} << std::min(line.flex_pauses++, 3);
  line.flex_paused_until = now() + std::min(shed_pause * longer, longest_shed_pause);
}

void Engine::Core::tell_shed(BatchAtWork& wave, int64_t tried, int64_t shed) {
  wave.shed_told = true;
  plan::apply(plan, plan::FlexHeard{wave.row.provider, tried, shed, now()});
  remember_live(wave.row.provider);
}

void Engine::Core::remember_live(const std::string& provider) {
  ok(store.remember(live_fact(settings.world, provider), plan.learned(provider)));
}

void Engine::Core::recall_live(const std::string& provider) {
  const auto saved = store.recall(live_fact(settings.world, provider));
  if (saved && !saved->empty() && !plan.learn(provider, *saved))
    note({}, "what was learned of the live lane of " + provider + " is learned anew");
}

}  // namespace twolane::patient
