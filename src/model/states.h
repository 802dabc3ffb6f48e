// The state machines of requests, attempts and provider batches, each as one table of allowed steps.
//
// Terminal states have no way out, which is checked when this file is compiled. The one exception is
// written as such: an attempt that nobody heard of may still be heard of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace twolane {

// A request: one call to a model that somebody asked for.
enum class RequestState : uint8_t {
  open,       // accepted; in no batch and not in flight
  batched,    // in a provider batch
  live,       // in flight on a synchronous tier
  succeeded,  // terminal
  failed,     // terminal
  expired,    // terminal: no answer within the window
  cancelled,  // terminal
  waiting,    // accepted; comes after requests that have not succeeded yet
};
inline constexpr int request_state_count = 8;

// An attempt: one placement of one request with one provider on one tier.
enum class AttemptState : uint8_t {
  running,      // committed before its call; the provider may be working on it
  void_,        // terminal: known never to have run, not billed
  answered,     // terminal: the good answer that was kept
  surplus,      // terminal: a good answer that was not kept (paid twice)
  refused,      // terminal: an error of the provider; billed only if the provider reported usage
  expired,      // terminal: the provider says it was not run in time; not billed
  cancelled,    // terminal: the provider says it was not run; not billed
  unconfirmed,  // perhaps run and billed, and nobody told us; may still be heard of
};
inline constexpr int attempt_state_count = 8;

// A provider batch.
enum class BatchState : uint8_t {
  planned,     // members committed; nothing sent that could cost money
  uploaded,    // the input file lies at the provider
  submitting,  // committed just before the create call
  doubtful,    // the create call had no clear answer: look for it in the provider's list
  submitted,   // the provider's id is known
  ended,       // terminal at the provider: results are to be collected
  settled,     // every member has its outcome; provider's files may be deleted
  closed,      // terminal: nothing left to do
  dead,        // terminal: known never to have run; the members went back
};
inline constexpr int batch_state_count = 9;

template <class State>
struct Step {
  State from, to;
};

inline constexpr std::array request_steps = {
    Step{RequestState::waiting, RequestState::open},       // all that it comes after have succeeded
    Step{RequestState::waiting, RequestState::failed},     // one of them did not, and never will
    Step{RequestState::waiting, RequestState::expired},    // with its job
    Step{RequestState::waiting, RequestState::cancelled},  // with its job, or with one of them
    Step{RequestState::open, RequestState::batched},
    Step{RequestState::open, RequestState::live},
    Step{RequestState::open, RequestState::failed},     // its shape was refused before it was bought
    Step{RequestState::open, RequestState::expired},    // best effort, a day past the window
    Step{RequestState::open, RequestState::cancelled},
    Step{RequestState::batched, RequestState::open},    // expired, missing or retryable
    Step{RequestState::batched, RequestState::live},    // promoted while its batch is still out
    Step{RequestState::batched, RequestState::succeeded},
    Step{RequestState::batched, RequestState::failed},
    Step{RequestState::batched, RequestState::expired},
    Step{RequestState::batched, RequestState::cancelled},
    Step{RequestState::live, RequestState::open},       // retryable, or the process died
    Step{RequestState::live, RequestState::succeeded},
    Step{RequestState::live, RequestState::failed},
    Step{RequestState::live, RequestState::expired},
    Step{RequestState::live, RequestState::cancelled},
    Step{RequestState::open, RequestState::succeeded},  // a late batch answer came first
};

inline constexpr std::array attempt_steps = {
    Step{AttemptState::running, AttemptState::void_},
    Step{AttemptState::running, AttemptState::answered},
    Step{AttemptState::running, AttemptState::surplus},
    Step{AttemptState::running, AttemptState::refused},
    Step{AttemptState::running, AttemptState::expired},
    Step{AttemptState::running, AttemptState::cancelled},
    Step{AttemptState::running, AttemptState::unconfirmed},
    Step{AttemptState::unconfirmed, AttemptState::void_},
    Step{AttemptState::unconfirmed, AttemptState::answered},
    Step{AttemptState::unconfirmed, AttemptState::surplus},
    Step{AttemptState::unconfirmed, AttemptState::refused},
    Step{AttemptState::unconfirmed, AttemptState::expired},
    Step{AttemptState::unconfirmed, AttemptState::cancelled},
};

inline constexpr std::array batch_steps = {
    Step{BatchState::planned, BatchState::uploaded},
    Step{BatchState::planned, BatchState::submitting},  // providers that take the requests inline
    Step{BatchState::planned, BatchState::dead},
    Step{BatchState::uploaded, BatchState::submitting},
    Step{BatchState::uploaded, BatchState::planned},    // the file is gone: upload again
    Step{BatchState::uploaded, BatchState::dead},
    Step{BatchState::submitting, BatchState::submitted},
    Step{BatchState::submitting, BatchState::planned},   // refused for now: later
    Step{BatchState::submitting, BatchState::uploaded},
    Step{BatchState::submitting, BatchState::doubtful},
    Step{BatchState::submitting, BatchState::dead},
    Step{BatchState::doubtful, BatchState::submitted},
    Step{BatchState::doubtful, BatchState::planned},     // known not to exist
    Step{BatchState::doubtful, BatchState::uploaded},
    Step{BatchState::doubtful, BatchState::dead},
    Step{BatchState::submitted, BatchState::ended},
    Step{BatchState::submitted, BatchState::dead},       // the provider's validation refused it whole
    Step{BatchState::submitted, BatchState::closed},     // a wave of calls, each one heard or given up
    Step{BatchState::ended, BatchState::settled},
    Step{BatchState::ended, BatchState::doubtful},       // adopted by mistake: its ids were not ours
    Step{BatchState::settled, BatchState::closed},
};

template <class State, size_t N>
constexpr bool may_step(const std::array<Step<State>, N>& table, State from, State to) {
  for (const auto& s : table)
    if (s.from == from && s.to == to) return true;
  return false;
}

template <class State, size_t N>
constexpr bool has_no_exit(const std::array<Step<State>, N>& table, State from) {
  for (const auto& s : table)
    if (s.from == from) return false;
  return true;
}

static_assert(has_no_exit(request_steps, RequestState::succeeded) &&
              has_no_exit(request_steps, RequestState::failed) &&
              has_no_exit(request_steps, RequestState::expired) &&
              has_no_exit(request_steps, RequestState::cancelled));
static_assert(has_no_exit(attempt_steps, AttemptState::void_) &&
              has_no_exit(attempt_steps, AttemptState::answered) &&
              has_no_exit(attempt_steps, AttemptState::surplus) &&
              has_no_exit(attempt_steps, AttemptState::refused) &&
              has_no_exit(attempt_steps, AttemptState::expired) &&
              has_no_exit(attempt_steps, AttemptState::cancelled));
static_assert(has_no_exit(batch_steps, BatchState::closed) && has_no_exit(batch_steps, BatchState::dead));

constexpr bool is_final(RequestState s) { return has_no_exit(request_steps, s); }
constexpr bool is_final(BatchState s) { return has_no_exit(batch_steps, s); }

// `twolane retry` and a higher cap reopen finished requests: an act of the user, not of the machine.
constexpr bool may_be_retried(RequestState s) {
  return s == RequestState::failed || s == RequestState::expired;
}

std::string_view name_of(RequestState s);
std::string_view name_of(AttemptState s);
std::string_view name_of(BatchState s);

}  // namespace twolane
