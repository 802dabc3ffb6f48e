// Which of the known formats an input is in, told by its content.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/job.h"
#include "patient/batch_line.h"

namespace twolane::patient {

constexpr bool is_rows(InputFormat f) {
  return f == InputFormat::csv_rows || f == InputFormat::jsonl_rows;
}

// "openai_jsonl", ...: as stored with a job and as given to fix the format.
std::string_view name_of(InputFormat format);
std::optional<InputFormat> input_format(std::string_view name);
// "OpenAI batch lines", for people.
std::string_view spoken(InputFormat format);

// `beginning` holds the first lines at least, or the whole of a smaller input; `path` decides where
// the content leaves it open. `with_prompt`: the command has a prompt, so that rows are expected.
// Errors input.empty, input.utf8 (UTF-16), input.format (no text, a spreadsheet, a JSON array).
Result<InputFormat> detect_format(std::string_view beginning, std::string_view path,
                                  bool with_prompt);

// The endpoint in whose words a line's body is. Error input.field, where.field "url".
Result<Endpoint> endpoint_of(InputFormat format, const BatchLine& line);

}  // namespace twolane::patient
