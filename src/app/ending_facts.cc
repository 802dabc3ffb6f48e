// What an Ending says beyond the job's totals, gathered from the rows.
#include "app/ending_facts.h"

#include "app/snapshot.h"
#include "price/price.h"

namespace twolane::app {
namespace {

constexpr int64_t page = 4096;

}  // namespace

Result<std::vector<StillRunning>> still_running(store::Store& store, const Job& job) {
  std::vector<StillRunning> running;
  const auto batches = provider_batches(TRY(store.batches_of(job.id)));
  for (size_t i = 0; i < batches.size(); ++i) {
    const auto& b = batches[i];
    if (b.state != BatchState::submitting && b.state != BatchState::doubtful && b.state != BatchState::submitted)
      continue;
    running.push_back({static_cast<int>(i) + 1, b.provider, b.requests});
  }
  return running;
}

Result<CapNeeded> cap_needed(store::Store& store, const Job& job) {
  const Totals& t = job.totals;
  CapNeeded needed{t.cost + t.reserved + t.unconfirmed, {}};
  const auto tier = job.kept ? ServiceTier::standard : ServiceTier::batch;
  for (const auto& shape : TRY(store.shapes(job.id))) {
    for (int64_t from = 0;;) {
      const auto rows = TRY(store.open_requests(job.id, shape.number, from, page));
      for (const auto& row : rows) {
        const auto bound = [&](ServiceTier on) {
          return price::bound(shape.targets.at(0), on, row.input_bound, row.output_bound, {.at = job.accepted});
        };
        const auto most = TRY(bound(tier));
        const auto least = TRY(bound(ServiceTier::batch));
        needed.all += most;
        if (needed.next_request.n == 0 || least < needed.next_request) needed.next_request = least;
      }
      if (static_cast<int64_t>(rows.size()) < page) break;
      from = rows.back().index + 1;
    }
  }
  return needed;
}

}  // namespace twolane::app
