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

struct Move {
  size_t caller = 0;              // in Report::callers
  ServiceTier tier = ServiceTier::batch;
  Line line = Line::batch_cached; // whose amounts these are
  Duration deadline;              // to give: what the caller tolerates, at most a day
  PicoUsd now, then;              // in the period of the log
  PicoUsd low, high;              // of the saving, by hits and readings
  int64_t confidence = 0;         // in thousandths
  std::string rule;               // the decision rule that applies
  std::string provider_rule;      // how the provider's discounts combine, in the book's words
  std::string header;             // "Twolane-Deadline: 6h"
  std::string snippet;            // of twolane.toml
  std::string command;            // twolane keys ..., where a key is named
  std::vector<std::string> check_first, lost;
  PicoUsd saving() const { return now - then; }
};

// Why a caller that can wait is not moved.
struct Stay {
  size_t caller = 0;
  std::string why;
};

struct Plan {
  std::vector<Move> moves;
  std::vector<Stay> stays;
};

// `prices`: price_lines of each caller. `worth`: a move that saves less in the period is not proposed.
Plan plan_moves(const std::vector<Caller>& callers, const std::vector<Prices>& prices, PicoUsd worth);

}  // namespace twolane::audit
