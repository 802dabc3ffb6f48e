// Interactive calls between their sending and their line in the access log, in a file that is mapped
// into memory: what a kill leaves there is told at the next start, with the most that it can have cost.
//
// Guarantee: a call is in the file before its first byte goes to a provider, until its line is
// written. The file outlives the process, not the machine: nothing is synced on the way of a call,
// which costs a few stores to memory and no call into the kernel. It holds no prompt and no secret.
// Threads: an InFlight belongs to one; InFlightFile before any. Errors: gateway.in_flight (disk).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/books.h"

namespace twolane::gateway {

struct InFlightSlot;  // one call in the file

// What is known of a call when it is sent.
struct Sent {
  Time at;
  std::string_view id, key, provider, model;
  Dialect door = Dialect::openai;
  Endpoint endpoint = Endpoint::chat_completions;  // as the provider is called
  ServiceTier tier = ServiceTier::standard;        // asked for
  int64_t bytes = 0;          // of the body
  int64_t output_limit = -1;  // tokens, of all choices; -1: the body sets none
};

// No answer to such a call can cost more, by the bytes of its body and its own or its model's limit of
// output. What a body only points to (pictures by address, earlier turns kept at the provider) is not in
// its bytes and not in the bound. Nothing where the model has no known price or limit.
std::optional<PicoUsd> most_it_can_cost(const Sent& call);

// One thread's part of the file.
class InFlight {
 public:
  InFlight() = default;  // keeps nothing
  InFlight(InFlightSlot* slots, int count) : slots_(slots), count_(count) {}

  // Writes the call down; `place` is that of an earlier attempt of the same call, or -1. Returns its
  // place, -1 where none is free.
  int sent(int place, const Sent& call);
  // The call is over and its line is made: it stays until written().
  void ended(int place, const Record& record);
  // Lines of all that ended are written.
  void written();

 private:
  InFlightSlot* slots_ = nullptr;
  int count_ = 0, used_ = 0;
  std::vector<int> free_, ended_;  // the last that became free is the next: its memory is warm
};

// A call that an earlier process did not finish telling of.
struct LeftCall {
  std::string id, key, provider, model, response_id;
  Record record;  // `ended`: as it was; otherwise status 0 and, where a price is known, `up_to`

  LeftCall() = default;
  LeftCall(const LeftCall&) = delete;  // its record looks into it
};

class InFlightFile {
 public:
  // DIRECTORY/in_flight, with room for `calls` of each of `threads`. What an earlier process left
  // there is appended to DIRECTORY/killed.jsonl, durably, as lines of an access log, before it is
  // overwritten. The caller owns the home.
  static Result<std::unique_ptr<InFlightFile>> open(const std::string& directory, int threads, int calls);
  InFlightFile(const InFlightFile&) = delete;
  InFlightFile& operator=(const InFlightFile&) = delete;
  ~InFlightFile();

  InFlight of(int thread);
  const std::vector<std::unique_ptr<LeftCall>>& left() const { return left_; }

 private:
  InFlightFile() = default;
  Status map(const std::string& path, int threads, int calls);

  void* memory_ = nullptr;
  size_t bytes_ = 0;
  int calls_ = 0;
  std::vector<std::unique_ptr<LeftCall>> left_;
};

// Sums of what is in killed.jsonl: calls that nobody heard the end of, and the most that they cost.
struct Unconfirmed {
  int64_t calls = 0;
  PicoUsd up_to;
  int64_t unpriced = 0;  // of them, those for which no bound can be said
};
Unconfirmed unconfirmed_calls(const std::string& directory);

}  // namespace twolane::gateway
