// The ledger held against a provider's own report, bucket by bucket.
//
// Pure. Entries are counted in the bucket in which they were booked, which is when their answer was
// collected; the provider counts when it served them. A difference that one bucket has and its
// neighbour has with the other sign is that shift, so the sums over all buckets are compared as
// well. Memory: the cells of the report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "patient/ledger.h"
#include "patient/provider_export.h"

namespace twolane::patient {

// Two sides of one bucket, model and group of tiers; or of all buckets.
struct Compared {
  Time begin, end;
  std::string model;  // as the report names it; empty: all models
  std::string tiers;  // "batch", "not batch", "flex", "all"
  struct Side {
    Usage usage;
    int64_t requests = 0;
    PicoUsd cost;
    bool operator==(const Side&) const = default;
  } ours, theirs;
  bool compares_usage = false, compares_cost = false, compares_requests = false;
  bool splits_cache = true;

  // In what the report tells. Amounts may differ by what the report rounds: 10^-6 USD a line.
  bool differs() const;
  int64_t report_lines = 0;
};

class Reconciliation {
 public:
  explicit Reconciliation(const ProviderExport& report);

  // Entries of other providers and other times are passed over.
  void add(const LedgerEntry& entry);

  const std::string& provider() const { return provider_; }
  const std::vector<Compared>& cells() const { return cells_; }
  // The cells of each model and group of tiers, added up over the buckets.
  std::vector<Compared> sums() const;
  int64_t entries() const { return entries_; }
  // Booked within the report's time, and no cell of it speaks of them.
  const LedgerSum& unmatched() const { return unmatched_; }

 private:
  std::string provider_;
  std::vector<Compared> cells_;                   // by begin
  std::vector<ExportLine> keys_;                  // what each cell covers
  std::map<int64_t, std::vector<size_t>> begin_;  // cells of the buckets that begin there
  int64_t entries_ = 0;
  LedgerSum unmatched_;
};

}  // namespace twolane::patient
