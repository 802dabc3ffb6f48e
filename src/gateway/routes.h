// The routes of the configuration as they stand now: circuits, places, retry budgets and what became
// of their tries, shared by all threads.
//
// Threads: any; each route has a lock of its own, taken a few times for each of its calls. Calls that
// follow no route take none.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/route_policy.h"

namespace twolane::gateway {

// What became of one try, for the log and the metrics.
enum class Outcome : uint8_t {
  answered,     // its answer was told, a refusal that is the request's own fault included
  refused,      // 408, 429 or 5xx
  no_capacity,  // flex has none just now
  unreached,    // no connection
  late,         // no first byte in time
  broken,       // the connection broke before an answer
  cut,          // ... in the middle of one
  left,         // the client went away
};
inline constexpr size_t outcome_count = 8;
std::string_view name_of(Outcome outcome);

class Route {
 public:
  explicit Route(RouteRules rules) : rules_(std::move(rules)), targets_(rules_.targets.size()), circuits_(targets_.size()) {}

  const RouteRules& rules() const { return rules_; }

  // Why a try is made. One at a target that the request has asked before draws on the budget, but for
  // one whose tier had no capacity; the load that others get from it is bounded by their number.
  enum class Try : uint8_t { first, another, at_no_cost };
  // The next try, whose place is taken; end() gives it back.
  std::optional<Step> next(Try why, const std::vector<size_t>& order, Progress& progress, Time now, uint64_t draw);
  // The target answers: said as soon as it is known, so that an open circuit closes.
  void answers(size_t target, Time now);
  struct End {
    Outcome outcome = Outcome::left;
    bool had_answered = false;   // answers() was said of it
    bool may_be_billed = false;  // the provider may charge for an answer that nobody has
  };
  void end(size_t target, const End& end, Time now);
  // A try that was not made after all: its place is free again.
  void withdraw(size_t target, Time now);
  // Until one of these may be asked again, where all are out of service; otherwise nothing.
  Duration closed_for(const std::vector<size_t>& order, Time now) const;

 private:
  friend class Routes;
  struct Target {
    std::array<int64_t, outcome_count> tries{};
    int64_t may_be_billed = 0;
  };

  const RouteRules rules_;
  mutable std::mutex mutex_;
  std::vector<Target> targets_;
  std::vector<Circuit> circuits_;
  RetryBudget budget_;
};

class Routes {
 public:
  explicit Routes(std::vector<RouteRules> rules);

  // Null: no route has this name.
  std::shared_ptr<Route> find(std::string_view name) const;
  // For a flex call to a model that is named itself: a route without a name that leads there only.
  std::shared_ptr<Route> flex_to(const std::string& target);
  // As they were given.
  const std::vector<std::shared_ptr<Route>>& all() const { return all_; }

  // The part of /metrics that is about targets of routes; empty where nothing was configured or tried.
  std::string metrics() const;

 private:
  std::vector<std::shared_ptr<Route>> all_;
  std::map<std::string, std::shared_ptr<Route>, std::less<>> by_name_;
  mutable std::mutex mutex_;  // of flex_
  std::map<std::string, std::shared_ptr<Route>, std::less<>> flex_;
};

}  // namespace twolane::gateway
