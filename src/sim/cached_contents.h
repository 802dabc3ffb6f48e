// Gemini's explicit caches as the simulated provider keeps them: what lies in one, how long, and
// what the keeping costs. From the contract: content is immutable, only its expiry can be moved; a
// request that names one must be for the same model and must not say again what it holds.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "sim/ask.h"
#include "sim/scenario.h"
#include "wire/json.h"

namespace twolane::sim {

class State;
class Storage;

struct CachedContent {
  std::string id;  // without "cachedContents/"
  std::string account, model, label;
  std::string body;  // systemInstruction, contents, tools, toolConfig as JSON
  int64_t tokens = 0;
  Time created, updated, expires;
  Time ended;  // deleted or expired, and billed; 0 before

  std::string name() const { return "cachedContents/" + id; }
  bool is_there(Time at) const {
    return created <= at && at < expires && (ended.ms == 0 || at < ended);
  }
  // The body as a tree; lives as long as this.
  const simdjson::dom::element& prompt();

 private:
  struct Parsed {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
  };
  std::unique_ptr<Parsed> parsed_;
};

wire::Json record_of(const CachedContent& content);  // of the journal
CachedContent cached_content_of(const wire::Json& record);

// By whom and when a request is served: its cachedContent is looked up by this.
struct CacheReader {
  const State* state = nullptr;
  std::string_view account;
  Time at;
};
// Sets ask.cached where the request names a content; refuses it where that is gone or of another
// model. Call it after Ask::clear and before read_ask.
void find_cached(const CacheReader& reader, simdjson::dom::element request, Ask& ask);

// What keeping the content until `end` costs: tokens by time, to the millisecond, rounded up.
PicoUsd storage_charge(const Model& model, const CachedContent& content, Time end);
// Ends the content at that time and bills its storage under its name.
Status end_and_bill(State& state, Storage& storage, CachedContent& content, Time end);
// The same for all that have expired by now.
Status bill_expired(State& state, Storage& storage, Time now);

}  // namespace twolane::sim
