// --columns: what the columns of a plain CSV or the members of plain JSON lines hold, in a user's words.
//
// Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/fields.h"
#include "audit/reader.h"
#include "audit/token_counts.h"
#include "base/time.h"

namespace twolane::audit {

// The names that --columns takes, with what they mean: for errors and help.
std::span<const std::string_view> column_names();

class Columns {
 public:
  explicit Columns(std::span<const Field> fields) : tree(fields) {}
  FieldTree tree;
  std::vector<std::string> wanted;  // the outermost member of each column
  Cached cached = Cached::inside;
  Duration zone;                    // of times without one
};

// The columns of a header that look like time, model, tokens, ...: a --columns to suggest, or empty.
std::string suggested_columns(std::span<const std::string_view> names);

}  // namespace twolane::audit
