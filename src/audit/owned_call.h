// A call that outlives its reader's buffers: for who must wait before passing it on.
#pragma once

#include <string>
#include <vector>

#include "audit/call.h"

namespace twolane::audit {

class OwnedCall {
 public:
  explicit OwnedCall(const Call& call);
  Time start() const { return call_.start.value_or(Time{}); }
  Time end() const { return start() + call_.latency.value_or(Duration{}); }
  Call view() const;  // views hold as long as this

 private:
  Call call_;  // its views are empty: the texts follow one another in texts_
  std::string texts_;
  std::vector<uint32_t> ends_;
  std::vector<PrefixBlock> prefix_;
};

}  // namespace twolane::audit
