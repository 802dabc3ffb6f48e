// A price before: what an input would cost, for each choice of models and each lane.
//
// Pure: from the sums of a PromptTally, the price book and what is known about outputs and waiting.
// Three figures each: low, expected, high. High holds only as far as the estimate does; the one
// hard limit is --max-cost. What has no known price says so and has no figures.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "patient/cache_marks.h"
#include "price/prefix_caching.h"
#include "price/verdict.h"

namespace twolane::patient {

struct QuoteQuestion {
  Time now;
  Duration deadline;  // until the answers are needed; 0: nobody said
  bool kept = false;  // promoted when it must be
  bool critical = false;
  bool mark_caches = false;            // caching that has to be asked for may be
  PicoUsd worth;                       // a smaller saving is not worth the trouble
  int64_t output_tokens = 0;           // per answer, expected by the user; 0: not said
  std::optional<int64_t> output_seen;  // mean of earlier answers to such requests
  double live_per_minute = 600;
  HitsOf hits = assumed_hits;
  double batch_late = 0.03;  // share of batches that take longer than the deadline
};

struct Figures {
  PicoUsd low, expected, high;
};

struct QuotedLane {
  enum class Kind : uint8_t { kept, batch, flex, cached, standard } kind = Kind::batch;
  std::optional<Figures> cost;  // nothing: unknown, `why` says why
  std::string why;
  std::optional<double> on_time;  // probability; nothing: unknown
};
std::string_view name_of(QuotedLane::Kind kind);

// The prefixes of one choice of models, all together.
struct QuotedPrefix {
  price::CacheWay way = price::CacheWay::none;
  int64_t requests = 0;                        // that share one
  int64_t tokens = 0;                          // of the largest prefix
  int64_t cacheable = 0;                       // of these, by the provider's minimum and steps
  int64_t minimum = -1;                        // the provider's, -1: unknown
  price::HitRate batch_hits;                   // counted on in batches
  int64_t hits_seen = 0;                       // requests that these were seen in; 0: assumed
  std::optional<int64_t> break_even_hits;      // thousandths, with marks
  std::optional<int64_t> break_even_requests;  // with an explicit cache
  std::array<std::optional<Figures>, 5> adds;  // to the cost of each tier; below zero: saves
};

struct QuotedChoice {
  std::vector<Target> targets;
  int64_t requests = 0;
  int64_t input_tokens = 0;  // corrected by what was learned
  bool exact = false;        // all of them
  int64_t error_thousandths = 0;
  struct {
    int64_t low = 0, expected = 0, limit = 0;
  } output;
  std::string output_from;  // "--output-tokens", "earlier answers", "assumed"
  int64_t media = 0;
  int64_t marked = 0;
  int64_t answers = 0;  // of other requests, that go into prompts: each as long as answers are taken to be
  QuotedPrefix prefix;
  std::vector<QuotedLane> lanes;
  price::Verdict verdict;
  std::optional<PicoUsd> saving;  // of the verdict against synchronous calls with caching
  PicoUsd synchronous;

  const QuotedLane* lane(QuotedLane::Kind kind) const;
};

using LearnedOf = std::function<price::tokens::Correction(const Target&)>;

// A choice for each preference that the input's requests have.
Result<std::vector<QuotedChoice>> quote(const PromptTally& tally, TokenCounting& counting,
                                        const LearnedOf& learned, const QuoteQuestion& question);

// The cap that `--max-cost quote` stands for: the high figure of the lane that the job takes.
// Error money.unknown_price.
Result<PicoUsd> cap_of(const QuotedChoice& choice, bool kept);

}  // namespace twolane::patient
