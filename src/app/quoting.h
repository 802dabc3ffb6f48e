// A quote in the making: looks on while an input is checked, then answers what it would cost.
//
// Used by `twolane quote` and by `run --max-cost quote`. Threads: one.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "app/worlds.h"
#include "patient/cache_marks.h"
#include "patient/quote.h"
#include "store/store.h"

namespace twolane::app {

struct QuoteTerms {
  Time deadline;
  bool has_deadline = false;
  bool kept = false, critical = false, mark_caches = false;
  PicoUsd worth;
  int64_t output_tokens = 0;
};

class Quoting {
 public:
  Quoting(const Config& config, const std::string& home);

  // To be handed to intake: IntakeOptions::see.
  patient::SeeRequest watcher();

  // Where marks on what requests have in common pay.
  Result<patient::CacheMarks> marks(RunWorld& world, store::Store& store) const;

  Result<std::vector<patient::QuotedChoice>> answer(const QuoteTerms& terms,
                                                    const std::vector<Shape>& shapes,
                                                    RunWorld& world, store::Store& store);

 private:
  patient::TokenCounting counting_;
  patient::PromptTally tally_;
};

}  // namespace twolane::app
