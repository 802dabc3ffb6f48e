#include "patient/sharing.h"

#include <cmath>

#include "plan/rules.h"

namespace twolane::patient {
namespace {

constexpr int64_t looked_at = 256;  // requests of an owner, for how large its requests are

Result<double> mean_tokens(Engine::Core& core, const plan::Portion& portion) {
  const auto rows = TRY(core.store.open_requests(portion.job, portion.shape, 0, looked_at));
  double sum = 0;
  for (const RequestRow& row : rows) sum += static_cast<double>(quota_tokens(row.input_bound));
  return rows.empty() ? 1 : sum / static_cast<double>(rows.size());
}

std::vector<double> shared(int64_t room, const std::vector<plan::Claim>& claims) {
  return plan::shares(static_cast<double>(room), claims);
}

}  // namespace

Result<std::map<uint32_t, Room>> shares_of(Engine::Core& core, const plan::Pack& pack, Room room) {
  struct Wish {
    double requests = 0, tokens = 0, weight = 1, each = 0;  // each: tokens of a request
  };
  std::map<uint32_t, Wish> wishes;
  double requests = 0, tokens = 0;
  for (const plan::Portion& p : pack.portions) {
    const auto job = core.jobs.find(p.job);
    if (job == core.jobs.end()) continue;
    Wish& w = wishes[tenant_of(job->second.terms.owner)];
    if (w.each == 0) w.each = TRY(mean_tokens(core, p));
    w.weight = job->second.terms.weight;
    w.requests += static_cast<double>(p.most);
    w.tokens += static_cast<double>(p.most) * w.each;
    requests += static_cast<double>(p.most);
    tokens += static_cast<double>(p.most) * w.each;
  }
  std::map<uint32_t, Room> out;
  if (wishes.size() < 2 || (requests <= static_cast<double>(room.requests) && tokens <= static_cast<double>(room.tokens))) return out;
  std::vector<plan::Claim> by_requests, by_tokens;
  for (const auto& [tenant, w] : wishes) {
    by_requests.push_back({w.requests, w.weight});
    by_tokens.push_back({w.tokens, w.weight});
  }
  const auto most_requests = shared(room.requests, by_requests), most_tokens = shared(room.tokens, by_tokens);
  size_t i = 0;
  for (const auto& [tenant, w] : wishes) {
    out[tenant] = {static_cast<int64_t>(std::ceil(most_requests[i])), static_cast<int64_t>(std::ceil(most_tokens[i]))};
    ++i;
  }
  return out;
}

}  // namespace twolane::patient
