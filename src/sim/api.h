// One provider's HTTP interface, and what all of them stand on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sim/batches.h"
#include "sim/live_lane.h"
#include "sim/random.h"
#include "sim/scenario.h"
#include "sim/state.h"
#include "sim/storage.h"
#include "wire/http.h"
#include "wire/json.h"

namespace twolane::sim {

struct Core {
  const Scenario& scenario;
  uint64_t seed;
  State& state;
  Storage& storage;
  Batches& batches;
  LiveLane& live;
};

// A call that reached its provider.
struct Call {
  const wire::HttpCall& http;
  std::string_view method;
  std::string path;  // below the provider's root: "/v1/files"
  std::vector<std::pair<std::string, std::string>> query;
  std::string origin;   // "http://127.0.0.1:8080"
  std::string account;  // short hash of the key; empty: no key
  bool bad_key = false;
  Time now;
  Draw draw;
  // Set by the api: a synchronous model call, with a model's latency, and one that runs on the flex tier.
  bool live = false, flex = false;

  std::string_view asked(std::string_view name) const;  // a query parameter, or empty
};

class Api {
 public:
  virtual ~Api() = default;
  // Error: the simulator's own storage failed.
  virtual Result<wire::HttpReply> handle(Call& call) = 0;
  // The provider's way to say that it is too busy (429) or broken (5xx).
  virtual wire::HttpReply too_many(const Call& call, Duration retry_after) const = 0;
  virtual wire::HttpReply server_error(const Call& call, int status) const = 0;
  virtual const BatchFormat& format() const = 0;
  // Adds the headers that every answer carries.
  virtual void sign(const Call& call, wire::HttpReply& reply) const = 0;
};

std::unique_ptr<Api> make_openai(Core& core);
std::unique_ptr<Api> make_anthropic(Core& core);
std::unique_ptr<Api> make_gemini(Core& core);

wire::HttpReply json_reply(int status, std::string body);
inline wire::HttpReply json_reply(int status, const wire::Json& body) {
  return json_reply(status, wire::dump(body));
}

// The answer `body` of a synchronous call as it leaves: whole, or as server-sent events.
wire::HttpReply answer_reply(const Ask& ask, std::string body);

// Whether this list shows a batch that was created then.
bool is_listed(const Core& core, const Batch& batch, Time now);
// A number in a query within limits.
int64_t asked_number(const Call& call, std::string_view name, int64_t otherwise, int64_t most);
// Copies a body into a blob.
Status copy_to(const wire::Body& body, Blob& to);
// A fresh id of so many hex digits, never given before.
std::string fresh_hex(const Core& core, const Call& call, size_t length, uint64_t what);

}  // namespace twolane::sim
