#include "patient/hit_rates.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "model/model_name.h"
#include "patient/cache_marks.h"
#include "wire/json.h"

namespace twolane::patient {
namespace {

constexpr int64_t enough_requests = 200;
constexpr int64_t most_attempts = 20'000;

std::string fact(const std::string& world, const Target& target, ServiceTier tier) {
  return "hits." + world + '\t' + target.provider + '\t' + model_key(target.model) + '\t' +
         std::string(name_of(tier));
}
std::string learned_fact(JobId job) { return "hits.learned." + job.hex(); }

struct Evidence {
  int64_t jobs = 0, requests = 0, hits = 0;
};

Result<Evidence> evidence(store::Store& store, const std::string& key) {
  const std::string text = TRY(store.recall(key));
  const auto saved = wire::parse_json(text.empty() ? "{}" : text);
  if (!saved) return Evidence{};
  return Evidence{wire::int_at(*saved, "jobs"), wire::int_at(*saved, "requests"),
                  wire::int_at(*saved, "hits")};
}

}  // namespace

KnownHits assumed_hits(const Target&, price::CacheWay way, ServiceTier tier) {
  return {price::hit_rate(way, tier), 0};
}

KnownHits hits_seen(price::CacheWay way, ServiceTier tier, int64_t jobs, int64_t requests, int64_t hits) {
  const price::HitRate assumed = price::hit_rate(way, tier);
  const bool told = way == price::CacheWay::automatic || way == price::CacheWay::marked;
  if (!told || requests < enough_requests) return {assumed, 0};
  const double closer = 1 / std::sqrt(1 + static_cast<double>(jobs));
  const int64_t share = hits * 1000 / requests;
  const auto by = [&](int64_t distance) { return static_cast<int64_t>(static_cast<double>(distance) * closer); };
  return {{std::max<int64_t>(share - by(assumed.expected - assumed.low), 0), share,
           std::min<int64_t>(share + by(assumed.high - assumed.expected), 1000)},
          requests};
}

Result<KnownHits> hit_rate(store::Store& store, const std::string& world, const Target& target,
                           price::CacheWay way, ServiceTier tier) {
  const Evidence seen = TRY(evidence(store, fact(world, target, tier)));
  return hits_seen(way, tier, seen.jobs, seen.requests, seen.hits);
}

Status learn_hits(store::Store& store, const Job& job) {
  const CacheMarks marks = TRY(recall_marks(store, job.id));
  if (!marks.any() || !TRY(store.recall(learned_fact(job.id))).empty()) return {};
  std::map<std::string, Evidence> seen;
  std::optional<Batch> batch;
  for (const Attempt& a : TRY(store.ledger(job.id, 0, most_attempts))) {
    if (!a.charged) continue;
    if (!batch || batch->id != a.key.batch) batch = TRY(store.batch(a.key.batch));
    const int64_t head = batch ? marks.least_tokens(batch->provider, batch->model) : 0;
    // The head's tokens are an estimate, off by a quarter at worst.
    if (head == 0 || a.usage.input() * 4 < head * 3) continue;
    Evidence& e = seen[fact(job.world, {batch->provider, batch->model}, a.served)];
    ++e.requests;
    e.hits += a.usage.cache_read * 2 >= head ? 1 : 0;
  }
  for (const auto& [key, now] : seen) {
    const Evidence before = TRY(evidence(store, key));
    CHECKED(store.remember(key, wire::dump({{"jobs", before.jobs + 1},
                                            {"requests", before.requests + now.requests},
                                            {"hits", before.hits + now.hits}})));
  }
  return store.remember(learned_fact(job.id), "1");
}

}  // namespace twolane::patient
