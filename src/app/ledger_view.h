// Which entries of the ledger a command speaks of: of one job or all, of real money or of
// simulated.
//
// The two are never added up. Without --sim it is real money where there is any; a home that knows
// simulated jobs only shows those, and says so.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "app/config.h"
#include "app/shell.h"
#include "patient/ledger.h"

namespace twolane::app {

struct LedgerView {
  std::optional<JobId> job;
  bool simulated = false;
  std::set<std::string> simulated_keys;  // fingerprints of the embedded simulator's keys

  static Result<LedgerView> open(const Shell& shell, store::Store& store, const Config& config);
  Status each(store::Store& store,
              const std::function<Status(const patient::LedgerEntry&)>& take) const;

 private:
  bool is_simulated(const patient::LedgerEntry& entry) const;
};

}  // namespace twolane::app
