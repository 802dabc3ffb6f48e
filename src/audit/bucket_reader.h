// Usage and cost exports of OpenAI and Anthropic: sums over spans of time.
//
// Pure. OpenAI: seconds since 1970, dollars, cached tokens inside the input. Anthropic: RFC 3339, cents as
// texts, cached tokens beside. Widths are taken from each bucket: the first of an export may be shorter.
#pragma once

#include <functional>

#include "audit/call.h"
#include "audit/draft.h"
#include "audit/json.h"

namespace twolane::audit {

class BucketReader {
 public:
  // Calls `each` for every result of the bucket; nothing for an empty one.
  FieldFault read(ondemand::object object, bool anthropic, const std::function<void(const Bucket&)>& each);

 private:
  struct Result;
  FieldFault read_result(ondemand::object object, bool anthropic, const Bucket& frame,
                         const std::function<void(const Bucket&)>& each);

  ondemand::parser results_;
};

}  // namespace twolane::audit
