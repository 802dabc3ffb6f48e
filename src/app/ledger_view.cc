// Jobs know their world; of forgotten ones the key tells.
#include "app/ledger_view.h"

#include <algorithm>

#include "app/accounts.h"
#include "app/find.h"
#include "app/worlds.h"

namespace twolane::app {

Result<LedgerView> LedgerView::open(const Shell& shell, store::Store& store, const Config& config) {
  LedgerView view;
  for (const auto& account : simulated_accounts(config))
    view.simulated_keys.insert(account.fingerprint);
  const auto& flags = shell.in.ledger;
  if (!flags.job.empty()) {
    const Job job = TRY(find_job(store, flags.job));
    view.job = job.id;
    view.simulated = parse_embedded_name(job.world).has_value();
    return view;
  }
  const auto jobs = TRY(store.jobs());
  const auto real = [](const Job& j) { return !parse_embedded_name(j.world); };
  view.simulated = flags.sim || (!jobs.empty() && std::none_of(jobs.begin(), jobs.end(), real));
  return view;
}

bool LedgerView::is_simulated(const patient::LedgerEntry& e) const {
  if (e.of) return parse_embedded_name(e.of->world).has_value();
  return simulated_keys.contains(e.batch->account);
}

Status LedgerView::each(store::Store& store,
                        const std::function<Status(const patient::LedgerEntry&)>& take) const {
  return patient::each_entry(store, job, [&](const patient::LedgerEntry& entry) -> Status {
    return is_simulated(entry) == simulated ? take(entry) : Status();
  });
}

}  // namespace twolane::app
