// Of a quote: what caching the prefixes that requests share adds to the cost of each tier, or takes off.
//
// Pure, like quote.h.
#pragma once

#include "patient/quote.h"

namespace twolane::patient {

// For one choice of models.
class QuotedPrefixes {
 public:
  // All are kept by reference.
  QuotedPrefixes(const PromptTally& tally, TokenCounting& counting, const QuoteQuestion& question)
      : tally_(tally), counting_(counting), question_(question) {}

  // Adds what requests for `target` share: the tally's model of this number, whose input may be wrong by
  // `error` thousandths.
  Status look(const Target& target, int model, int64_t error);
  const QuotedPrefix& quoted() const { return out_; }

  // Caching that happens by itself, or that pays and is asked for: by the caller on any way that
  // there is, by this program (`ours`) with marks, and with contents in batches.
  bool caches(ServiceTier tier, bool asked, bool ours) const;
  Figures with_caching(Figures f, ServiceTier tier) const;

 private:
  struct Asked {  // whose prefixes are looked at
    const price::Model* model = nullptr;
    price::CacheWay way = price::CacheWay::none;
    int number = 0;
    int64_t error = 0;
  };
  bool look_at_heads(const Asked& asked, bool in_message);
  void within_messages(const price::Model& model, int64_t tokens);
  void look_at(const Asked& asked, int64_t requests, int64_t tokens);
  void add_caching(const Asked& asked, ServiceTier tier, price::PrefixUse use);

  const PromptTally& tally_;
  TokenCounting& counting_;
  const QuoteQuestion& question_;
  QuotedPrefix out_;
};

}  // namespace twolane::patient
