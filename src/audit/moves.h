// The migration plan: what to move where, in order of money, with the change to make and what to check.
//
// Pure. The tier comes from price::verdict, the same table as a quote's; the amounts from savings.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/callers.h"
#include "audit/savings.h"
#include "price/verdict.h"

namespace twolane::audit {

// What became of a move's requests when the log was replayed. Counts of requests.
struct Replayed {
  int64_t requests = 0;
  int64_t late = 0;    // answered after the deadline
  int64_t live = 0;    // bought live, because batches or flex would have been late
  int64_t twice = 0;   // billed twice
  double late_share() const { return requests > 0 ? static_cast<double>(late) / static_cast<double>(requests) : 0; }
  double live_share() const { return requests > 0 ? static_cast<double>(live) / static_cast<double>(requests) : 0; }
};

struct Move {
  size_t caller = 0;              // in Report::callers
  ServiceTier tier = ServiceTier::batch;
  Line line = Line::batch_cached; // whose amounts these are
  Duration deadline;              // to give: what the caller tolerates, at most a day
  PicoUsd now, then;              // in the period of the log
  PicoUsd low, high;              // of the saving, by hits and readings
  int64_t confidence = 0;         // in thousandths
  std::string provider;           // of the model that the caller mainly uses
  std::optional<Replayed> replayed;
  std::string rule;               // the decision rule that applies
  std::string provider_rule;      // how the provider's discounts combine, in the book's words
  std::string header;             // "Twolane-Deadline: 6h"
  std::string snippet;            // of twolane.toml: a route for the model that is mainly used, or empty
  std::string command;            // twolane keys ..., where a key is named
  std::vector<std::string> check_first, lost;
  PicoUsd saving() const { return now - then; }
  // Of an amount that is saved, what is left where the replay bought some live; rounded down.
  PicoUsd left_of(PicoUsd saved) const {
    if (!replayed || replayed->requests <= 0) return saved;
    return {saved.n * (replayed->requests - replayed->live) / replayed->requests};
  }
};

// Why a caller that can wait is not moved.
struct Stay {
  size_t caller = 0;
  std::string why;
  std::optional<Replayed> replayed;  // a move that was dropped, because this is what it would have done
};

struct Plan {
  std::vector<Move> moves;
  std::vector<Stay> stays;
};

// Whether a route of this program can lead there: its batches and tiers are driven (as the catalogue of
// the dialect room says, which this room cannot ask; the audit's report is tested against it).
bool is_driven(std::string_view provider);

// "6h", "90m": as flags and configuration write a span; rounded down above three hours.
std::string span_text(Duration d);

// `prices`: price_lines of each caller. `worth`: a move that saves less in the period is not proposed.
Plan plan_moves(const std::vector<Caller>& callers, const std::vector<Prices>& prices, PicoUsd worth);

}  // namespace twolane::audit
