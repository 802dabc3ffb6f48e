// Steps of one request along its route.
#include "gateway/routed_call.h"

#include <algorithm>

#include "dialect/catalogue.h"
#include "wire/json.h"

namespace twolane::gateway {
namespace {

// A model that the catalogue does not know is the provider's to judge.
bool sells(const Choice& choice, ServiceTier tier) {
  if (tier == ServiceTier::standard) return true;
  if (choice.provider->own) return false;
  if (!dialect::endpoint_at(choice.target.provider, choice.endpoint, tier)) return false;
  if (tier != ServiceTier::flex) return true;
  const auto* model = dialect::find_model(choice.target.provider, choice.target.model);
  return !model || model->flex;
}

}  // namespace

bool RoutedCall::aim_at(std::optional<ServiceTier> wanted, uint64_t draw) {
  std::vector<size_t> found = order_of(route->rules(), draw);
  std::erase_if(found, [&](size_t i) { return !choices[i] || !sells(*choices[i], wanted.value_or(ServiceTier::standard)); });
  if (found.empty()) return false;
  order = std::move(found);
  tier = wanted;
  progress = {};
  return true;
}

const Choice* RoutedCall::for_batches() const {
  for (const size_t i : order)
    if (sells(*choices[i], ServiceTier::batch)) return choices[i].get();
  return nullptr;
}

bool RoutedCall::step_on(Route::Try why, Time now, uint64_t draw) {
  const auto next = route->next(why, order, progress, now, draw);
  if (!next) return false;
  step = *next;
  placed = true;
  sent = heard = broke = false;
  tried = net::Clock::now();
  return true;
}

void RoutedCall::end(Outcome outcome, int status, bool may_be_billed, Time now) {
  if (!std::exchange(placed, false)) return;
  route->end(step.target, {outcome, heard, may_be_billed}, now);
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(net::Clock::now() - tried).count();
  wire::Json line = {{"target", route->rules().targets[step.target]}, {"outcome", name_of(outcome)}, {"ms", passed}};
  if (tier) line["tier"] = name_of(*tier);
  if (status > 0) line["status"] = status;
  if (may_be_billed) line["may_be_billed"] = true;
  tries.append(tries.empty() ? "" : ",").append(wire::dump(line));
}

void RoutedCall::drop_target(Time now) {
  if (std::exchange(placed, false)) route->withdraw(step.target, now);
  const size_t at = progress.position % order.size();
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(at));
  choices[step.target] = nullptr;
  if (at == 0) progress = {};  // it was the first to be asked
  else progress.position = at - 1, ++progress.uncounted;
}

}  // namespace twolane::gateway
