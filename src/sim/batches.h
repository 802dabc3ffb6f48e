// The life of a batch, the same for all providers: how long it takes, what cancelling and expiry
// leave, and the making of its results and charges when it ends.
//
// Lazy: a batch that has ended is worked out when somebody looks, line by line, so memory stays
// flat. Results depend on the seed and the batch's number alone, not on when they are looked at.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "sim/answers.h"
#include "sim/ask.h"
#include "sim/scenario.h"
#include "sim/state.h"
#include "sim/storage.h"

namespace twolane::sim {

// One line of a batch and what became of it.
struct Line {
  simdjson::dom::element json;  // as the client sent it
  std::string_view key;         // its custom_id
  Ask ask;
  Said said;
  Draw draw;
  Time at;  // when it is looked at, or served
  std::string response_id;  // as the ledger names it
  bool has_usage = false;   // a server error that tells what it charged
};

enum class Fate : uint8_t { answered, refused, server_error, cancelled, expired };

// How one provider writes the lines of its batches.
class BatchFormat {
 public:
  virtual ~BatchFormat() = default;
  // Sets key and ask from line.json.
  virtual void read(const Batch& batch, Line& line) const = 0;
  // The id under which an answer will be known, into line.response_id.
  virtual void name(const Batch& batch, Fate fate, Line& line) const = 0;
  // Appends one result, without a line end. `refused` finds its reason in line.ask.refusal.
  virtual void write(const Batch& batch, Fate fate, const Line& line, Time at,
                     std::string& out) const = 0;
  // Successes and failures lie in two files, rather than in one.
  virtual bool two_files() const = 0;
  // Whether any results are left by an expired batch.
  virtual bool expiry_leaves_results() const = 0;
  // The Refusal of a request that fails for no reason of its own.
  virtual Refusal mishap(bool server, Draw draw) const = 0;
};

class Batches {
 public:
  Batches(const Scenario& scenario, uint64_t seed, State& state, Storage& storage);

  Plan plan(uint64_t number, Time created, Duration window) const;
  // When cancelling asked for now takes effect.
  Time cancel_effect(const Batch& batch, Time now) const;
  // When it ends, or ended.
  Time ends_at(const Batch& batch) const;
  // How many have their answer by now, while it runs.
  int64_t done_by(const Batch& batch, Time now) const;
  bool ended(const Batch& batch, Time now) const { return now >= ends_at(batch); }
  // Prompt tokens of unfinished batches of that model and account.
  int64_t enqueued(Provider provider, std::string_view account, std::string_view model,
                   Time now) const;

  // Works out every batch that has ended by now, in the order in which they ended.
  Status bring_up_to(Time now);

  const BatchFormat* formats[3] = {};  // by Provider

 private:
  class Settling;
  Status settle(Batch& batch, Time at);
  bool is_slow_day(Time at) const;

  const Scenario& scenario_;
  uint64_t seed_;
  State& state_;
  Storage& storage_;
  simdjson::dom::parser parser_;
  Answerer answerer_;
};

// One charge as a line of the ledger.
struct Charge {
  Provider provider = Provider::openai;
  std::string_view account, response_id, custom_id, batch, at;
  const Model* model = nullptr;
  ServiceTier tier = ServiceTier::batch;
  Usage usage;
  Time when;  // `at` is its text
  Billing billing = Billing::ranked;
};
void append_charge(std::string& ledger, const Charge& charge);
// The keeping of a cached content as a line: its id is the content's name, its tier "storage".
void append_storage_charge(std::string& ledger, const Model& model, std::string_view account,
                           std::string_view name, int64_t token_ms, PicoUsd usd, Time at);

}  // namespace twolane::sim
