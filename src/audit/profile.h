// What is known of one caller: sums, distributions and shapes in some 8 KB, however many calls it made.
//
// A caller is a key, team, user, route and prompt family, in one manner: streamed or not, on which tier,
// by which client program. Profiles are filled by the collector and merge into profiles of several users.
// Money is exact; distributions are as exact as sketch.h says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/arrivals.h"
#include "audit/call.h"
#include "audit/prefix_reuse.h"
#include "audit/sketch.h"
#include "base/money.h"
#include "base/time.h"
#include "price/book.h"

namespace twolane::audit {

inline constexpr int week_hours = 7 * 24;

// Who called. Empty where the log does not say.
struct CallerName {
  std::string key, team, user, route;
  std::string family;  // name of the prompt, or the hash of its instructions
  std::string client;  // program of the user agent, without version
  std::optional<bool> streaming;
  ServiceTier tier = ServiceTier::standard;
  int64_t users = 0;   // of several users together; then `user` is empty

  bool operator==(const CallerName&) const = default;
};
// "key ci, route embed, user u7": what is known, in that order; "unnamed" where nothing is.
std::string shown(const CallerName& name);
// The shortest that names it: "key ci route embed", or the prompt, or the client.
std::string brief(const CallerName& name);

// Calls with little time between them.
struct Run {
  Time start, end;
  int64_t calls = 0;
};
inline constexpr Duration run_gap = minutes(3);

// Tokens that are priced alike: same model, same rows of the book on every tier. Charges are linear in
// tokens, so pricing the sum is pricing each call.
struct PriceCell {
  const price::Model* model = nullptr;
  std::array<const price::Row*, price::tier_count> rows{};  // null: no price
  ServiceTier tier = ServiceTier::standard;                 // served
  bool priced = false;            // the rates of its calls are known; otherwise the log's word counts
  int64_t calls = 0;
  Usage usage;                    // as logged
  int64_t read = 0, written = 0;  // input tokens that the model's cache could read, and what that writes
  bool measured = false;          // by pieces of prompts; otherwise `read` is what was logged as cached

  bool same_price(const PriceCell& o) const {
    return model == o.model && rows == o.rows && tier == o.tier && priced == o.priced;
  }
};

void add(Usage& to, const Usage& more);

struct Profile {
  CallerName name;
  uint64_t group = 0;  // hash of the name without the user

  // Sums.
  int64_t calls = 0, folded = 0;  // folded: calls of users that were put together while collecting
  int64_t failed = 0, disconnected = 0, outcomes = 0;  // outcomes: calls whose outcome is known
  int64_t retried = 0, refused = 0;                    // refused: 429 and 503
  int64_t free_calls = 0;                              // answered by a gateway's own cache
  int64_t estimated = 0;                               // calls whose usage is by bytes
  int64_t without_usage = 0;
  Usage usage;
  PicoUsd spend;                    // as priced here; of calls without a price, what the log says
  PicoUsd unpriced;                 // part of `spend`: by the log's word only
  int64_t unknown_calls = 0;        // neither a price nor a cost in the log
  PicoUsd logged;                   // what the log says, of `logged_calls`
  int64_t logged_calls = 0;
  std::vector<PriceCell> cells;
  std::string model;                // of the first call, for people
  std::string unknown_model;        // the first without a price
  Reuse reuse;

  // Times. Hours and weekdays are local.
  bool dated = false, undated = false;  // calls with a calendar; without
  Time first, last;
  std::array<uint32_t, week_hours> calls_at{};
  std::array<PicoUsd, week_hours> spend_at{};
  Arrivals arrivals;  // of calls that are not batched yet

  // Shape.
  LogHistogram latency, first_token;  // ms
  LogHistogram in_flight;             // calls of the caller that were running when one began
  int64_t ends_known = 0;
  int64_t start_at_end = 0;           // began within 300 ms of the end of another of its calls
  std::vector<Run> runs;              // finished, at most 128: the largest
  std::vector<Run> latest_runs;       // finished, of 5 calls and more, at most 128: the latest, by time
  int64_t run_count = 0, calls_in_runs_of_20 = 0, calls_in_runs_of_100 = 0, calls_in_finished_runs = 0;
  Duration run_time;                  // of finished runs together
  Run longest;                        // the finished run with most calls of one profile, never merged together
  Run open_run;

  // Links: whose answer went into which later prompt.
  int64_t joined = 0;       // calls with a session, a trace or an answer quoted
  int64_t chained = 0;      // prompt holds an answer that is at most 10 s old
  int64_t turns = 0;        // ... that is older: somebody read it first
  LogHistogram until_used;  // ms between an answer and the prompt that quotes it
  int64_t repeated = 0;     // the same prompt as shortly before

  DistinctCount users, sessions;

  // The state of the shape while collecting: ends of the latest calls.
  std::array<int64_t, 32> ends{};

  void close_run();
  void merge(const Profile& other);
  int64_t days_active = 0;  // distinct local days, counted as they begin
  int64_t last_day = INT64_MIN;
};

}  // namespace twolane::audit
