// Which providers a process may call and as whom, and the name of the world they make up.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "patient/engine.h"

namespace twolane::app {

// A short hash of a key that is stored and shown in its place.
std::string fingerprint(std::string_view key);

// Providers with a key. `key_otherwise`: the key where none is set, because nobody checks it (simulators);
// empty: such providers are left out.
std::vector<patient::Account> accounts(const Config& config, const std::string& key_otherwise);

// Accounts of the embedded simulator: every provider it plays.
std::vector<patient::Account> simulated_accounts(const Config& config);

// Job::world of real providers. Keys are no part of it, so that a renewed key goes on with the same
// jobs; redirected base URLs are, because other servers stand behind them.
std::string world_of(const Config& config);

// The origin of the simulator that the base URLs lead to. Errors: clock.none, clock.several.
Result<std::string> simulator_origin(const Config& config);

}  // namespace twolane::app
