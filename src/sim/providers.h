// Simulated OpenAI, Anthropic and Gemini: files, batches, synchronous endpoints, and what they
// bill.
//
// Written from the providers' contracts, without any code of the adapters, so that a misreading
// cannot hide on both sides. Deterministic: replies depend on seed, scenario, the calls so far and
// the times given with them. Effects are committed (to `Storage`) before they are answered. Under
// one origin: /openai/v1, /anthropic, /gemini, and what no provider tells: /clock, /ledger, /batches.
// Threads: one. Time comes with each call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "sim/scenario.h"
#include "wire/http.h"

namespace twolane::sim {

// What happens to a call on its way. The caller (HTTP server or VirtualWorld) plays it out.
struct Answer {
  wire::HttpReply reply;
  Duration latency;
  enum class Fault : uint8_t {
    none,
    refused,  // the connection is refused: the call had no effect
    lost,     // no reply ever comes; it may have had its effect (reply is dropped)
    cut,      // the body ends after `cut_at` bytes, as a broken connection
  } fault = Fault::none;
  int64_t cut_at = 0;
};

struct LedgerLine {  // one charge, as the provider would bill it
  std::string provider, account, response_id, custom_id, batch, model, tier;
  std::string usage;  // JSON
  std::string usd;    // exact decimal
  int64_t pico_usd = 0;
  Time at;
};

class Providers {
 public:
  // `directory` holds all state (journal, files, ledger.jsonl); empty: in memory only.
  static Result<std::unique_ptr<Providers>> open(Scenario scenario, uint64_t seed,
                                                 std::string directory);
  virtual ~Providers() = default;

  virtual std::string id() const = 0;  // of this simulator: stable over restarts with its directory
  virtual Answer handle(const wire::HttpCall& call, Time now) = 0;
  // All charges so far, in the order in which they were made. Work due by `now` is done first.
  virtual void each_charge(Time now, const std::function<void(const LedgerLine&)>& see) = 0;
};

}  // namespace twolane::sim
