// Prompts with columns, and what to say when a column is not there.
#include "patient/prompt_template.h"

#include <algorithm>
#include <array>

#include "base/edit_distance.h"

namespace twolane::patient {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Names that people give to the column with the words in it.
constexpr std::array text_names = {"text",     "body",        "content", "message", "prompt",
                                   "question", "input",       "query",   "title",   "document",
                                   "review",   "description", "comment", "email",   "ticket"};

bool names_text(std::string_view name) {
  return std::find(text_names.begin(), text_names.end(), name) != text_names.end();
}

// A misspelling of it, or another word for the same thing.
const std::string* likely(std::string_view name, const std::vector<std::string>& columns) {
  const std::string wanted = lower(name).substr(0, 64);
  const std::string* best = nullptr;
  size_t best_distance = std::max<size_t>(2, wanted.size() / 3) + 1;
  for (const std::string& column : columns) {
    const size_t distance = edit_distance(wanted, lower(column).substr(0, 64));
    if (distance < best_distance && distance < wanted.size())
      best = &column, best_distance = distance;
  }
  if (best || !names_text(wanted)) return best;
  for (const std::string& column : columns)
    if (names_text(lower(column))) return &column;
  return nullptr;
}

std::string listed(const std::vector<std::string>& columns) {
  constexpr size_t most = 12;
  std::string out;
  for (size_t i = 0; i < columns.size() && i < most; ++i)
    out += (i ? ", " : "") + columns[i].substr(0, 64);
  if (columns.size() > most) out += " and " + std::to_string(columns.size() - most) + " more";
  return out;
}

}  // namespace

Result<PromptTemplate> PromptTemplate::parse(std::string_view text) {
  PromptTemplate out;
  std::string literal;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal += c;
      ++i;
      continue;
    }
    if (c != '{') {
      literal += c;
      continue;
    }
    const size_t close = text.find_first_of("{}", i + 1);
    if (close == text.npos || text[close] != '}' || close == i + 1) {
      Error e;
      e.code = "input.column";
      e.message = close == i + 1 ? "the prompt has empty braces"
                                 : "the prompt has a { that is never closed";
      e.why = "braces name columns: {text}";
      e.where.note = "\"" + std::string(text.substr(i, 40)) + "\"";
      e.next = {"write {{ and }} for braces that are meant as such"};
      return fail(std::move(e));
    }
    if (!literal.empty()) out.parts_.push_back({std::move(literal), false});
    literal.clear();
    out.parts_.push_back({std::string(text.substr(i + 1, close - i - 1)), true});
    i = close;
  }
  if (!literal.empty()) out.parts_.push_back({std::move(literal), false});
  return out;
}

Error unknown_column(std::string_view name, const std::vector<std::string>& columns) {
  Error e;
  e.code = "input.column";
  e.message = "the prompt uses {" + std::string(name.substr(0, 64)) + "}, which is no column";
  e.why = "every prompt would be incomplete";
  e.where.note = "has " + listed(columns);
  if (const std::string* column = likely(name, columns)) {
    e.next = {"did you mean {" + *column + "}?"};
  } else {
    e.next = {"use one of " + listed(columns) + ", or write {{ and }} for braces"};
  }
  return e;
}

}  // namespace twolane::patient
