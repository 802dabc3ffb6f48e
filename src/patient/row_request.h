// Rows as requests: a row's values put into the prompt, and the prompt into a body.
//
// Pure. A row is a CSV record or a JSON object; its values are text, and JSON where they are no
// text.
#pragma once

#include <simdjson.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "patient/prompt_template.h"
#include "patient/request_text.h"

namespace twolane::patient {

// The values of one row by column. Views point into the row it was read from, or into itself.
// Threads: one each; reading the next row makes the views of the last one invalid.
class Row {
 public:
  // Error input.format: quotes that do not close, or another number of fields than columns.
  Status read_csv(std::string_view record, const std::vector<std::string>& columns);
  Status take_csv(std::span<const std::string_view> fields,
                  const std::vector<std::string>& columns);
  // Error input.json.
  Status read_json(std::string_view object);

  // Null where the row has no such column.
  const std::string_view* value(std::string_view column) const;
  size_t size() const { return names_.size(); }
  std::string_view name(size_t i) const { return names_[i]; }
  std::vector<std::string> names() const { return {names_.begin(), names_.end()}; }
  // What the row calls itself: the value of custom_id, else of id, else empty.
  std::string_view own_id() const;

 private:
  std::vector<std::string_view> names_, values_;
  std::string unquoted_;
  std::string padded_;
  simdjson::dom::parser parser_;
  std::vector<std::string> dumped_;
};

// The endpoint by which a target is asked about rows: its own for chat, or for embeddings.
Endpoint row_endpoint(const Target& target);

// The body for a row, in the words of row_endpoint() of the first model. Error input.column.
Result<std::string> row_body(const InputOptions& options, const Row& row);

// The options' templates are sound. Error input.column, before any row was read.
Status check_templates(const InputOptions& options);

}  // namespace twolane::patient
