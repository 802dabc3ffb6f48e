// Rows with their answers: the user's row as it was, and columns added behind its own.
//
// Added are one column for each top-level property of the schema (with --schema), then `answer`
// (the answer's text as it came) and `error` (empty, or null in JSON, for answers). A name that the
// rows use already gets "answer_" before it, as often as needed. In JSON rows properties are JSON
// values and vectors are arrays; in CSV everything is text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "patient/request_text.h"
#include "patient/row_request.h"

namespace twolane::patient {

// What is added to a row: an answer's text, or why there is none (JSON of an error).
struct RowAnswer {
  std::optional<std::string> text;
  bool vector = false;  // the text is a JSON array of numbers
  std::string error_json;
};

class RowOutput {
 public:
  explicit RowOutput(const InputOptions& options);

  // The CSV header; nothing for JSON rows.
  void append_head(std::string& out) const;
  // `row` is the row's own text, or empty (with `beginning`, what there is at its place in the
  // input) where it was set aside.
  void append_row(std::string& out, std::string_view row, std::string_view beginning,
                  const RowAnswer& answer);

 private:
  void append_csv(std::string& out, std::string_view row, std::string_view beginning,
                  const RowAnswer& answer);
  void append_json(std::string& out, std::string_view row, const RowAnswer& answer);
  // The answer as the schema's object, or null.
  wire::Json structured(const RowAnswer& answer) const;

  const InputOptions& options_;
  std::vector<std::string> properties_;
  std::vector<std::string> names_;  // of the added columns: properties, answer, error
  Row row_;
};

// "code: message" of an error object, ours or a provider's.
std::string error_words(std::string_view error_json);

}  // namespace twolane::patient
