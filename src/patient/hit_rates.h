// Cache hit rates as this home's own answers show them, by provider, model and tier; where there are
// too few, the ones that price/prefix_caching.h assumes.
//
// Learned once from each finished job that went with marks or keys, from requests at least as long as
// the marked head; a world of its own for each account or simulator. Threads: one.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "model/job.h"
#include "price/prefix_caching.h"
#include "store/store.h"

namespace twolane::patient {

struct KnownHits {
  price::HitRate rate;
  int64_t requests = 0;  // that it was seen in; 0: assumed
};
using HitsOf = std::function<KnownHits(const Target&, price::CacheWay, ServiceTier)>;

KnownHits assumed_hits(const Target& target, price::CacheWay way, ServiceTier tier);

// Of `jobs` jobs with so many requests, of which `hits` found the head: the share seen, between bounds
// that are the assumed ones drawn together by the square root of the jobs and one. Assumed below 200
// requests. Explicit contents are named, and so always found.
KnownHits hits_seen(price::CacheWay way, ServiceTier tier, int64_t jobs, int64_t requests, int64_t hits);

Result<KnownHits> hit_rate(store::Store& store, const std::string& world, const Target& target,
                           price::CacheWay way, ServiceTier tier);
// Looks at no more than the job's first 20,000 attempts.
Status learn_hits(store::Store& store, const Job& job);

}  // namespace twolane::patient
