// The ledger, read from the attempts: what was booked, for whom, at which rates.
//
// Nothing is stored for it: an attempt that was charged is an entry, one that nobody heard of
// stands with its upper bound, and so does one that is still out. The fee of a cached content is an
// entry of its own, on the lane "storage". Threads: one. Memory: one page of attempts.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/job.h"
#include "price/price.h"
#include "store/store.h"

namespace twolane::patient {

enum class Booking : uint8_t {
  kept,         // its answer is the request's
  paid_twice,   // billed, and its answer was not kept: another one was, or it was no good answer
  unconfirmed,  // may be billed: nobody heard how it ended; up to `reserve`
  reserved,     // still out; up to `reserve`
  storage,      // the fee of a cached content: no request's
};
std::string_view name_of(Booking booking);

// Pointers are valid during the call that gets it. Of a content's fee `attempt` holds what it has in
// common with an attempt: amounts, name (as response_id), time, and no request.
struct LedgerEntry {
  JobId job;
  const Job* of = nullptr;  // null: the job was forgotten
  const Batch* batch = nullptr;
  const Attempt* attempt = nullptr;
  Booking booking = Booking::kept;
  const CachedContent* content = nullptr;  // null: of an attempt
  bool marked = false;  // its job's requests to this model go with cache marks or keys

  bool booked() const { return attempt->charged; }
  Target target() const { return {batch->provider, batch->model}; }
  ServiceTier tier() const { return booked() ? attempt->served : batch->tier; }
  std::string_view lane() const;  // the tier's name, or "storage"
};

// Every entry of a job, or of all jobs and those that were forgotten, a job after the other, each
// in the order of its submissions, then its contents. Stops with the first error of `take`.
Status each_entry(store::Store& store, std::optional<JobId> job,
                  const std::function<Status(const LedgerEntry&)>& take);

// The row of the price book by which an entry was billed: "batch, openai 2026-08-01", with its
// band. "unknown" where the book has none.
std::string rate_row(const LedgerEntry& entry);

// What an entry costs by a reading of open price rules. Bills follow the ranked one (price/book.h).
PicoUsd cost_by(const LedgerEntry& entry, price::Reading reading);

// Sums of entries.
struct LedgerSum {
  int64_t entries = 0;  // booked
  int64_t kept = 0;
  Usage usage;
  Usage marked;        // part of usage: of entries that are marked
  PicoUsd cost;        // everything booked
  PicoUsd list;        // of what was kept, at the standard tier
  PicoUsd paid_twice;  // part of cost
  PicoUsd storage;     // part of cost
  PicoUsd cached;      // what caching took off the cost; below zero where it cost more than it saved
  PicoUsd other;       // the cost by the reading that is not used; equal where nobody disagrees
  int64_t unknown_extras = 0;  // booked entries with audio, images or searches that the book has no rate for
  int64_t unconfirmed_entries = 0;
  PicoUsd unconfirmed, reserved;

  // By which reading `cost` is meant; `list` stays as it was booked.
  void add(const LedgerEntry& entry, price::Reading reading = price::Reading::ranked);
};

enum class SumBy : uint8_t { key, job, model, lane, day };
std::optional<SumBy> sum_by_of(std::string_view name);
std::string_view name_of(SumBy by);
// What entries are put together under: "openai 3f2a91" (the key's fingerprint), the job's hex name,
// "openai/gpt-5.4-mini", "batch", "2026-11-25" (UTC).
std::string group_of(SumBy by, const LedgerEntry& entry);

using LedgerSums = std::map<std::string, LedgerSum>;

}  // namespace twolane::patient
