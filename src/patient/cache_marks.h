// Which requests of a job are sent with a cache mark, and how a body gets it.
//
// Marks are set only where the user allowed it (run --cache), only behind what requests have in
// common word for word (tools, system prompt, whole blocks of the first message), and only where they pay: the head must be as long
// as the provider caches at all, and at the hit rate that batches are known for (hit_rates.h) cost less
// than plain input. A request that brings marks of its own is
// left alone. Answers do not depend on marks, so that they are no part of what makes a job; they
// are kept beside it in the store.
//   Anthropic  cache_control with a lifetime of an hour on the last block of the system prompt, or on
//              the last tool where there is none; on the last but one block of the user's first message
//              where requests share all of it but its last block
//   OpenAI     prompt_cache_key, one for each head: requests with it meet the same cache
//   Gemini     explicit cached content, for a fee: a mark here allows it, and each batch decides for
//              itself (contents.cc); bodies get the content's name there
// Pure, but for the store's fact.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "patient/hit_rates.h"
#include "patient/prompt_tally.h"
#include "price/prefix_caching.h"
#include "store/store.h"

namespace twolane::patient {

struct CacheMark {
  Target target;
  uint64_t head = 0;  // PromptText::head_hash, or blocks_hash
  price::CacheWay way = price::CacheWay::none;
  int64_t requests = 0;  // that share the head
  int64_t tokens = 0;    // of the head, as far as it can be cached
  bool in_message = false;  // it stands on a block of the first message
  bool operator==(const CacheMark&) const = default;
};

// A content is taken to be kept for the time in which this share of a lane's batches end.
inline constexpr double usual_share = 0.9;
// What keeping a cache for a batch of that many requests adds to their cost at the batch rates of
// `now`, if it is kept for so long: below zero where it saves. Nothing where a rate is unknown.
std::optional<PicoUsd> added_by_content(const Target& target, int64_t requests, int64_t tokens,
                                        Duration kept, Time now);

class CacheMarks {
 public:
  CacheMarks() = default;
  explicit CacheMarks(std::vector<CacheMark> marks);

  bool any() const { return !marks_.empty(); }
  const std::vector<CacheMark>& all() const { return marks_; }
  const CacheMark* find(std::string_view model, uint64_t head) const;
  // The mark of a prompt: the one that covers more of it.
  const CacheMark* find(std::string_view model, const PromptText& prompt) const;
  bool any_at(std::string_view provider, std::string_view model) const {
    return least_tokens(provider, model) > 0;
  }
  // Of the shortest head that is marked there; 0 where none is.
  int64_t least_tokens(std::string_view provider, std::string_view model) const;

  std::string to_json() const;
  static CacheMarks from_json(std::string_view text);  // none for empty or unreadable text

  // Requests that get a mark.
  int64_t requests() const;

 private:
  std::vector<CacheMark> marks_;
  std::unordered_multimap<uint64_t, size_t> by_head_;
};

// What pays at the batch rates of `now` and the hit rates known.
CacheMarks plan_marks(const PromptTally& tally, Time now, const HitsOf& hits = assumed_hits);

// The body with the mark; unchanged where there is no place for one. Error wire.json.
Result<std::string> with_mark(std::string body, Endpoint endpoint, const CacheMark& mark);

Status remember_marks(store::Store& store, JobId job, const CacheMarks& marks);
Result<CacheMarks> recall_marks(store::Store& store, JobId job);

}  // namespace twolane::patient
