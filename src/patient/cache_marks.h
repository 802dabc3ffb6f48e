// Which requests of a job are sent with a cache mark, and how a body gets it.
//
// Marks are set only where the user allowed it (run --cache), only behind what requests have in
// common word for word (tools and system prompt), and only where they pay: the head must be as long
// as the provider caches at all, and at the hit rate that batches are known for
// (price/prefix_caching.h) cost less than plain input. A request that brings marks of its own is
// left alone. Answers do not depend on marks, so that they are no part of what makes a job; they
// are kept beside it in the store.
//   Anthropic  cache_control with a lifetime of an hour on the last block of the system prompt, or
//   on the
//              last tool where there is none
//   OpenAI     prompt_cache_key, one for each head: requests with it meet the same cache
// Gemini's explicit caches are not made. Pure, but for the store's fact.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "patient/prompt_tally.h"
#include "price/prefix_caching.h"
#include "store/store.h"

namespace twolane::patient {

struct CacheMark {
  Target target;
  uint64_t head = 0;  // PromptText::head_hash
  price::CacheWay way = price::CacheWay::none;
  int64_t requests = 0;  // that share the head
  bool operator==(const CacheMark&) const = default;
};

class CacheMarks {
 public:
  CacheMarks() = default;
  explicit CacheMarks(std::vector<CacheMark> marks) : marks_(std::move(marks)) {}

  bool any() const { return !marks_.empty(); }
  const std::vector<CacheMark>& all() const { return marks_; }
  const CacheMark* find(std::string_view model, uint64_t head) const;

  std::string to_json() const;
  static CacheMarks from_json(std::string_view text);  // none for empty or unreadable text

 private:
  std::vector<CacheMark> marks_;
};

// What pays at the batch rates of `now`.
CacheMarks plan_marks(const PromptTally& tally, Time now);

// The body with the mark; unchanged where there is no place for one. Error wire.json.
Result<std::string> with_mark(std::string body, Endpoint endpoint, const CacheMark& mark);

Status remember_marks(store::Store& store, JobId job, const CacheMarks& marks);
Result<CacheMarks> recall_marks(store::Store& store, JobId job);

}  // namespace twolane::patient
