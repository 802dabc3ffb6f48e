// Which calls belong together: whose answer a prompt quotes, and whether the same prompt came before.
//
// Pure. Flat memory: tables of fixed size in which the newest replaces what shares its place; a link that is
// missed makes the count lower, never higher.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "audit/call.h"

namespace twolane::audit {

struct Link {
  bool joined = false;                   // the call names a session, a trace, or quotes an answer
  std::optional<Duration> answer_age;    // how old the quoted answer was when the call began
  bool repeated = false;                 // the same prompt began within the last 10 minutes
};

class Links {
 public:
  Links() : answers_(places), threads_(places), prompts_(places) {}
  // `who`: hash of key and user; sessions of different callers never meet. Needs call.start.
  Link take(const Call& call, uint64_t who);

 private:
  static constexpr size_t places = size_t{1} << 16;
  struct Answer {
    uint64_t hash = 0;
    int64_t end = 0;
  };
  struct Thread {
    uint64_t hash = 0;
    int64_t end = 0, input = 0, output = 0;
  };
  std::vector<Answer> answers_;
  std::vector<Thread> threads_;
  std::vector<Answer> prompts_;  // `end` is the start
};

}  // namespace twolane::audit
