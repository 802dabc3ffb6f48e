// What an Ending says beyond the job's totals, gathered from the rows.
#include "app/ending_facts.h"

#include <algorithm>
#include <map>

#include "app/snapshot.h"
#include "price/price.h"
#include "wire/json.h"

namespace twolane::app {
namespace {

constexpr int64_t page = 4096;

struct Reason {
  std::string code, message;
};

// Ours are {"code","message"}, the providers' are those or {"error":{...}}, with "type" or "status" for code.
Reason reason_of(std::string_view json) {
  const auto parsed = wire::parse_json(json);
  if (!parsed) return {"error", std::string(json.substr(0, 200))};
  const wire::Json* object = &*parsed;
  if (const auto* inner = wire::find(*object, "error"); inner && inner->is_object()) object = inner;
  Reason r;
  for (const auto* key : {"code", "type", "status"})
    if (r.code.empty()) r.code = wire::string_at(*object, key);
  r.message = wire::string_at(*object, "message");
  return r;
}

bool may_help(const store::OutcomeRow& row) {
  return row.state == RequestState::expired || row.http_status == 429 || row.http_status >= 500;
}

}  // namespace

Result<std::vector<Cause>> causes_of(store::Store& store, const Job& job) {
  std::vector<Cause> causes;
  if (job.totals.of(RequestState::failed) + job.totals.of(RequestState::expired) == 0) return causes;
  std::map<std::string, size_t> known;
  for (int64_t from = 0; from < job.requests; from += page) {
    for (const auto& row : TRY(store.outcomes(job.id, from, page))) {
      if (!may_be_retried(row.state)) continue;
      Reason reason = reason_of(row.error);
      if (reason.code.empty()) reason.code = name_of(row.state);
      const auto [at, fresh] = known.try_emplace(reason.code, causes.size());
      if (fresh) causes.push_back({reason.code, reason.message, 0, row.line, may_help(row)});
      ++causes[at->second].count;
    }
  }
  std::stable_sort(causes.begin(), causes.end(), [](const Cause& a, const Cause& b) { return a.count > b.count; });
  return causes;
}

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
