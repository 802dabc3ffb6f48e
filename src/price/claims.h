// From claims to rows: what several sources say of one row, and which of it is used.
//
// Pure. Part of reading a book; nobody else needs it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "price/book.h"

namespace twolane::price {

struct DraftRow {
  Row row;  // with one claim
  int64_t line = 0;
};

// A model as its lines say it.
struct ModelDraft {
  Model model;
  std::vector<DraftRow> rows;
  std::vector<ServiceTier>
      by_rule;  // sold; rates follow from the stacking rule where nobody prints them
  int64_t line = 0;
};

// Adds what the stacking rule makes of the standard rows, merges claims on the same row, decides
// readings by rank and fills draft.model.rows. Returns the line of a row that overlaps another.
std::optional<int64_t> put_together(ModelDraft& draft, const Stacking* stacking,
                                    std::span<const Source> sources);

}  // namespace twolane::price
