// Why requests of a job failed.
#include "patient/causes.h"

#include <algorithm>
#include <map>

#include "wire/json.h"

namespace twolane::patient {
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

}  // namespace twolane::patient
