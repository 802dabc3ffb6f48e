// Takes calls as readers give them and keeps what findings, savings and reports need, in flat memory.
//
// Callers are kept apart up to `most_callers`; beyond that the cheapest half is put together, users of one
// key and route first, the rest as "others" with their sums intact. Prices are those of price::book() at
// the time of the call. Calls may come in any order, but shapes (runs, concurrency, links) are seen only
// where they come by time, which logs mostly do.
//
// Not for two threads at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/book_models.h"
#include "audit/links.h"
#include "audit/prefix_reuse.h"
#include "audit/profile.h"
#include "audit/reader.h"
#include "model/job.h"

namespace twolane::audit {

struct Settings {
  int zone_minutes = 0;          // east of UTC; hours and weekdays are shown and judged in it
  std::string zone = "UTC";      // as shown
  int work_begins = 8, work_ends = 19;  // local hours, Monday to Friday
  size_t most_callers = 4096;
  Target assumed = {};           // what calls are priced as whose model the log does not say; empty: they have no price
};

// Sums of a provider's own export, which hold no single calls.
struct BucketSum {
  std::string model, key;
  std::optional<ServiceTier> tier;
  int64_t buckets = 0, requests = 0;
  bool requests_known = false;
  Usage usage;
  PicoUsd list;                 // at our prices, by the bucket: without bands of long prompts
  bool priced = false;
  PicoUsd logged;
  bool cost_known = false;
};

inline constexpr size_t most_live_minutes = size_t{1} << 18;  // half a year without a quiet minute; 4 MB

// Everything that was seen.
struct Collected {
  Settings settings;
  std::vector<Profile> callers;
  std::optional<Profile> others;    // what was folded, and never judged
  int64_t calls = 0;
  int64_t assumed_calls = 0;        // priced as Settings::assumed
  Time first, last;                 // of dated calls
  bool dated = false;
  Arrivals live{most_live_minutes};  // every tier but batch, together
  Reuse reuse;
  int64_t pieces_forgotten = 0;
  std::vector<BucketSum> buckets;
  Time buckets_first, buckets_last;
};

class Collector final : public Sink {
 public:
  explicit Collector(Settings settings);
  ~Collector() override;
  void call(const Call& call) override;
  void bucket(const Bucket& bucket) override;
  // What was collected; the collector is empty afterwards.
  Collected finish();
  // The same as a copy; collecting goes on.
  Collected so_far() const;
  int64_t calls() const { return all_.calls; }

 private:
  void close(Collected& all, std::vector<Profile> callers) const;
  Profile& profile_of(const Call& call, uint64_t& who);
  Profile& start_profile(const Call& call, uint64_t hash, uint64_t group, bool folded);
  void fold();
  void share_room();
  std::vector<uint64_t> cheapest(size_t how_many) const;
  void count(Profile& p, const Call& call);
  PicoUsd price(Profile& p, const Call& call);
  void place_in_time(Profile& p, const Call& call, PicoUsd spend);
  void shape(Profile& p, const Call& call);

  Collected all_;
  std::unordered_map<uint64_t, std::unique_ptr<Profile>> profiles_;
  std::unordered_map<uint64_t, int64_t> group_users_;
  size_t room_ = Arrivals::usual_most;  // for the arrivals of a caller
  BookModels models_;
  PrefixReuse reuse_;
  Links links_;
  std::unordered_map<std::string, size_t> bucket_index_;
};

}  // namespace twolane::audit
