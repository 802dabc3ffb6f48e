// "Label this: {text}": a prompt with places for the columns of a row.
//
// "{name}" is replaced by the row's value, raw; "{{" and "}}" are braces. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace twolane::patient {

class PromptTemplate {
 public:
  // Error input.column: a brace that is never closed, or an empty name.
  static Result<PromptTemplate> parse(std::string_view text);

  struct Part {
    std::string text;  // literal text, or the column's name
    bool column = false;
  };
  const std::vector<Part>& parts() const { return parts_; }

  // Appends the prompt to `out`; value(name) gives a pointer to the column's text, or null, in
  // which case the column's name is returned and `out` is not to be used. Empty: all were there.
  template <class Value>
  std::string_view render(std::string& out, Value&& value) const {
    for (const Part& part : parts_) {
      if (!part.column) {
        out += part.text;
      } else if (const auto* text = value(part.text)) {
        out += *text;
      } else {
        return part.text;
      }
    }
    return {};
  }

 private:
  std::vector<Part> parts_;
};

// The error for a column that is not there, naming those that are and the likely one among them.
Error unknown_column(std::string_view name, const std::vector<std::string>& columns);

}  // namespace twolane::patient
