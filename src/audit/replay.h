// Whether moves would have kept their deadlines: the log's own arrivals, driven through the planner that the
// engine runs, on simulated lanes.
//
// Pure; the same log, lanes and seed give the same answer. What is simulated: batches take, fail and are
// cancelled as trial/weather.h says; the live lane carries what the log shows that it carried for these
// callers in their busiest minute; moves of one provider and tier share it. Arrivals are those of the series
// in Profile, put together within a fiftieth of the deadline and spread evenly where minutes are not known.
#pragma once

#include <vector>

#include "audit/moves.h"
#include "trial/weather.h"

namespace twolane::audit {

struct ReplaySettings {
  trial::Kind lanes = trial::Kind::busy;
  uint64_t seed = 1;
  double on_time = 0.99;  // a move below that is not proposed
};

// Fills Move::replayed, and turns moves whose answers would have been late into stays that say so and name
// the shortest deadline that would have held. What is left was replayed without them.
void replay_moves(Plan& plan, const std::vector<Caller>& callers, const ReplaySettings& settings);

// One caller's requests, alone, at another deadline: what the search for one that holds asks.
Replayed replay_alone(const Move& move, const Profile& caller, Duration deadline, const ReplaySettings& settings);

}  // namespace twolane::audit
