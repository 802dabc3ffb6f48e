// One record of an input held against the rules, before anything is bought with it.
//
// Errors say what is wrong within the record: where.field ("body.stream"), or where.line and
// where.column counted from the record's first byte. The file and its lines are added by intake.
// Codes: input.json, input.utf8, input.field, input.after, input.model, input.column, input.format,
// provider.no_endpoint, dialect.untranslatable.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "patient/batch_line.h"
#include "patient/input_records.h"
#include "patient/request_text.h"
#include "patient/row_request.h"
#include "patient/shape_book.h"

namespace twolane::patient {

struct CheckedLine {
  std::string_view custom_id;  // empty for rows that do not name one; valid until the next check
  int32_t shape = 0;
  int64_t input_bound = 0, output_bound = 0;  // tokens; of what it comes after nothing is in it
  struct After {
    std::string id;    // of a request that it comes after
    int32_t uses = 0;  // so often that answer goes into the body
  };
  std::vector<After> after;
};

// A good request, for who looks on while an input is checked (a quote). Valid during the call.
struct SeenRequest {
  const Shape& shape;
  Endpoint endpoint;  // in whose words the body is
  std::string_view body;
  int64_t output_bound = 0;
  bool own_limit = false;  // the request sets a limit of its own
  size_t answers = 0;      // so many answers of other requests go into the body
};
using SeeRequest = std::function<Status(const SeenRequest&)>;

class LineChecker {
 public:
  explicit LineChecker(const InputOptions& options, SeeRequest see = {})
      : options_(options), book_(options.models), see_(std::move(see)) {}

  Result<CheckedLine> check(const Record& record);

  ShapeBook& book() { return book_; }
  // Of all lines that passed, by the length of their bodies.
  int64_t input_tokens_estimated() const { return input_bytes_ / 4; }

 private:
  Result<CheckedLine> check_batch_line(std::string_view text);
  Result<CheckedLine> check_line_parts(const BatchLine& line);
  Result<CheckedLine> check_row(const Record& record);
  Status check_members(const BatchLine& line) const;
  static Result<std::vector<CheckedLine::After>> check_after(const BatchLine& line);
  Result<CheckedLine> check_request(Endpoint endpoint, std::string_view body, size_t answers = 0);
  Status try_translation(int32_t route, Endpoint written, uint64_t fingerprint,
                         std::string_view body);

  const InputOptions& options_;
  ShapeBook book_;
  SeeRequest see_;
  BatchLineReader reader_;
  BatchLine line_;
  simdjson::dom::parser strange_;  // for lines with members beside the format's own
  Row row_;
  std::unordered_set<uint64_t> tried_;  // translations
  int64_t input_bytes_ = 0;
};

}  // namespace twolane::patient
