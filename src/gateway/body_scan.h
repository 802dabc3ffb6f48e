// What routing needs of a request's body, read by one pass over its bytes, without a tree.
//
// Pure. Values that are skipped are not checked: the provider judges them. Views point into the body
// (or this thread's parser, until the next call, where a string was written with escapes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/endpoint.h"

namespace twolane::gateway {

struct BodyScan {
  std::string_view model;      // empty: absent
  size_t model_at = 0;         // where its string stands, quotes included
  size_t model_length = 0;
  bool stream = false;
  bool background = false;
  bool has_stream_usage = false;      // stream_options.include_usage is true
  int64_t output_limit = -1;          // tokens of each choice, as the body says it; -1: it does not
  int64_t choices = 1;                // n, candidateCount
  std::string_view service_tier;      // also Gemini's serviceTier
  ServiceTier tier = ServiceTier::standard;  // flex and priority as service_tier asks for them
  size_t tier_at = 0, tier_length = 0;  // where its value stands; length 0: absent
  size_t first_member = 0;            // behind the opening brace
  bool empty = true;                  // no member at all
};

// `body` grows by the padding that the parser wants and is as long as before afterwards. Errors:
// gateway.json (no JSON object), gateway.twice (model is named twice).
Result<BodyScan> scan_body(std::string& body);

// The body with another model.
std::string with_model(std::string_view body, const BodyScan& scan, std::string_view model);

// The body with another model, another tier, or both. Empty: stays as it is. A tier that the body
// does not name goes to its beginning as `tier_name`; a model that it does not name (Gemini's stands in
// the path) is not added.
struct Rewrite {
  std::string_view model, tier_name, tier;
};
std::string rewritten(std::string_view body, const BodyScan& scan, const Rewrite& to);

}  // namespace twolane::gateway
