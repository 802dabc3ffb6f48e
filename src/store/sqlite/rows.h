// Values of model/ as columns and back.
#pragma once

#include <array>
#include <limits>
#include <string>

#include "model/cached_content.h"
#include "model/job.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/packing.h"

namespace twolane::store::sqlite {

// Numbers that lie in databases of users: enumerators may be added at the end, never moved.
static_assert(static_cast<int>(BatchState::planned) == 0 &&
              static_cast<int>(BatchState::closed) == 7 && static_cast<int>(BatchState::dead) == 8);
static_assert(static_cast<int>(JobState::running) == 0 &&
              static_cast<int>(JobState::cancelled) == 4);
static_assert(static_cast<int>(InputFormat::openai_jsonl) == 0 &&
              static_cast<int>(InputFormat::jsonl_rows) == 5);
static_assert(static_cast<int>(ServiceTier::standard) == 0 &&
              static_cast<int>(ServiceTier::scale) == 4);
static_assert(static_cast<int>(Endpoint::chat_completions) == 0 &&
              static_cast<int>(Endpoint::embed_content) == 6);
static_assert(static_cast<int>(Shape::Proof::untried) == 0 &&
              static_cast<int>(Shape::Proof::refused) == 2);
static_assert(static_cast<int>(ContentState::creating) == 0 &&
              static_cast<int>(ContentState::absent) == 5);
static_assert(static_cast<int>(RequestState::waiting) + 1 == request_state_count);
static_assert(static_cast<int>(AttemptState::unconfirmed) + 1 == attempt_state_count);

// In the order of the enumerators. An attempt that runs has no row, so its letter is never written.
inline constexpr std::string_view request_letters = "oblsfecw";
inline constexpr std::string_view attempt_letters = "-vasrecu";
static_assert(request_letters.size() == request_state_count);
static_assert(attempt_letters.size() == attempt_state_count);

inline std::string_view letter_of(RequestState s) {
  return request_letters.substr(static_cast<size_t>(s), 1);
}
inline std::string_view letter_of(AttemptState s) {
  return attempt_letters.substr(static_cast<size_t>(s), 1);
}
Result<RequestState> request_state_of(std::string_view letter);  // error store.corrupt
Result<AttemptState> attempt_state_of(std::string_view letter);

template <class Tag>
Id<Tag> id_at(const Query& query, int column) {
  return {static_cast<uint64_t>(query.integer(column))};
}
inline Time time_at(const Query& query, int column) { return {query.integer(column)}; }
template <class Enum>
Enum enum_at(const Query& query, int column) {
  return static_cast<Enum>(query.integer(column));
}

// An amount as one attempt may have it. Error store.range: beyond 9.2 million USD.
Result<int64_t> narrow(PicoUsd amount);

// Calls see(column name, value) for each column of Totals; values are int64_t& or PicoUsd&.
template <class AnyTotals, class See>
void each_total(AnyTotals& t, See see) {
  constexpr std::array requests = {"open_requests",      "batched_requests", "live_requests",
                                   "succeeded_requests", "failed_requests",  "expired_requests",
                                   "cancelled_requests", "waiting_requests"};
  static_assert(requests.size() == request_state_count);
  constexpr std::array tiers = {"standard", "batch", "flex", "priority", "scale"};
  for (size_t i = 0; i < requests.size(); ++i) see(requests[i], t.requests[i]);
  for (size_t i = 0; i < tiers.size(); ++i) {
    const std::string tier = tiers[i];
    see(tier + "_answers", t.lanes[i].requests);
    see(tier + "_cost", t.lanes[i].cost);
    see(tier + "_list", t.lanes[i].list);
  }
  see("promoted", t.promoted);
  see("late", t.late);
  see("input_tokens", t.input_tokens);
  see("cached_tokens", t.cached_tokens);
  see("output_tokens", t.output_tokens);
  see("cost", t.cost);
  see("paid_twice", t.paid_twice);
  see("paid_twice_attempts", t.paid_twice_attempts);
  see("storage", t.storage);
  see("reserved", t.reserved);
  see("unconfirmed", t.unconfirmed);
  see("unconfirmed_attempts", t.unconfirmed_attempts);
}

// A job's row and the key of its requests.
struct JobRow {
  Job job;
  int64_t lot = 0;
};
Result<std::optional<JobRow>> read_job(Connection& connection, JobId id);
Result<std::vector<Job>> read_jobs(Connection& connection);  // newest first
Status insert_job(Connection& connection, const JobRow& row);
Status update_job(Connection& connection,
                  const JobRow& row);  // everything but id, lot, requests, input

// Targets as text: one "provider TAB model" a line.
std::string targets_text(const std::vector<Target>& targets);
std::vector<Target> targets_of(std::string_view text);

Result<std::vector<Shape>> read_shapes(Connection& connection, int64_t lot);

// Columns of a batch in the order in which read_batch expects them from column 0.
extern const char* const batch_columns;
Batch read_batch(const Query& query);
Status insert_batch(Connection& connection, const Batch& batch, int64_t slot);
Status update_batch(Connection& connection, const Batch& batch);  // error store.unknown_batch

// Columns of a request in the order in which read_request expects them from column 0.
extern const char* const request_columns;
Result<RequestRow> read_request(const Query& query, JobId job);

}  // namespace twolane::store::sqlite
