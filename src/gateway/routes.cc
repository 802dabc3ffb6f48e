// Routes, shared by the threads, and their metrics.
#include "gateway/routes.h"

#include <algorithm>
#include <limits>

#include "gateway/metric_text.h"

namespace twolane::gateway {
namespace {

// No capacity at a tier says nothing against the target.
Heard heard_as(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
    case Outcome::no_capacity: return Heard::good;
    case Outcome::refused: return Heard::refused;
    case Outcome::unreached: return Heard::unreached;
    case Outcome::late: return Heard::late;
    case Outcome::broken:
    case Outcome::cut: return Heard::broken;
    case Outcome::left: break;
  }
  return Heard::unknown;
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered: return "answered";
    case Outcome::refused: return "refused";
    case Outcome::no_capacity: return "no_capacity";
    case Outcome::unreached: return "unreached";
    case Outcome::late: return "late";
    case Outcome::broken: return "broken";
    case Outcome::cut: return "cut";
    case Outcome::left: return "left";
  }
  return "";
}

std::optional<Step> Route::next(Try why, const std::vector<size_t>& order, Progress& progress, Time now, uint64_t draw) {
  const std::lock_guard lock(mutex_);
  if (why == Try::first) budget_.first();
  Progress then = progress;
  const auto step = next_step(rules_, order, circuits_, then, now, draw);
  const bool is_back = then.position >= order.size();
  if (!step || (why == Try::another && is_back && !budget_.take())) return std::nullopt;
  progress = then;
  circuits_[step->target].begin(rules_, now);
  return step;
}

void Route::answers(size_t target, Time now) {
  const std::lock_guard lock(mutex_);
  circuits_[target].heard(rules_, Heard::good, now);
}

void Route::end(size_t target, const End& end, Time now) {
  const std::lock_guard lock(mutex_);
  Circuit& circuit = circuits_[target];
  const Heard heard = heard_as(end.outcome);
  if (!end.had_answered || heard != Heard::good) circuit.heard(rules_, heard, now);
  circuit.end();
  ++targets_[target].tries[static_cast<size_t>(end.outcome)];
  if (end.may_be_billed) ++targets_[target].may_be_billed;
}

void Route::withdraw(size_t target, Time now) {
  const std::lock_guard lock(mutex_);
  circuits_[target].heard(rules_, Heard::unknown, now);
  circuits_[target].end();
}

Duration Route::closed_for(const std::vector<size_t>& order, Time now) const {
  const std::lock_guard lock(mutex_);
  Duration least = hours(24);
  for (const size_t i : order) least = std::min(least, circuits_[i].is_open() ? circuits_[i].opens_at() - now : Duration{});
  return std::max(Duration{}, least);
}

Routes::Routes(std::vector<RouteRules> rules) {
  for (RouteRules& r : rules) {
    std::string name = r.name;
    all_.push_back(std::make_shared<Route>(std::move(r)));
    by_name_.emplace(std::move(name), all_.back());
  }
}

std::shared_ptr<Route> Routes::find(std::string_view name) const {
  if (by_name_.empty()) return nullptr;
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::shared_ptr<Route> Routes::flex_to(const std::string& target) {
  constexpr size_t most = 256;  // clients may make up names
  const std::lock_guard lock(mutex_);
  if (const auto it = flex_.find(target); it != flex_.end()) return it->second;
  RouteRules rules;
  rules.targets = {target};
  rules.attempts = 1;
  rules.failures = std::numeric_limits<int>::max();  // whoever names one model hears what it says
  auto route = std::make_shared<Route>(std::move(rules));
  if (flex_.size() < most) flex_.emplace(target, route);
  return route;
}

std::string Routes::metrics() const {
  std::vector<std::shared_ptr<Route>> routes = all_;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [target, route] : flex_) routes.push_back(route);
  }
  if (routes.empty()) return {};
  std::string tries, billed, open, in_flight;  // families: the samples of each stand together
  put_type(tries, "twolane_route_tries_total", "counter");
  put_type(billed, "twolane_route_may_be_billed_total", "counter");
  put_type(open, "twolane_route_circuit_open", "gauge");
  put_type(in_flight, "twolane_route_in_flight", "gauge");
  for (const auto& route : routes) {
    const std::lock_guard lock(route->mutex_);
    for (size_t i = 0; i < route->targets_.size(); ++i) {
      const Route::Target& t = route->targets_[i];
      const Circuit& circuit = route->circuits_[i];
      const Label name{"route", route->rules_.name}, target{"target", route->rules_.targets[i]};
      for (size_t k = 0; k < outcome_count; ++k)
        if (t.tries[k] > 0)
          put_sample(tries, "twolane_route_tries_total", {name, target, {"outcome", name_of(static_cast<Outcome>(k))}},
                     t.tries[k]);
      put_sample(billed, "twolane_route_may_be_billed_total", {name, target}, t.may_be_billed);
      put_sample(open, "twolane_route_circuit_open", {name, target}, circuit.is_open() ? 1 : 0);
      put_sample(in_flight, "twolane_route_in_flight", {name, target}, circuit.in_flight());
    }
  }
  return tries + billed + open + in_flight;
}

}  // namespace twolane::gateway
