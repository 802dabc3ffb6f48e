// One request as text: from a line or row of an input to the body that a provider is sent.
//
// Pure functions over bytes; what decides the content besides the line is in InputOptions, which is
// stored with the job so that a request can be rendered again at any time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "wire/json.h"

namespace twolane::patient {

struct InputOptions {
  InputFormat format = InputFormat::openai_jsonl;
  std::string prompt, system;        // of row inputs; "{column}" is replaced, "{{" is a brace
  wire::Json schema;                 // null, or a JSON schema for structured output
  std::vector<Target> models;        // --model; empty: the lines name theirs
  std::vector<std::string> columns;  // CSV: the header row
  int64_t output_tokens = 0;  // assumed where a request sets no limit; 0: the model's own limit
};
std::string to_json(const InputOptions& options);
Result<InputOptions> input_options_from_json(std::string_view text);

// A line taken apart. Views point into the line or into `owned`.
struct RequestText {
  std::string_view custom_id;
  Endpoint endpoint = Endpoint::chat_completions;  // in whose words the body is
  std::string_view body;
  std::string_view model;  // as the line names it, may be empty
  std::string owned;       // backing store of a rendered row, and of unescaped ids
  std::vector<std::string> after;  // ids of earlier requests whose answers it needs; of rows none
};
// Takes one stored line (JSONL line, element of an Anthropic "requests" array, or row) apart.
// Cheap; checks only what it needs. Row inputs get custom_id "row-<index+1>" unless a column is
// called custom_id or id with a value.
Result<RequestText> request_text(const InputOptions& options, std::string_view line, int64_t index);

// False where custom_id is the number that a row gets.
bool has_own_id(const InputOptions& options, const RequestText& request, int64_t index);

// The body in the words of `endpoint` for `model`.
Result<std::string> body_for(const InputOptions& options, const RequestText& request,
                             Endpoint endpoint, std::string_view model);

}  // namespace twolane::patient
