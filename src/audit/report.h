// All that an audit says, put together: what the terminal, --json, the HTML file and the dashboard show.
//
// Pure. Amounts are of the period of the log; per_month() scales them. The parts add up: planes sum to the
// spend, hours of the week sum to the dated spend, callers and others hold every call once.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "audit/callers.h"
#include "audit/moves.h"
#include "audit/reader.h"
#include "audit/replay.h"
#include "audit/savings.h"

namespace twolane::audit {

// Peaks of the live plane: a minute's calls and tokens, before and after the batch moves. Flex stays in
// the live plane. `exact` is false where minutes were too many to be kept apart and means of longer spans
// stand for them.
struct Relief {
  int64_t calls_before = 0, calls_after = 0;
  int64_t tokens_before = 0, tokens_after = 0;
  bool exact = true;
};

// What the moves still save if batches took up to `takes`: what cannot wait that long is bought live.
struct Sensitivity {
  Duration takes;
  PicoUsd saving;
  size_t moves = 0;  // still in time
};

struct Report {
  Settings settings;
  std::vector<FileRead> files;
  int64_t calls = 0;
  bool dated = false;
  Time first, last;
  std::vector<Caller> callers;   // by spend
  std::vector<Prices> prices;    // of each
  std::optional<Profile> others; // put together while collecting; in plane cannot_tell
  PicoUsd spend;
  PicoUsd unpriced;              // part of it: by the log's word only
  int64_t unknown_calls = 0;     // neither priced nor with a cost in the log: not in any amount
  PicoUsd logged;                // what the logs say of the calls that hold a cost
  int64_t logged_calls = 0;
  std::array<PicoUsd, verdict_count> planes{};
  std::array<int64_t, verdict_count> plane_calls{};
  int64_t assumed_calls = 0;     // priced as settings.assumed, because the log names no model
  std::array<PicoUsd, week_hours> by_hour{}, waiting_by_hour{};  // from Sunday 00:00 local
  Plan plan;
  std::optional<ReplaySettings> replayed;  // with what; absent: nothing was, and nobody knows what would be late
  PicoUsd saving, low, high;     // of all moves; the range follows from the confidence
  std::array<PicoUsd, line_count> lines{};  // all callers that can wait, on each line
  PicoUsd can_wait;              // what they cost now
  PicoUsd caching_saves, model_saves;  // what-ifs over all callers, apart from the moves
  bool caching_measured = false;
  std::vector<Sensitivity> sensitivity;
  Relief relief;
  Reuse reuse;
  int64_t pieces_forgotten = 0;
  std::vector<BucketSum> buckets;
  Time buckets_first, buckets_last;

  bool no_amounts() const { return spend.n == 0 && unknown_calls > 0; }
  Duration span() const { return last - first; }
  // Of a month of 30 days; nothing for less than a week of traffic, which has not seen a weekend. 27 to 32
  // days count as one month.
  std::optional<PicoUsd> per_month(PicoUsd amount) const;
};

inline constexpr PicoUsd worth_a_move = PicoUsd::from_usd(1);

Report make_report(Collected collected, const std::vector<Overrule>& overrules, std::vector<FileRead> files,
                   PicoUsd worth = worth_a_move, const std::optional<ReplaySettings>& replay = {});

}  // namespace twolane::audit
